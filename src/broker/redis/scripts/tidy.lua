--@include base
-- Forgets workers that died without a word, and group members that are gone. For now and then: it reads whole sets.
-- KEYS: see base. ARGV: prefix. Returns how many workers were forgotten.
-- Invariant: only names whose hash has expired are removed.
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
for _, group in ipairs(call('SMEMBERS', P .. 'groups')) do
  local key = P .. 'group:' .. group
  for _, id in ipairs(call('SMEMBERS', key)) do
    if call('EXISTS', job_key(id)) == 0 then call('SREM', key, id) end
  end
  if call('EXISTS', key) == 0 then call('SREM', P .. 'groups', group) end
end
return forgotten
