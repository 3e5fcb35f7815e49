local revision, account = arg(), record()
local id, name = field(account, 'id'), field(account, 'name')
local k = key('account', id)

if not exists(k) and revision ~= '0' then return 'notfound' end
local stored = get(k, 'revision')
if (stored == '' and '0' or stored) ~= revision then return 'conflict' end
local other = redis.call('GET', key('account-by-name', name))
if other and other ~= id then return 'conflict' end

redis.call('DEL', key('account-by-name', get(k, 'name')))
write(k, account)
redis.call('HINCRBY', k, 'revision', 1)
redis.call('SET', key('account-by-name', name), id)
redis.call('ZADD', key('all', 'account'), 0, id)
return 'ok'
