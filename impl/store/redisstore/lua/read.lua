-- One record of a kind.
local k = key(arg(), arg())
if not exists(k) then return 'notfound' end
return {redis.call('HGETALL', k)}
