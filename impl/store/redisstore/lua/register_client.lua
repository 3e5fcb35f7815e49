local since, client, tokens = arg(), record(), records()
local id, fingerprint, created = field(client, 'id'), field(client, 'fingerprint'), field(client, 'created_at')

if fingerprint ~= '' then
  for _, known in ipairs(redis.call('SMEMBERS', key('clients-by-fingerprint', fingerprint))) do
    local k = key('client', known)
    if get(k, 'disabled_at') == '' and not expired(get(k, 'expires_at'), created) and not before(get(k, 'created_at'), since) then
      if get(k, 'shared') == '' then
        redis.call('HSET', k, 'shared', 1)
        redis.call('HINCRBY', k, 'revision', 1)
      end
      local expiry = later(get(k, 'expires_at'), field(client, 'expires_at'))
      set(k, 'expires_at', expiry)
      due('client', known, expiry)
      return {redis.call('HGETALL', k)}
    end
  end
end

if exists(key('client', id)) or not free({}, tokens) then return 'conflict' end
write(key('client', id), client)
redis.call('ZADD', key('all', 'client'), 0, id)
if fingerprint ~= '' then redis.call('SADD', key('clients-by-fingerprint', fingerprint), id) end
due('client', id, field(client, 'expires_at'))
put({}, tokens)
return {redis.call('HGETALL', key('client', id))}
