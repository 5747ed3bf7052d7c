--@include base
-- Forgets workers that died without a word. For now and then: it reads whole sets.
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
return forgotten
