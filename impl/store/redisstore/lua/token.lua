-- A token and its grant.
local k = key('token', arg())

if not exists(k) then return 'notfound' end
local grant = get(k, 'grant_id')
if grant == '' then return {redis.call('HGETALL', k), {}} end
return {redis.call('HGETALL', k), redis.call('HGETALL', key('grant', grant))}
