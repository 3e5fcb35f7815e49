local id, attempts, next_at = arg(), arg(), arg()
local k = key('delivery', id)

if not exists(k) then return 'notfound' end
if next_at == '' then
  remove_delivery(id)
  return 'ok'
end
local stored = get(k, 'attempts')
if (stored == '' and '0' or stored) ~= attempts then return 'conflict' end
redis.call('HSET', k, 'next_at', next_at)
redis.call('ZADD', key('next', 'delivery'), next_at, id)
return 'ok'
