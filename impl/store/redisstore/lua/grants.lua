local f, at, after, limit = filter(), arg(), arg(), tonumber(arg())

local found = {}
if limit <= 0 then return found end
each_grant(f, after, function(_, k)
  if at == '' or get(k, 'revoked_at') == '' and not expired(get(k, 'expires_at'), at) then
    found[#found + 1] = redis.call('HGETALL', k)
  end
  return #found >= limit
end)
return found
