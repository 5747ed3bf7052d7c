--@include base queue end store
-- One tick of a schedule: its next time is set and its job stored, in one step.
-- KEYS: see base. ARGV: prefix, '1' where an earlier answer may have got lost, name, hash, expected_at, next_at, id of the job or
-- '', and the jobs as store.lua takes them: one or none.
-- Returns 1, or 0 where somebody else was first or the schedule is another by now.
-- Invariant: who finds next_at as it expects is the only one to set it, so a tick has one job.
local is_retry = take() == '1'
local name, hash, expected_at, next_at, job_id = take(), take(), take(), take(), take()
local jobs = take_jobs()
local key = own_key('schedule:' .. name)
local f = call('HMGET', key, 'hash', 'next_at', 'last_at', 'last_job_id')
if f[1] ~= hash then return 0 end
if f[2] ~= expected_at then
  local is_ours = is_retry and f[2] == next_at and f[3] == expected_at and job_id ~= '' and f[4] == job_id
  return is_ours and 1 or 0
end
call('HSET', key, 'next_at', next_at, 'last_at', expected_at)
if job_id ~= '' then call('HSET', key, 'last_job_id', job_id) end
store_missing(jobs)
return 1
