-- Records of a kind behind after, in the order of their identifiers.
local kind, after, limit = arg(), arg(), arg()
local from = after == '' and '-' or '(' .. after

local found = {}
for _, id in ipairs(redis.call('ZRANGEBYLEX', key('all', kind), from, '+', 'LIMIT', 0, limit)) do
  found[#found + 1] = redis.call('HGETALL', key(kind, id))
end
return found
