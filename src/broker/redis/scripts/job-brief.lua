--@include base
-- What sorting a list of jobs needs. Writes nothing.
-- KEYS: see base. ARGV: prefix, '1' where data is wanted, list of job ids.
-- Returns for each {created_at, status, data or nil}; nil where there is no such job.
local with_data = take() == '1'
local jobs = {}
for index, id in ipairs(take_list()) do
  local f = call('HMGET', job_key(id), 'created_at', 'status', with_data and 'data' or 'wh_none')
  jobs[index] = f[1] and f or false
end
return jobs
