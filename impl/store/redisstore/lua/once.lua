local id, expiry = arg(), arg()
local k = key('mark', id)

if exists(k) then return 'consumed' end
redis.call('SET', k, 1)
due('mark', id, expiry)
fade(k, expiry)
return 'ok'
