local at, lease, limit = arg(), arg(), tonumber(arg())
local waiting = key('next', 'delivery')

local claimed, skip = {}, 0
while #claimed < limit do
  -- Those that are expired stay for the sweep, and are passed over.
  local ids = redis.call('ZRANGEBYSCORE', waiting, '-inf', at == '' and '-inf' or at, 'LIMIT', skip, 100)
  for _, id in ipairs(ids) do
    local k = key('delivery', id)
    if #claimed < limit and not before(at, get(k, 'next_at')) and not expired(get(k, 'expires_at'), at) then
      claimed[#claimed + 1] = id
    end
  end
  if #ids < 100 then break end
  skip = skip + 100
end

local found = {}
for i, id in ipairs(claimed) do
  local k = key('delivery', id)
  set(k, 'next_at', lease)
  redis.call('HINCRBY', k, 'attempts', 1)
  redis.call('ZADD', waiting, lease == '' and '-inf' or lease, id)
  found[i] = redis.call('HGETALL', k)
end
return found
