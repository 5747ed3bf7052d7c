--@include base
-- Every queue that is known, and how many jobs it has in each state. Writes nothing.
-- KEYS: see base. ARGV: prefix.
-- Returns for each {name, paused, queued, started, finished, failed, deferred, scheduled, stopped, canceled}.
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

local list = {}
for index, name in ipairs(names) do
  local failed_key = registry_key('failed', name)
  local stopped = 0
  for _, id in ipairs(call('ZRANGE', own_key('stopped:' .. name), 0, -1)) do
    local score = call('ZSCORE', failed_key, id)
    if score and (tonumber(score) < 0 or tonumber(score) > now_ms / 1000) and call('HGET', job_key(id), 'status') == 'stopped' then
      stopped = stopped + 1
    end
  end
  list[index] = { name, call('SISMEMBER', own_key('paused'), name), call('LLEN', queue_key(name)),
    call('ZCARD', registry_key('wip', name)), kept(registry_key('finished', name)), kept(failed_key) - stopped,
    call('ZCARD', registry_key('deferred', name)), call('ZCARD', registry_key('scheduled', name)), stopped,
    call('ZCARD', registry_key('canceled', name)) }
end
return list
