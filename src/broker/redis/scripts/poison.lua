--@include base queue end
-- Fails a job whose workers have died too often.
-- KEYS: see base. ARGV: prefix, job id, execution id, abandonments as they were seen, traceback, failure as JSON.
-- Returns 1, or 0 where the job is another's meanwhile.
-- Invariant: as that of reclaim.lua; whoever comes second finds the lease gone.
local id, execution, abandonments, traceback, failure = take(), take(), take_number(), take(), take()
local key = job_key(id)
local f = call('HMGET', key, 'status', 'wh_execution', 'wh_abandonments', 'origin', 'worker_name', 'wh_worker',
  'wh_failure_ttl', 'failure_ttl', 'started_at')
local queue = f[4]
local member = execution == '' and id or id .. ':' .. execution
local lease_end = queue and call('ZSCORE', registry_key('wip', queue), member)
if f[1] ~= 'started' or (tonumber(f[3]) or 0) ~= abandonments then return 0 end
if not lease_end or tonumber(lease_end) > now_ms / 1000 then return 0 end
call('HSET', key, 'status', 'failed', 'ended_at', now_iso, 'wh_abandonments', abandonments + 1, 'wh_ended', execution)
call('ZREM', registry_key('wip', queue), member)
call('DEL', P .. 'execution:' .. member)
call('ZREM', P .. 'executions:' .. id, execution)
local ttl_ms = duration_ms(f[7], f[8], YEAR_MS)
if ttl_ms == 0 then
  free_dependents(id)
  cancel_waiting(id)
  erase(id)
  return 1
end
-- RQ leaves the worker's name out where the worker is gone.
call('XADD', results_key(id), 'MAXLEN', '~', 10, '*', 'type', '2', 'worker_name', '', 'execution_id', execution,
  'execution_started_at', seconds_of(f[9]) or now_seconds, 'execution_ended_at', now_seconds,
  'wh_worker', f[6] or f[5] or '', 'exc_string', traceback, 'wh_failure', failure)
keep_ended(id, queue, 'failed', ttl_ms, true, zadd_now)
free_dependents(id)
tell_ended(id)
return 1
