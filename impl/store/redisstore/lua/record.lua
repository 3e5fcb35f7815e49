local events = records()

local seen = {}
for _, r in ipairs(events) do
  local id = field(r, 'id')
  if seen[id] or exists(key('event', id)) then return 'conflict' end
  seen[id] = true
end
for _, r in ipairs(events) do
  write(key('event', field(r, 'id')), r)
  redis.call('ZADD', key('all', 'event'), 0, field(r, 'id'))
end
return 'ok'
