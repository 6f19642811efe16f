"""What Redis does for limits, in Lua, each script in one step of its own: take from all limits of a call or from none;
count what was consumed; say again what a gateway holds. Redis' clock is the only one.

A bucket is a hash of `level` and `at` (ms). Calls in hand and money are hashes with a field per gateway, what it holds and
when it last said so, and for money `paid`. What a gateway holds lapses when it has not said so for the lease. Money is in
billionths of a dollar, which a number of Lua counts exactly up to nine million dollars.
"""

BUCKET, HELD, MONEY = "bucket", "held", "money"

_HELD_BY = """
local function held_by(key, own, now, lease)
  local mine, others, paid = 0, 0, nil
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if all[i] == 'paid' then
      paid = tonumber(all[i + 1])
    else
      local amount, said = string.match(all[i + 1], '^(%-?[%d%.]+) (%d+)$')
      if amount and now - tonumber(said) < lease then
        if all[i] == own then mine = tonumber(amount) else others = others + tonumber(amount) end
      elseif all[i] ~= own then
        redis.call('HDEL', key, all[i])
      end
    end
  end
  return mine, others, paid
end

local function hold(key, own, amount, now)
  if amount > 0 then
    redis.call('HSET', key, own, string.format('%.0f', amount) .. ' ' .. string.format('%.0f', now))
  else
    redis.call('HDEL', key, own)
  end
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local own = ARGV[1]
local lease = tonumber(ARGV[2])
"""

TAKE = (
    _HELD_BY
    + """
-- Per key: kind, amount, claim, what the gateway knows (a bucket's level, or what was paid), how long the key lives (ms).
local known = {}
local answer = {1}
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 5
  local kind, amount, claim, start = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local has_room, first, second
  if kind == 'bucket' then
    local stored = redis.call('HMGET', key, 'level', 'at')
    local level = start
    if stored[1] then level = tonumber(stored[1]) + math.max(now - tonumber(stored[2]), 0) * amount / 60000 end
    level = math.min(amount, level)
    has_room, first, second = level >= claim, level, 0
  else
    local mine, others, paid = held_by(key, own, now, lease)
    paid = math.max(paid or 0, start)
    local used = mine + others + paid
    if claim > 0 then has_room = used + claim <= amount else has_room = used < amount end
    known[i] = mine
    first, second = others, paid
  end
  if not has_room then answer[1] = 0 end
  answer[#answer + 1] = has_room and 1 or 0
  answer[#answer + 1] = string.format('%.6f', first)
  answer[#answer + 1] = string.format('%.0f', second)
end
if answer[1] == 1 then
  for i, key in ipairs(KEYS) do
    local at = 3 + (i - 1) * 5
    local claim = tonumber(ARGV[at + 2])
    if ARGV[at] == 'bucket' then
      local level = tonumber(answer[i * 3]) - claim
      redis.call('HSET', key, 'level', string.format('%.6f', level), 'at', string.format('%.0f', now))
      answer[i * 3] = string.format('%.6f', level)
    else
      hold(key, own, known[i] + claim, now)
      if ARGV[at] == 'money' then redis.call('HSET', key, 'paid', answer[i * 3 + 1]) end
    end
    redis.call('PEXPIRE', key, ARGV[at + 4])
  end
end
return answer
"""
)

SETTLE = (
    _HELD_BY
    + """
-- Per key: kind, what had been taken, what was consumed, how long the key lives (ms).
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 4
  local kind, claim, consumed = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if kind == 'bucket' then
    if redis.call('EXISTS', key) == 1 then redis.call('HINCRBYFLOAT', key, 'level', claim - consumed) end
  else
    hold(key, own, held_by(key, own, now, lease) - claim, now)
    if kind == 'money' then redis.call('HINCRBY', key, 'paid', string.format('%.0f', consumed)) end
    redis.call('PEXPIRE', key, ARGV[at + 3])
  end
end
return 1
"""
)

SAY = (
    _HELD_BY
    + """
-- Per key: what the gateway holds, how long the key lives (ms).
for i, key in ipairs(KEYS) do
  local at = 3 + (i - 1) * 2
  hold(key, own, tonumber(ARGV[at]), now)
  if redis.call('EXISTS', key) == 1 then redis.call('PEXPIRE', key, ARGV[at + 1]) end
end
return 1
"""
)
