local id, retired, expiry = arg(), arg(), arg()
local k = key('key', id)

if not exists(k) then return 'notfound' end
set(k, 'retired_at', retired)
set(k, 'expires_at', expiry)
due('key', id, expiry)
return 'ok'
