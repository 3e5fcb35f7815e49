local id, at = arg(), arg()
local k = key('account', id)

if not exists(k) then return 'notfound' end
redis.call('DEL', key('account-by-name', get(k, 'name')))
redis.call('ZREM', key('all', 'account'), id)
redis.call('DEL', k)
for _, d in ipairs(redis.call('SMEMBERS', key('sessions-by-subject', id))) do remove_session(d) end
redis.call('DEL', key('sessions-by-subject', id))
revoke({id = '', subject = id, client_id = '', session_id = ''}, at)
return 'ok'
