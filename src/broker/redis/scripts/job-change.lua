--@include base queue end
-- What is done to one job by hand.
-- KEYS: see base. ARGV: prefix, 'requeue', 'delete' or 'cancel', job id, and for cancel '1' where its dependents count it as
-- met. Returns 'ok', 'missing', or the state in which this cannot be done.
-- Invariant: a job leaves its list or registry in the step in which it enters the next one.
local what, id = take(), take()
local key = job_key(id)
if call('EXISTS', key) == 0 then return 'missing' end
local f = call('HMGET', key, 'status', 'origin', 'wh_options', 'wh_failure_ttl', 'failure_ttl', 'wh_ttl', 'ttl')
local status, queue = f[1] or 'created', f[2] or ''

-- Frees the places of a job that does not wait for the others any more.
local function forget_dependencies()
  for _, other in ipairs(call('SMEMBERS', dependencies_key(id))) do
    call('SREM', dependents_key(other), id)
  end
  call('DEL', dependencies_key(id))
end

if what == 'requeue' then
  if status == 'queued' or status == 'started' then return status end
  call('HSET', key, 'status', 'queued', 'enqueued_at', now_iso, 'started_at', '', 'ended_at', '', 'wh_attempts', '0',
    'wh_abandonments', '0', 'worker_name', '', 'enqueue_at_front', '0')
  if f[3] then
    local options = cjson.decode(f[3])
    if type(options.retry) == 'table' then call('HSET', key, 'retries_left', options.retry.max) end
    if type(options['repeat']) == 'table' then call('HSET', key, 'repeats_left', options['repeat'].times) end
  end
  call('HDEL', key, 'wh_worker', 'wh_execution', 'wh_ended', 'wh_progress', 'wh_bill', 'wh_due', 'wh_front', 'result', 'exc_info')
  leave(id, queue, status)
  for _, one in ipairs({ key, dependents_key(id), dependencies_key(id), results_key(id) }) do
    call('PERSIST', one)
  end
  forget_dependencies()
  push(queue, id, false)
  limit_waiting(id, queue, duration_ms(f[6], f[7]))
  return 'ok'
end

if what == 'delete' then
  if status == 'started' then return status end
  leave(id, queue, status)
  if status == 'finished' then free_dependents(id) else cancel_waiting(id) end
  erase(id)
  return 'ok'
end

if status ~= 'queued' and status ~= 'deferred' and status ~= 'scheduled' and status ~= 'created' then return status end
call('HSET', key, 'status', 'canceled')
leave(id, queue, status)
if take() == '1' then
  for _, job in ipairs(waiting_for(id)) do
    call('SREM', dependencies_key(job.id), id)
  end
  free_dependents(id)
end
make_canceled(id, queue, duration_ms(f[4], f[5], YEAR_MS))
return 'ok'
