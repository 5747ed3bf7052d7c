--@include base
-- Stores what a running job says about itself.
-- KEYS: see base. ARGV: prefix, job id, execution id, serialized meta or '', progress or ''.
-- Returns 1, or 0 where the execution does not run any more.
-- Invariant: nothing is written by an execution that the job's hash does not name.
local id, execution, meta, progress = take(), take(), take(), take()
local f = call('HMGET', job_key(id), 'status', 'wh_execution')
if f[1] ~= 'started' or f[2] ~= execution then return 0 end
if meta ~= '' then call('HSET', job_key(id), 'meta', meta) end
if progress ~= '' then call('HSET', job_key(id), 'wh_progress', progress) end
return 1
