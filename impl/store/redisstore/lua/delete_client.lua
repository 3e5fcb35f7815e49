local id, at = arg(), arg()

if not exists(key('client', id)) then return 'notfound' end
for _, d in ipairs(redis.call('SMEMBERS', key('tokens-of-client', id))) do remove_token(d) end
remove_client(id)
revoke({id = '', subject = '', client_id = id, session_id = ''}, at)
return 'ok'
