--@include base queue end
-- The jobs that wait for one. Writes nothing.
-- KEYS: see base. ARGV: prefix, job id. Returns their ids.
local ids = {}
for index, job in ipairs(waiting_for(take())) do ids[index] = job.id end
return ids
