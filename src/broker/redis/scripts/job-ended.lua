--@include base
-- Which jobs have ended or are gone. Writes nothing.
-- KEYS: see base. ARGV: prefix, list of job ids. Returns those ids.
local ENDED = { finished = true, failed = true, stopped = true, canceled = true }
local over = {}
for _, id in ipairs(take_list()) do
  local status = call('HGET', job_key(id), 'status')
  if ENDED[status] or (not status and call('EXISTS', job_key(id)) == 0) then over[#over + 1] = id end
end
return over
