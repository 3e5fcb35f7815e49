local id = redis.call('GET', key('account-by-name', arg()))
if not id then return 'notfound' end
return {redis.call('HGETALL', key('account', id))}
