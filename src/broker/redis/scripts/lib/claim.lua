-- Hands out jobs. Needs base.lua and later.lua.

-- What a supervisor needs of a job, in the order in which claimed-job.ts reads it.
local CLAIM_FIELDS = { 'status', 'origin', 'data', 'meta', 'created_at', 'enqueued_at', 'timeout', 'wh_timeout',
  'wh_attempts', 'ttl', 'wh_options', 'retries_left', 'retry_intervals', 'enqueue_at_front_on_retry',
  'repeats_left', 'repeat_intervals', 'group_id', 'wh_execution', 'started_at' }

-- Queued by whoever, in whatever version. Any other state has a registry of its own, and this id is left over.
local CLAIMABLE = { queued = true, created = true, ready_to_enqueue = true }

-- Starts the job in the same step in which it leaves its list: there is no moment at which a crash loses it.
local function start(id, f, params, execution, slot)
  local attempts = (tonumber(f[9]) or 0) + 1
  local key = job_key(id)
  -- Microseconds tell the order of those that were claimed together.
  local started = iso_after(#params.claimed)
  call('HSET', key, 'status', 'started', 'started_at', started, 'last_heartbeat', now_iso, 'worker_name', slot,
    'ended_at', '', 'wh_worker', params.worker, 'wh_execution', execution, 'wh_attempts', attempts)
  if attempts > 1 then call('HDEL', key, 'wh_progress', 'wh_bill', 'wh_renewed') end
  zadd_later(registry_key('wip', params.queue), params.lease_end, id .. ':' .. execution)
  if f[10] then
    call('PERSIST', key)
    call('ZREM', own_key('expiring:' .. params.queue), id)
  end
  f[9] = attempts
  f[19] = started
  params.claimed[#params.claimed + 1] = { id, execution, slot, f }
end

-- The next free slot that none of those claimed again has; a worker that is not registered has none.
local function next_slot(params)
  repeat
    params.slot_index = (params.slot_index or 0) + 1
    local slot = params.slots[params.slot_index]
    if slot and not params.taken[slot] then return slot end
  until not slot
  return params.worker
end

-- Up to params.limit jobs, strictly one queue after the other.
local function claim(params)
  if params.limit == 0 or call('EXISTS', P .. 'suspended') == 1 then return end
  for _, queue in ipairs(params.queues) do
    if #params.claimed >= params.limit then return end
    if call('SISMEMBER', own_key('paused'), queue) == 0 then
      params.queue = queue
      repeat
        local room = params.limit - #params.claimed
        local ids = call('LRANGE', queue_key(queue), 0, room - 1)
        for _, id in ipairs(ids) do
          local f = call('HMGET', job_key(id), unpack(CLAIM_FIELDS))
          if f[3] and (not f[1] or CLAIMABLE[f[1]]) then
            start(id, f, params, params.token .. string.format('%04x', #params.claimed), next_slot(params))
          end
        end
        if #ids > 0 then call('LTRIM', queue_key(queue), #ids, -1) end
      until #ids == 0 or #params.claimed >= params.limit
    end
  end
end

-- What earlier calls have claimed whose answers got lost.
local function claim_again(params, tokens, slots)
  for _, slot in ipairs(slots) do
    local running = call('HGET', worker_key(slot), 'wh_running')
    local id, execution = string.match(running or '', '^(.*):([^:]+)$')
    for _, token in ipairs(tokens) do
      if execution and string.sub(execution, 1, #token) == token then
        local f = call('HMGET', job_key(id), unpack(CLAIM_FIELDS))
        if f[1] == 'started' and f[18] == execution then
          params.claimed[#params.claimed + 1] = { id, execution, slot, f }
          params.taken[slot] = true
        end
      end
    end
  end
end
