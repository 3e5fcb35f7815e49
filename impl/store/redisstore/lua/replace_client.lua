local revision, client = arg(), record()
local id = field(client, 'id')
local k = key('client', id)

if not exists(k) then return 'notfound' end
local stored = get(k, 'revision')
if (stored == '' and '0' or stored) ~= revision then return 'conflict' end

redis.call('SREM', key('clients-by-fingerprint', get(k, 'fingerprint')), id)
write(k, client)
redis.call('HINCRBY', k, 'revision', 1)
local fingerprint = field(client, 'fingerprint')
if fingerprint ~= '' then redis.call('SADD', key('clients-by-fingerprint', fingerprint), id) end
due('client', id, field(client, 'expires_at'))
return 'ok'
