-- Hands out jobs. Needs base.lua and later.lua.

-- Queued by whoever, in whatever version. Any other state has a registry of its own, and this id is left over.
local CLAIMABLE = { queued = true, created = true, ready_to_enqueue = true }

-- Whole: that costs less than asking for every field that a job may have.
local function fields_of(key)
  local flat = call('HGETALL', key)
  local fields = {}
  for index = 1, #flat, 2 do
    fields[flat[index]] = flat[index + 1]
  end
  return fields
end

-- Fields of jobs that may run several times.
local AGAIN = { 'retries_left', 'retry_intervals', 'enqueue_at_front_on_retry', 'repeats_left', 'repeat_intervals' }

-- What whoever runs the job needs of its hash; bytes apart. `now`: what the claim has made of it.
local function hand_out(params, id, now, f)
  -- All in one go: a table that grows costs more than it holds.
  local claim = { id = id, execution = now.execution, slot = now.slot, attempt = now.attempt, started_at = now.started_at,
    origin = f.origin, created_at = f.created_at, enqueued_at = f.enqueued_at, timeout = f.timeout, wh_timeout = f.wh_timeout,
    group_id = f.group_id, wh_options = f.wh_options }
  if f.retries_left or f.repeats_left then
    for _, name in ipairs(AGAIN) do claim[name] = f[name] end
  end
  local number = #params.claimed + 1
  params.claimed[number] = claim
  params.bytes[number * 2 - 1] = f.data or ''
  params.bytes[number * 2] = f.meta or ''
end

-- Starts the job in the same step in which it leaves its list: there is no moment at which a crash loses it.
local function start(params, id, key, f)
  local number = #params.claimed
  local execution = params.token .. string.format('%04x', number)
  local slot = params.next_slot()
  -- Microseconds tell the order of those that were claimed together.
  local started = iso_after(number)
  local attempt = f.wh_attempts and whole((tonumber(f.wh_attempts) or 0) + 1) or '1'
  call('HSET', key, 'status', 'started', 'started_at', started, 'last_heartbeat', started, 'worker_name', slot,
    'wh_worker', params.worker, 'wh_execution', execution, 'wh_attempts', attempt)
  if f.ended_at and f.ended_at ~= '' then call('HSET', key, 'ended_at', '') end
  if attempt ~= '1' then call('HDEL', key, 'wh_progress', 'wh_bill', 'wh_renewed') end
  zadd_later(params.wip, params.lease_end, id .. ':' .. execution)
  if f.ttl then
    call('PERSIST', key)
    call('ZREM', own_key('expiring:' .. params.queue), id)
  end
  hand_out(params, id, { execution = execution, slot = slot, attempt = attempt, started_at = started }, f)
end

-- Up to params.limit jobs, strictly one queue after the other.
local function claim(params)
  if params.limit == 0 or call('EXISTS', P .. 'suspended') == 1 then return end
  for _, queue in ipairs(params.queues) do
    if #params.claimed >= params.limit then return end
    if call('SISMEMBER', own_key('paused'), queue) == 0 then
      params.queue, params.wip = queue, registry_key('wip', queue)
      repeat
        local room = params.limit - #params.claimed
        local ids = call('LRANGE', queue_key(queue), 0, room - 1)
        for _, id in ipairs(ids) do
          local key = job_key(id)
          local f = fields_of(key)
          if f.data and (not f.status or CLAIMABLE[f.status]) then start(params, id, key, f) end
        end
        if #ids > 0 then call('LTRIM', queue_key(queue), #ids, -1) end
      until #ids == 0 or #params.claimed >= params.limit
    end
  end
end

-- 'job:execution' of what calls with these tokens have claimed, in that order.
local function claims_of(tokens, queues)
  local found = {}
  for _, queue in ipairs(queues) do
    for _, both in ipairs(call('ZRANGE', registry_key('wip', queue), 0, -1)) do
      local execution = string.match(both, ':([^:]+)$') or ''
      for _, token in ipairs(tokens) do
        if string.sub(execution, 1, #token) == token then found[#found + 1] = { execution, both } end
      end
    end
  end
  table.sort(found, function(one, other) return one[1] < other[1] end)
  return found
end

-- What earlier calls have claimed whose answers got lost.
local function claim_again(params, tokens)
  for _, found in ipairs(claims_of(tokens, params.queues)) do
    local execution, both = found[1], found[2]
    local id = string.sub(both, 1, #both - #execution - 1)
    local f = fields_of(job_key(id))
    if f.status == 'started' and f.wh_execution == execution then
      local slot = f.worker_name or params.worker
      hand_out(params, id, { execution = execution, slot = slot, attempt = f.wh_attempts, started_at = f.started_at }, f)
      params.taken[slot] = true
    end
  end
end
