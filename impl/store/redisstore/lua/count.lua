local id, at, expiry = arg(), arg(), arg()
local k = key('counter', id)

if not exists(k) or not before(at, get(k, 'expires_at')) then
  redis.call('DEL', k)
  set(k, 'expires_at', expiry)
  due('counter', id, expiry)
  fade(k, expiry)
end
return redis.call('HINCRBY', k, 'amount', 1)
