-- Stores a job. Needs queue.lua and end.lua. Takes from ARGV, for each job:
-- id, queue, flags (f: at the front, u: unique), due_ms, ttl_ms, group, allow_failure ('' or '1'),
-- the list of ids it waits for, and the list of names and values of its hash.
local function take_job()
  local job = { id = take(), queue = take() }
  local flags = take()
  job.front = string.find(flags, 'f', 1, true) ~= nil
  job.unique = string.find(flags, 'u', 1, true) ~= nil
  job.due_ms = tonumber(take())
  job.ttl_ms = tonumber(take())
  job.group = take()
  job.allow_failure = take() == '1'
  job.waits_for = take_list()
  local count = take_number()
  job.from = cursor + 1
  job.to = cursor + count
  cursor = job.to
  return job
end

-- True where the job in the store is this very one: an answer that got lost is asked for again.
local function is_same(job)
  local fields = {}
  for index = job.from, job.to, 2 do
    fields[ARGV[index]] = ARGV[index + 1]
  end
  local stored = call('HMGET', job_key(job.id), 'created_at', 'data')
  return stored[1] == fields.created_at and stored[2] == fields.data
end

local ENDED = { finished = true, failed = true, stopped = true, canceled = true }

-- Removes an ended job of the same id; its dependents, if any, still have the new one to wait for.
local function replace(id)
  local f = call('HMGET', job_key(id), 'status', 'origin', 'group_id')
  leave(id, f[2] or '', f[1])
  leave_group(id, f[3])
  call('DEL', job_key(id), dependencies_key(id), results_key(id))
  call('PERSIST', dependents_key(id))
end

local function must_wait(job)
  for _, other in ipairs(job.waits_for) do
    local status = call('HGET', job_key(other), 'status')
    if status and status ~= 'finished' and not (status == 'failed' and job.allow_failure) then return true end
  end
  return false
end

-- Jobs at the front come in their order: the list keeps them until all are stored.
local function store_job(job, fronts)
  call('HSET', job_key(job.id), 'status', 'queued', 'enqueued_at', now_iso, unpack(ARGV, job.from, job.to))
  if job.group ~= '' then
    call('SADD', P .. 'group:' .. job.group, job.id)
    call('SADD', P .. 'groups', job.group)
  end
  if #job.waits_for > 0 and must_wait(job) then
    for _, other in ipairs(job.waits_for) do
      call('SADD', dependents_key(other), job.id)
      call('SADD', dependencies_key(job.id), other)
    end
    call('HSET', job_key(job.id), 'status', 'deferred', 'enqueued_at', '')
    -- RQ 2.0 to 2.7 fail what is scored with a time that is over.
    call('ZADD', registry_key('deferred', job.queue), '+inf', job.id)
  elseif job.due_ms and job.due_ms > now_ms then
    make_scheduled(job.id, job.queue, job.due_ms)
  elseif job.front then
    fronts[#fronts + 1] = job
  else
    push(job.queue, job.id, false)
    limit_waiting(job.id, job.queue, job.ttl_ms)
  end
end

local function push_fronts(fronts)
  for index = #fronts, 1, -1 do
    local job = fronts[index]
    push(job.queue, job.id, true)
    limit_waiting(job.id, job.queue, job.ttl_ms)
  end
end

-- Stores those whose id is free; leaves out the others.
local function store_missing(jobs)
  local fronts = {}
  for _, job in ipairs(jobs) do
    local status = call('HGET', job_key(job.id), 'status')
    if not status or (job.unique and ENDED[status]) then
      call('SADD', KEYS[1], queue_key(job.queue))
      if status then replace(job.id) end
      store_job(job, fronts)
    end
  end
  push_fronts(fronts)
end
