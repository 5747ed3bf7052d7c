--@include base
-- All workers, ours and Python's. Writes nothing.
-- KEYS: see base. ARGV: prefix.
-- Returns {{name, our hash as a flat list} of each of ours, {key, RQ's hash as a flat list, running 'job:execution's} of each of
-- RQ's, slots included}.
local own, rq = {}, {}
for _, name in ipairs(call('SMEMBERS', own_key('workers'))) do
  local hash = call('HGETALL', own_key('worker:' .. name))
  if #hash > 0 then own[#own + 1] = { name, hash } end
end
for _, key in ipairs(call('SMEMBERS', P .. 'workers')) do
  local hash = call('HGETALL', key)
  if #hash > 0 then rq[#rq + 1] = { key, hash, call('SMEMBERS', key .. ':executions') } end
end
return { own, rq }
