-- Tokens go before what they belong to, so that none outlives it.
local at, left = arg(), tonumber(arg())
local removed = 0

local function gone()
  left = left - 1
  removed = removed + 1
end

local function over(class)
  if left <= 0 then return {} end
  return redis.call('ZRANGEBYSCORE', key('due', class), '-inf', at, 'LIMIT', 0, left)
end

local function with_tokens(class, remove)
  for _, id in ipairs(over(class)) do
    local of = key('tokens-of-' .. class, id)
    if left <= 0 then return end
    for _, d in ipairs(redis.call('SRANDMEMBER', of, left)) do
      remove_token(d)
      redis.call('SREM', of, d) -- also when its TTL was faster
      gone()
    end
    if left <= 0 then return end
    remove(id)
    gone()
  end
end

for _, d in ipairs(over('token')) do remove_token(d); gone() end
with_tokens('grant', function(id)
  local k = key('grant', id)
  for _, by in ipairs({'subject', 'client_id', 'session_id'}) do
    redis.call('ZREM', key('grants-by-' .. by, get(k, by)), id)
  end
  redis.call('ZREM', key('due', 'grant'), id)
  redis.call('DEL', k)
end)
with_tokens('client', remove_client)
for _, d in ipairs(over('session')) do remove_session(d); gone() end
for _, id in ipairs(over('key')) do remove_key(id); gone() end
for _, id in ipairs(over('delivery')) do remove_delivery(id); gone() end
for _, class in ipairs({'mark', 'counter'}) do
  for _, id in ipairs(over(class)) do
    redis.call('ZREM', key('due', class), id)
    redis.call('DEL', key(class, id))
    gone()
  end
end
return removed
