-- operation: see consume_token.lua.
local id, operation, expiry = arg(), arg(), arg()
local k = key('mark', id)

local known = redis.call('GET', k)
if known then return known == operation and 'ok' or 'consumed' end
redis.call('SET', k, operation)
due('mark', id, expiry)
fade(k, expiry)
return 'ok'
