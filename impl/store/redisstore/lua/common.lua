-- What every verb stands on. KEYS[1] is the hash tag; ARGV are the arguments in
-- turn. A time is text: microseconds since 1970, '' for none, which for an expiry
-- is never. A field that is missing reads as ''.

local position = 0
local function arg() position = position + 1; return ARGV[position] end

-- A record: how many words follow, then its fields and their values in turn.
local function record()
  local r = {}
  for i = 1, tonumber(arg()) do r[i] = arg() end
  return r
end

-- Records behind their number.
local function records()
  local list = {}
  for i = 1, tonumber(arg()) do list[i] = record() end
  return list
end

local function field(r, name)
  for i = 1, #r, 2 do if r[i] == name then return r[i + 1] end end
  return ''
end

local function key(kind, id) return KEYS[1] .. ':' .. kind .. ':' .. id end
local function exists(k) return redis.call('EXISTS', k) == 1 end
local function get(k, name) return redis.call('HGET', k, name) or '' end
local function write(k, r) redis.call('DEL', k); redis.call('HSET', k, unpack(r)) end

local function set(k, name, value)
  if value == '' then redis.call('HDEL', k, name) else redis.call('HSET', k, name, value) end
end

-- Whether time a is before b, exactly: a number of Lua would round times of far
-- years. '' is before all.
local function before(a, b)
  if a == '' or b == '' then return a == '' and b ~= '' end
  local past_a, past_b = a:sub(1, 1) == '-', b:sub(1, 1) == '-'
  if past_a ~= past_b then return past_a end
  if past_a then a, b = b:sub(2), a:sub(2) end
  if #a ~= #b then return #a < #b end
  return a < b
end

local function expired(expiry, at) return expiry ~= '' and not before(at, expiry) end

-- The later of two expiries.
local function later(a, b)
  if a == '' or b == '' then return '' end
  if before(a, b) then return b end
  return a
end

-- Notes when a record of a class is over, for the sweep.
local function due(class, id, expiry)
  if expiry == '' then redis.call('ZREM', key('due', class), id)
  else redis.call('ZADD', key('due', class), expiry, id) end
end

-- Lets the engine free k a day after expiry, for the case that nobody sweeps.
local function fade(k, expiry)
  if expiry == '' then return end
  local now = redis.call('TIME')[1] * 1000
  redis.call('PEXPIRE', k, string.format('%.0f', math.max(expiry / 1000 - now, 0) + 86400000))
end

-- Tokens and grants

-- Whether no identifier of a grant (its record empty: none) and tokens is taken.
local function free(grant, tokens)
  if #grant > 0 and exists(key('grant', field(grant, 'id'))) then return false end
  local seen = {}
  for _, t in ipairs(tokens) do
    local d = field(t, 'digest')
    if seen[d] or exists(key('token', d)) then return false end
    seen[d] = true
  end
  return true
end

-- The set of the tokens that go when their grant goes, or else their client.
local function owner(grant_id, client_id)
  if grant_id ~= '' then return key('tokens-of-grant', grant_id) end
  if client_id ~= '' then return key('tokens-of-client', client_id) end
end

local function put(grant, tokens)
  if #grant > 0 then
    local id = field(grant, 'id')
    write(key('grant', id), grant)
    due('grant', id, field(grant, 'expires_at'))
    for _, by in ipairs({'subject', 'client_id', 'session_id'}) do
      redis.call('ZADD', key('grants-by-' .. by, field(grant, by)), 0, id)
    end
  end
  for _, t in ipairs(tokens) do
    local d = field(t, 'digest')
    local of = owner(field(t, 'grant_id'), field(t, 'client_id'))
    write(key('token', d), t)
    due('token', d, field(t, 'expires_at'))
    fade(key('token', d), field(t, 'expires_at'))
    if of then redis.call('SADD', of, d) end
  end
end

local function remove_token(d)
  local k = key('token', d)
  local of = owner(get(k, 'grant_id'), get(k, 'client_id'))
  if of then redis.call('SREM', of, d) end
  redis.call('ZREM', key('due', 'token'), d)
  redis.call('DEL', k)
end

-- A filter of grants: '' matches all, four times '' nothing.
local function filter() return {id = arg(), subject = arg(), client_id = arg(), session_id = arg()} end

local function matches(f, k)
  for by, value in pairs(f) do if value ~= '' and get(k, by) ~= value then return false end end
  return true
end

-- Calls visit with the identifier of each grant that matches f, in their order
-- and behind after, until it returns true.
local function each_grant(f, after, visit)
  if f.id ~= '' then
    local k = key('grant', f.id)
    if f.id > after and exists(k) and matches(f, k) then visit(f.id, k) end
    return
  end
  local index
  for _, by in ipairs({'session_id', 'subject', 'client_id'}) do
    if f[by] ~= '' then index = key('grants-by-' .. by, f[by]); break end
  end
  while index do
    local from = after == '' and '-' or '(' .. after
    local ids = redis.call('ZRANGEBYLEX', index, from, '+', 'LIMIT', 0, 200)
    for _, id in ipairs(ids) do
      local k = key('grant', id)
      if matches(f, k) and visit(id, k) then return end
      after = id
    end
    if #ids < 200 then return end
  end
end

-- Revokes as of at what matches f and is not revoked; returns how many.
local function revoke(f, at)
  local n = 0
  each_grant(f, '', function(_, k)
    if get(k, 'revoked_at') == '' then
      redis.call('HSET', k, 'revoked_at', at)
      n = n + 1
    end
  end)
  return n
end

-- Clients, sessions and the rest

local function remove_client(id)
  local k = key('client', id)
  redis.call('SREM', key('clients-by-fingerprint', get(k, 'fingerprint')), id)
  redis.call('ZREM', key('all', 'client'), id)
  redis.call('ZREM', key('due', 'client'), id)
  redis.call('DEL', k)
end

local function remove_session(d)
  local k = key('session', d)
  redis.call('DEL', key('session-by-id', get(k, 'id')))
  redis.call('SREM', key('sessions-by-subject', get(k, 'subject')), d)
  redis.call('ZREM', key('due', 'session'), d)
  redis.call('DEL', k)
end

local function generation(use, algorithm, number)
  return key('key-by-generation', use .. '\0' .. algorithm .. '\0' .. number)
end

local function remove_key(id)
  local k = key('key', id)
  redis.call('DEL', generation(get(k, 'use'), get(k, 'algorithm'), get(k, 'generation')))
  redis.call('ZREM', key('all', 'key'), id)
  redis.call('ZREM', key('due', 'key'), id)
  redis.call('DEL', k)
end

local function remove_delivery(id)
  redis.call('ZREM', key('next', 'delivery'), id)
  redis.call('ZREM', key('due', 'delivery'), id)
  redis.call('DEL', key('delivery', id))
end
