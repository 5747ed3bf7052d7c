--@include base queue end store
-- Stores a batch of jobs, whole or not at all.
-- KEYS: see base. ARGV: prefix, '1' where an earlier answer may have got lost, and the jobs as store.lua takes them.
-- Returns {'ok', ids of unique jobs that were there already}, or {'duplicate', id} and nothing is stored.
-- Invariant: a job's hash is never without its place in a list or registry, nor the other way round.
local is_retry = take() == '1'
local jobs = take_jobs()

local seen = {}
local wanted = {}
local duplicates = {}
for _, job in ipairs(jobs) do
  local status = call('EXISTS', job_key(job.id)) == 1 and (call('HGET', job_key(job.id), 'status') or 'created')
  if is_retry and status and not seen[job.id] and is_same(job) then
    -- Stored the first time.
  elseif job.unique and (seen[job.id] or (status and not ENDED[status])) then
    duplicates[#duplicates + 1] = job.id
  elseif seen[job.id] or (status and not job.unique) then
    return { 'duplicate', job.id }
  else
    job.replaces = status
    wanted[#wanted + 1] = job
  end
  seen[job.id] = true
end

local known = {}
for _, job in ipairs(wanted) do
  if not known[job.queue] then
    call('SADD', KEYS[1], queue_key(job.queue))
    known[job.queue] = true
  end
end
local pushes = new_pushes()
for _, job in ipairs(wanted) do
  if job.replaces then replace(job.id) end
  store_job(job, pushes)
end
apply_pushes(pushes)
return { 'ok', duplicates }
