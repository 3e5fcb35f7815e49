local id, used, expiry = arg(), arg(), arg()
local k = key('client', id)

if not exists(k) then return 'notfound' end
if before(get(k, 'last_used_at'), used) then redis.call('HSET', k, 'last_used_at', used) end
expiry = later(get(k, 'expires_at'), expiry)
set(k, 'expires_at', expiry)
due('client', id, expiry)
return 'ok'
