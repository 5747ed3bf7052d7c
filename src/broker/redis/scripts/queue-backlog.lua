--@include base
-- What could be claimed from some queues.
-- KEYS: see base. ARGV: prefix, queues. Returns {how many jobs wait, how many ms the first in line of any queue has waited}.
-- Writes nothing. RQ writes times as text; what cannot be read counts as having come just now.
local MOST = 1000
local queues = take_list()
local waiting, oldest_ms = 0, 0

local function days(year, month, day)
  local y = month <= 2 and year - 1 or year
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (month + (month > 2 and -3 or 9)) + 2) / 5) + day - 1
  local doe = yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy
  return era * 146097 + doe - 719468
end

local function ms_of(text)
  local year, month, day, hour, minute, second = string.match(text or '', '^(%d+)-(%d+)-(%d+)T(%d+):(%d+):([%d.]+)Z$')
  if not year then return now_ms end
  local whole_days = days(tonumber(year), tonumber(month), tonumber(day))
  return (whole_days * 86400 + hour * 3600 + minute * 60 + second) * 1000
end

if call('EXISTS', P .. 'suspended') == 1 then return { 0, 0 } end
for _, queue in ipairs(queues) do
  local length = call('LLEN', queue_key(queue))
  if length > 0 and call('SISMEMBER', own_key('paused'), queue) == 0 then
    waiting = waiting + math.min(length, MOST)
    local first = call('LINDEX', queue_key(queue), 0)
    local waited_ms = now_ms - ms_of(call('HGET', job_key(first), 'enqueued_at'))
    if waited_ms > oldest_ms then oldest_ms = waited_ms end
  end
end
return { waiting, whole(math.floor(oldest_ms)) }
