-- Stores jobs. Needs queue.lua and end.lua. Takes from ARGV how many there are, and, unless that is 0: how many shapes, the
-- shapes, and for each job the number of its shape, its id, created_at, data and description. A shape is what jobs of one batch
-- mostly have in common: queue, flags (f: at the front, u: unique), due_ms, ttl_ms, group, allow_failure ('' or '1'), the list
-- of ids they wait for, and the list of names and values of their hash beyond those three.
local function take_shape()
  local shape = { queue = take() }
  local flags = take()
  shape.front = string.find(flags, 'f', 1, true) ~= nil
  shape.unique = string.find(flags, 'u', 1, true) ~= nil
  shape.due_ms = tonumber(take())
  shape.ttl_ms = tonumber(take())
  shape.group = take()
  shape.allow_failure = take() == '1'
  shape.waits_for = take_list()
  local count = take_number()
  shape.from = cursor + 1
  shape.to = cursor + count
  cursor = shape.to
  return shape
end

local function take_jobs()
  local jobs = {}
  local count = take_number()
  if count == 0 then return jobs end
  local shapes = {}
  for index = 1, take_number() do
    shapes[index] = { __index = take_shape() }
  end
  for index = 1, count do
    local shape = shapes[take_number()]
    jobs[index] = setmetatable({ id = take(), created_at = take(), data = take(), description = take() }, shape)
  end
  return jobs
end

-- True where the job in the store is this very one: an answer that got lost is asked for again.
local function is_same(job)
  local stored = call('HMGET', job_key(job.id), 'created_at', 'data')
  return stored[1] == job.created_at and stored[2] == job.data
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

-- Where the jobs of a batch are pushed when all are stored: ids by queue, and jobs for the front, which keep their order.
local function new_pushes()
  return { backs = {}, fronts = {} }
end

local function store_job(job, pushes)
  call('HSET', job_key(job.id), 'status', 'queued', 'enqueued_at', now_iso, 'created_at', job.created_at, 'data', job.data,
    'description', job.description, unpack(ARGV, job.from, job.to))
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
    pushes.fronts[#pushes.fronts + 1] = job
  else
    local backs = pushes.backs[job.queue] or {}
    backs[#backs + 1] = job.id
    pushes.backs[job.queue] = backs
    limit_waiting(job.id, job.queue, job.ttl_ms)
  end
end

local MOST_PUSHED = 2000

local function apply_pushes(pushes)
  for queue, ids in pairs(pushes.backs) do
    for first = 1, #ids, MOST_PUSHED do
      call('RPUSH', queue_key(queue), unpack(ids, first, math.min(#ids, first + MOST_PUSHED - 1)))
    end
  end
  for index = #pushes.fronts, 1, -1 do
    local job = pushes.fronts[index]
    push(job.queue, job.id, true)
    limit_waiting(job.id, job.queue, job.ttl_ms)
  end
end

-- Stores those whose id is free; leaves out the others.
local function store_missing(jobs)
  local pushes = new_pushes()
  for _, job in ipairs(jobs) do
    local status = call('HGET', job_key(job.id), 'status')
    if not status or (job.unique and ENDED[status]) then
      call('SADD', KEYS[1], queue_key(job.queue))
      if status then replace(job.id) end
      store_job(job, pushes)
    end
  end
  apply_pushes(pushes)
end
