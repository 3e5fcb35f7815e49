local replaces, session = arg(), record()
local d, id, subject = field(session, 'digest'), field(session, 'id'), field(session, 'subject')
local other = redis.call('GET', key('session-by-id', id))

if exists(key('session', d)) or other and other ~= replaces then return 'conflict' end
if replaces ~= '' then remove_session(replaces) end
write(key('session', d), session)
redis.call('SET', key('session-by-id', id), d)
redis.call('SADD', key('sessions-by-subject', subject), d)
due('session', d, field(session, 'expires_at'))
fade(key('session', d), field(session, 'expires_at'))
fade(key('session-by-id', id), field(session, 'expires_at'))
return 'ok'
