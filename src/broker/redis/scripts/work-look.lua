--@include base
-- What waits for a worker. Writes nothing.
-- KEYS: see base. ARGV: prefix, the worker's queues.
-- Returns {1 where a claim would get something, when the next scheduled job becomes due in ms or nil, server time in ms,
-- remaining ms of a suspension (-1 for ever) or nil, those of the queues that may be listened to}.
local claimable = 0
local open = {}
local suspended = false
local pttl = call('PTTL', P .. 'suspended')
if pttl ~= -2 then suspended = pttl end
for _, queue in ipairs(take_list()) do
  if not suspended and call('SISMEMBER', own_key('paused'), queue) == 0 then
    open[#open + 1] = queue
    if call('LLEN', queue_key(queue)) > 0 then claimable = 1 end
  end
end
local next_due = false
for _, key in ipairs(call('SMEMBERS', KEYS[1])) do
  local queue = string.sub(key, #P + 7)
  -- A Python scheduler that holds the lock is the one to queue what is due there.
  local first = call('ZRANGE', registry_key('scheduled', queue), 0, 0, 'WITHSCORES')
  if first[2] and call('EXISTS', P .. 'scheduler-lock:' .. queue) == 0 then
    local due = math.floor(tonumber(first[2]) * 1000 + 0.0005)
    if not next_due or due < next_due then next_due = due end
  end
end
return { claimable, next_due and whole(next_due), whole(now_ms), suspended, open }
