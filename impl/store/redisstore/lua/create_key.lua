local r = record()
local id = field(r, 'id')
local place = generation(field(r, 'use'), field(r, 'algorithm'), field(r, 'generation'))

if exists(key('key', id)) or exists(place) then return 'conflict' end
write(key('key', id), r)
redis.call('SET', place, id)
redis.call('ZADD', key('all', 'key'), 0, id)
due('key', id, field(r, 'expires_at'))
return 'ok'
