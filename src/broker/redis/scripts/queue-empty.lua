--@include base queue end
-- Deletes jobs that are queued.
-- KEYS: see base. ARGV: prefix, queue, how many at most.
-- Returns {how many ids were taken from the list, how many of them were jobs}.
-- Invariant: as that of deleting one: those that wait for a deleted job are canceled.
local queue, room = take(), take_number()
local ids = call('LRANGE', queue_key(queue), 0, room - 1)
if #ids == 0 then return { 0, 0 } end
call('LTRIM', queue_key(queue), #ids, -1)
local deleted = 0
for _, id in ipairs(ids) do
  local status = call('HGET', job_key(id), 'status')
  if status and status ~= 'started' then
    call('ZREM', own_key('expiring:' .. queue), id)
    cancel_waiting(id)
    erase(id)
    deleted = deleted + 1
  end
end
return { #ids, deleted }
