local d = redis.call('GET', key('session-by-id', arg()))
if d then remove_session(d) end
return 'ok'
