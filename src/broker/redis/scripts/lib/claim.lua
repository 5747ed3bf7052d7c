-- Hands out jobs. Needs base.lua and later.lua.

-- Queued by whoever, in whatever version. Any other state has a registry of its own, and this id is left over.
local CLAIMABLE = { queued = true, created = true, ready_to_enqueue = true }

local function field_of(flat, name)
  for index = 1, #flat, 2 do
    if flat[index] == name then return flat[index + 1] end
  end
end

-- What of the job is looked at here, in one go: status, data, wh_attempts, ttl, ended_at.
local function fields_of(flat)
  local status, data, attempts, ttl, ended_at
  for index = 1, #flat, 2 do
    local name = flat[index]
    if name == 'status' then status = flat[index + 1]
    elseif name == 'data' then data = flat[index + 1]
    elseif name == 'wh_attempts' then attempts = flat[index + 1]
    elseif name == 'ttl' then ttl = flat[index + 1]
    elseif name == 'ended_at' then ended_at = flat[index + 1]
    end
  end
  return status, data, attempts, ttl, ended_at
end

-- Starts the job in the same step in which it leaves its list: there is no moment at which a crash loses it.
local function start(params, id, key, flat, attempts, ttl, ended_at)
  local number = #params.claimed
  local execution = params.token .. string.format('%04x', number)
  local slot = params.next_slot()
  -- Microseconds tell the order of those that were claimed together.
  local started = iso_after(number)
  local attempt = attempts and whole((tonumber(attempts) or 0) + 1) or '1'
  call('HSET', key, 'status', 'started', 'started_at', started, 'last_heartbeat', started, 'worker_name', slot,
    'wh_worker', params.worker, 'wh_execution', execution, 'wh_attempts', attempt)
  if ended_at and ended_at ~= '' then call('HSET', key, 'ended_at', '') end
  if attempt ~= '1' then call('HDEL', key, 'wh_progress', 'wh_bill', 'wh_renewed') end
  local both = id .. ':' .. execution
  zadd_later(params.wip, params.lease_end, both)
  if ttl then
    call('PERSIST', key)
    call('ZREM', own_key('expiring:' .. params.queue), id)
  end
  params.claimed[number + 1] = { id, execution, slot, attempt, started, flat }
  params.running[number + 1] = both
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
          -- Whole, as a flat list: that costs less than asking for every field that a job may have.
          local key = job_key(id)
          local flat = call('HGETALL', key)
          local status, data, attempts, ttl, ended_at = fields_of(flat)
          if data and (not status or CLAIMABLE[status]) then start(params, id, key, flat, attempts, ttl, ended_at) end
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
    local flat = call('HGETALL', job_key(id))
    if field_of(flat, 'status') == 'started' and field_of(flat, 'wh_execution') == execution then
      local slot = field_of(flat, 'worker_name') or params.worker
      params.claimed[#params.claimed + 1] = { id, execution, slot, field_of(flat, 'wh_attempts'), field_of(flat, 'started_at'), flat }
      params.running[#params.claimed] = both
      params.taken[slot] = true
    end
  end
end
