--@include base
-- Extends the leases of running executions.
-- KEYS: see base. ARGV: prefix, worker, lease_ms, list of job id and execution id in turn.
-- Returns the execution ids that the worker does not hold any more.
-- Invariant: only the execution that the job's hash names has a lease. RQ's execution keys are first written here: a job
-- that ends before its first renewal never needs them.
local worker = take()
local lease_ms = take_number()
local lease_end = now_ms + lease_ms
local pairs_given = take_list()
local lost = {}
for index = 1, #pairs_given, 2 do
  local id, execution = pairs_given[index], pairs_given[index + 1]
  local f = call('HMGET', job_key(id), 'status', 'origin', 'wh_worker', 'wh_execution', 'worker_name', 'started_at')
  if f[1] == 'started' and f[3] == worker and f[4] == execution then
    local both = id .. ':' .. execution
    call('HSET', job_key(id), 'last_heartbeat', now_iso, 'wh_renewed', '1')
    call('ZADD', registry_key('wip', f[2]), score_of(lease_end), both)
    local key = P .. 'execution:' .. both
    call('HSET', key, 'id', execution, 'job_id', id, 'worker_name', f[5], 'last_heartbeat', now_seconds)
    call('HSETNX', key, 'created_at', now_seconds)
    call('PEXPIRE', key, whole(lease_ms))
    call('ZADD', P .. 'executions:' .. id, score_of(lease_end + 60000), execution)
    call('PEXPIRE', P .. 'executions:' .. id, whole(lease_ms + 60000))
    local slot = worker_key(f[5])
    if call('EXISTS', slot) == 1 then
      call('SADD', slot .. ':executions', both)
      call('PEXPIRE', slot .. ':executions', whole(lease_ms))
    end
  else
    lost[#lost + 1] = execution
  end
end
return lost
