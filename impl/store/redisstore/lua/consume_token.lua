local digest, at, successor, reply, expiry = arg(), arg(), arg(), arg(), arg()
local grant, tokens = record(), records()
local k = key('token', digest)

if not exists(k) then return 'notfound' end
local own = get(k, 'grant_id')
local g = key('grant', own)
if own ~= '' and (not exists(g) or get(g, 'revoked_at') ~= '') then return 'notfound' end
if get(k, 'consumed_at') ~= '' then return 'consumed' end
if not free(grant, tokens) then return 'conflict' end

redis.call('HSET', k, 'consumed_at', at)
set(k, 'successor', successor)
set(k, 'reply', reply)
put(grant, tokens)
if own ~= '' then
  -- It tells reuse from nonsense from now on, for as long as its grant is there.
  due('token', digest, '')
  redis.call('PERSIST', k)
  expiry = later(get(g, 'expires_at'), expiry)
  redis.call('HSET', g, 'last_used_at', at)
  set(g, 'expires_at', expiry)
  due('grant', own, expiry)
end
return 'ok'
