--@include base
-- Reads jobs whole. Writes nothing.
-- KEYS: see base. ARGV: prefix, list of job ids.
-- Returns for each {hash as a flat list, score in rq:scheduled or nil, latest entry of its history as a flat list or nil};
-- an empty hash where there is no such job.
local jobs = {}
for index, id in ipairs(take_list()) do
  local hash = call('HGETALL', job_key(id))
  local due, latest = false, false
  if #hash > 0 then
    local f = call('HMGET', job_key(id), 'status', 'origin')
    if f[1] == 'scheduled' and f[2] then due = call('ZSCORE', registry_key('scheduled', f[2]), id) end
    if f[1] == 'finished' or f[1] == 'failed' or f[1] == 'stopped' then
      local entries = call('XREVRANGE', results_key(id), '+', '-', 'COUNT', 1)
      if entries[1] then latest = entries[1][2] end
    end
  end
  jobs[index] = { hash, due, latest }
end
return jobs
