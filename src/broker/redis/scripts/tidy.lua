--@include base
-- Forgets workers that died without a word, and stopped jobs that are something else by now. For now and then: it reads whole sets.
-- KEYS: see base. ARGV: prefix. Returns how many workers were forgotten.
-- Invariant: only names whose hash has expired are removed, and ids of jobs that are not stopped.
local STOPPED_AT_A_TIME = 100
local forgotten = 0
for _, key in ipairs(call('SMEMBERS', P .. 'workers')) do
  if call('EXISTS', key) == 0 then
    call('SREM', P .. 'workers', key)
    for _, queue in ipairs(call('SMEMBERS', KEYS[1])) do
      call('SREM', P .. 'workers:' .. string.sub(queue, #P + 7), key)
    end
    forgotten = forgotten + 1
  end
end
for _, name in ipairs(call('SMEMBERS', own_key('workers'))) do
  if call('EXISTS', own_key('worker:' .. name)) == 0 then call('SREM', own_key('workers'), name) end
end
-- Python's tools delete and requeue without a word of that. Some at random: in time all are looked at.
for _, queue in ipairs(call('SMEMBERS', KEYS[1])) do
  local key = own_key('stopped:' .. string.sub(queue, #P + 7))
  for _, id in ipairs(call('ZRANDMEMBER', key, STOPPED_AT_A_TIME)) do
    if call('HGET', job_key(id), 'status') ~= 'stopped' then call('ZREM', key, id) end
  end
end
return forgotten
