local deliveries = records()

local seen = {}
for _, r in ipairs(deliveries) do
  local id = field(r, 'id')
  if seen[id] or exists(key('delivery', id)) then return 'conflict' end
  seen[id] = true
end
for _, r in ipairs(deliveries) do
  local id, next_at = field(r, 'id'), field(r, 'next_at')
  write(key('delivery', id), r)
  redis.call('ZADD', key('next', 'delivery'), next_at == '' and '-inf' or next_at, id)
  due('delivery', id, field(r, 'expires_at'))
end
return 'ok'
