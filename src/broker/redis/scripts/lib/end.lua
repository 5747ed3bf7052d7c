-- The end of a job, what it means for those that wait for it, and forgetting it. Needs queue.lua.

-- True where nothing is left of what the job waits for: gone, finished, or failed where it allows that.
local function is_free(id, allow_failure)
  for _, other in ipairs(call('SMEMBERS', dependencies_key(id))) do
    local status = call('HGET', job_key(other), 'status')
    if status and status ~= 'finished' and not (status == 'failed' and allow_failure) then return false end
  end
  return true
end

local DEPENDENT_FIELDS = { 'status', 'origin', 'allow_dependency_failures', 'enqueue_at_front', 'wh_ttl', 'ttl', 'created_at' }

-- The deferred jobs among those that wait for `id`, oldest first.
local function waiting_for(id)
  local waiting = {}
  for _, dependent in ipairs(call('SMEMBERS', dependents_key(id))) do
    local f = call('HMGET', job_key(dependent), unpack(DEPENDENT_FIELDS))
    if f[1] == 'deferred' then
      waiting[#waiting + 1] = { id = dependent, queue = f[2], allow_failure = f[3] == '1', front = f[4] == '1',
        ttl_ms = duration_ms(f[5], f[6]), created_at = f[7] or '' }
    end
  end
  table.sort(waiting, function(a, b)
    if a.created_at ~= b.created_at then return a.created_at < b.created_at end
    return a.id < b.id
  end)
  return waiting
end

-- Queues those that have nothing left to wait for, now that `id` has ended or is gone. Returns whether it had dependents.
local function free_dependents(id)
  if call('EXISTS', dependents_key(id)) == 0 then return false end
  for _, job in ipairs(waiting_for(id)) do
    if is_free(job.id, job.allow_failure) then
      make_queued(job.id, job.queue, job.front, job.ttl_ms)
      call('ZREM', registry_key('deferred', job.queue), job.id)
      call('SREM', dependents_key(id), job.id)
    end
  end
  return true
end

-- A group is gone with its last job.
local function leave_group(id, group)
  if not group or group == '' then return end
  call('SREM', P .. 'group:' .. group, id)
  if call('EXISTS', P .. 'group:' .. group) == 0 then call('SREM', P .. 'groups', group) end
end

local function erase(id)
  leave_group(id, call('HGET', job_key(id), 'group_id'))
  for _, other in ipairs(call('SMEMBERS', dependencies_key(id))) do
    call('SREM', dependents_key(other), id)
  end
  call('DEL', job_key(id), dependents_key(id), dependencies_key(id), results_key(id))
  tell_ended(id)
end

-- How long an ended job is kept, as a time. `relatives`: other jobs may wait for it, or it has waited for others.
local function expire_job(id, at_ms, relatives)
  local at = whole(at_ms)
  call('PEXPIREAT', job_key(id), at)
  if relatives then
    call('PEXPIREAT', dependents_key(id), at)
    call('PEXPIREAT', dependencies_key(id), at)
  end
end

local cancel_waiting

-- Makes a job that does not run and is in no list any more canceled.
local function make_canceled(id, queue, failure_ttl_ms)
  call('HSET', job_key(id), 'status', 'canceled', 'ended_at', now_iso)
  for _, other in ipairs(call('SMEMBERS', dependencies_key(id))) do
    call('SREM', dependents_key(other), id)
  end
  if failure_ttl_ms == 0 then
    cancel_waiting(id)
    erase(id)
    return
  end
  call('ZADD', registry_key('canceled', queue), score_of(now_ms), id)
  if failure_ttl_ms > 0 then
    expire_job(id, now_ms + failure_ttl_ms, true)
    call('ZADD', own_key('expiring:' .. queue), whole(now_ms + failure_ttl_ms), id)
  else
    call('PERSIST', job_key(id))
  end
  tell_ended(id)
end

local YEAR_MS = 31536000000

-- For a job that goes without having finished: those that wait for it would wait for ever.
cancel_waiting = function(id)
  for _, job in ipairs(waiting_for(id)) do
    local f = call('HMGET', job_key(job.id), 'wh_failure_ttl', 'failure_ttl')
    call('ZREM', registry_key('deferred', job.queue), job.id)
    make_canceled(job.id, job.queue, duration_ms(f[1], f[2], YEAR_MS))
  end
end

local function zadd_now(key, score, member)
  call('ZADD', key, score, member)
end

-- Into the registry of its state for as long as it is kept; -1 in RQ's spelling. `relatives` as expire_job takes it; `zadd`
-- is zadd_later where that is applied afterwards.
local function keep_ended(id, queue, status, ttl_ms, relatives, zadd)
  local key = registry_key(REGISTRY_OF[status], queue)
  if ttl_ms >= 0 then
    zadd(key, score_of(now_ms + ttl_ms), id)
    if status == 'stopped' then call('ZADD', own_key('stopped:' .. queue), score_of(now_ms + ttl_ms), id) end
    expire_job(id, now_ms + ttl_ms, relatives)
    call('PEXPIREAT', results_key(id), whole(now_ms + ttl_ms))
  else
    zadd(key, status == 'finished' and '+inf' or '-1', id)
    if status == 'stopped' then call('ZADD', own_key('stopped:' .. queue), '+inf', id) end
    call('PERSIST', job_key(id))
    call('PERSIST', results_key(id))
  end
end
