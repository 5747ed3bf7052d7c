--@include base
-- One stretch of a queue's list or registry, from its newest end, for sorting: what may belong to a page of jobs. Writes nothing.
-- KEYS: see base. ARGV: prefix, 'queue' or the registry, queue, where to begin, how many, wanted state or '', '1' where data is
-- wanted, the oldest and the newest second of created_at that is wanted as RQ writes it ('' for any).
-- Returns {how many ids were looked at, {id, created_at, status, data or nil} of each job that may be wanted}.
local kind, queue, from, count, state = take(), take(), take_number(), take_number(), take()
local with_data = take() == '1'
local oldest, newest = take(), take()
local KNOWN = { queued = true, started = true, finished = true, failed = true, deferred = true, scheduled = true,
  stopped = true, canceled = true }

local ids
if kind == 'queue' then
  ids = call('LRANGE', queue_key(queue), -from - count, -from - 1)
else
  ids = call('ZREVRANGE', registry_key(kind, queue), from, from + count - 1)
end

local found = {}
for _, member in ipairs(ids) do
  local id = kind == 'wip' and string.match(member, '^(.*):[^:]+$') or member
  local f = call('HMGET', job_key(id), 'created_at', 'status', with_data and 'data' or 'wh_none')
  local second = f[1] and string.sub(f[1], 1, 19)
  if second and (oldest == '' or second >= oldest) and (newest == '' or second <= newest)
    and (state == '' or f[2] == state or not KNOWN[f[2]]) then
    found[#found + 1] = { id, f[1], f[2], f[3] }
  end
end
return { #ids, found }
