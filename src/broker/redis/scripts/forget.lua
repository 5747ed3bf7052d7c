--@include base
-- Removes from lists and registries what Redis has let expire.
-- KEYS: see base. ARGV: prefix, how many at most of each registry.
-- Returns {how many jobs, 1 where there may be more}.
-- Invariant: only ids whose hash is gone, or whose time is over, are removed.
local room = take_number()
local forgotten, more = 0, 0

local function trim(key)
  local ids = call('ZRANGEBYSCORE', key, 0, score_of(now_ms), 'LIMIT', 0, room)
  if #ids == 0 then return end
  call('ZREM', key, unpack(ids))
  forgotten = forgotten + #ids
  if #ids >= room then more = 1 end
end

for _, name in ipairs(call('SMEMBERS', KEYS[1])) do
  local queue = string.sub(name, #P + 7)
  trim(registry_key('finished', queue))
  trim(registry_key('failed', queue))
  call('ZREMRANGEBYSCORE', own_key('stopped:' .. queue), 0, score_of(now_ms))
  local expiring = own_key('expiring:' .. queue)
  local over = call('ZRANGEBYSCORE', expiring, 0, whole(now_ms), 'LIMIT', 0, room)
  for _, id in ipairs(over) do
    if call('EXISTS', job_key(id)) == 0 then
      local was = call('ZREM', registry_key('canceled', queue), id)
      if was == 0 then was = call('LREM', queue_key(queue), 1, id) end
      forgotten = forgotten + was
    end
    call('ZREM', expiring, id)
  end
  if #over >= room then more = 1 end
end
return { forgotten, more }
