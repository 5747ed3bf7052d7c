--@include base
-- Every queue that is known, and how many jobs it has in each state. Writes nothing.
-- KEYS: see base. ARGV: prefix.
-- RQ keeps stopped jobs among the failed ones; which they are our own set says, where Python's tools have not taken any away
-- since. Of so many it is looked up; of further ones tidy.lua sees to it.
-- Returns for each {name, paused, queued, started, finished, failed, deferred, scheduled, stopped, canceled}: the states as
-- JOB_STATES has them (src/job/states.ts).
local MOST_STOPPED = 1000
local names, seen = {}, {}
local function add(name)
  if not seen[name] then
    seen[name] = true
    names[#names + 1] = name
  end
end
for _, key in ipairs(call('SMEMBERS', KEYS[1])) do add(string.sub(key, #P + 7)) end
for _, name in ipairs(call('SMEMBERS', own_key('paused'))) do add(name) end

-- What is over but not trimmed yet does not count.
local function kept(key)
  return call('ZCARD', key) - call('ZCOUNT', key, 0, score_of(now_ms))
end

local function stopped_of(name, failed_key)
  local key = own_key('stopped:' .. name)
  local count = math.max(0, kept(key) - MOST_STOPPED)
  for _, id in ipairs(call('ZREVRANGEBYSCORE', key, '+inf', '(' .. score_of(now_ms), 'LIMIT', 0, MOST_STOPPED)) do
    if call('ZSCORE', failed_key, id) and call('HGET', job_key(id), 'status') == 'stopped' then count = count + 1 end
  end
  return count
end

local list = {}
for index, name in ipairs(names) do
  local failed_key = registry_key('failed', name)
  local stopped = stopped_of(name, failed_key)
  list[index] = { name, call('SISMEMBER', own_key('paused'), name), call('LLEN', queue_key(name)),
    call('ZCARD', registry_key('wip', name)), kept(registry_key('finished', name)), kept(failed_key) - stopped,
    call('ZCARD', registry_key('deferred', name)), call('ZCARD', registry_key('scheduled', name)), stopped,
    call('ZCARD', registry_key('canceled', name)) }
end
return list
