--@include base queue
-- Queues scheduled jobs whose time has come, in the order in which they became due.
-- KEYS: see base. ARGV: prefix, how many at most.
-- Returns {how many were queued, 1 where there may be more, when it is now and when the next one becomes due, both in ms, the latter or nil}.
-- Invariant: a job leaves rq:scheduled in the step in which it enters its list, so that nobody can queue it twice. Queues
-- whose lock a Python scheduler holds are left to it: it reads and writes in two steps.
local MISSING_FOR_MS = 60000
local room = take_number()
local promoted, more, next_due = 0, 0, false

-- Python writes the score before the hash, so a job that is not there yet is given some time to appear.
local function wait_for_hash(key, id)
  local first_seen = own_key('missing:' .. id)
  call('SET', first_seen, whole(now_ms), 'NX', 'PX', MISSING_FOR_MS * 2)
  if now_ms - tonumber(call('GET', first_seen)) < MISSING_FOR_MS then
    call('ZADD', key, score_of(now_ms + 1000), id)
  else
    call('DEL', first_seen)
    call('ZREM', key, id)
  end
end

for _, queue_name in ipairs(call('SMEMBERS', KEYS[1])) do
  local queue = string.sub(queue_name, #P + 7)
  local key = registry_key('scheduled', queue)
  if call('EXISTS', key) == 1 and call('EXISTS', P .. 'scheduler-lock:' .. queue) == 0 then
    local due = call('ZRANGEBYSCORE', key, '-inf', score_of(now_ms) .. '999', 'LIMIT', 0, math.max(0, room - promoted))
    for _, id in ipairs(due) do
      local f = call('HMGET', job_key(id), 'status', 'enqueue_at_front', 'wh_front', 'wh_ttl', 'ttl', 'wh_attempts')
      if call('EXISTS', job_key(id)) == 0 then
        wait_for_hash(key, id)
      elseif f[1] ~= 'scheduled' then
        -- Python lets a repeated job be finished and scheduled at once; anything else is left over.
        if f[1] == 'finished' then make_queued(id, queue, false) end
        call('ZREM', key, id)
      else
        local ttl_ms = (tonumber(f[6]) or 0) == 0 and duration_ms(f[4], f[5]) or nil
        make_queued(id, queue, (f[3] or f[2]) == '1', ttl_ms)
        call('HDEL', job_key(id), 'wh_front')
        call('ZREM', key, id)
        promoted = promoted + 1
      end
    end
    if promoted >= room then more = 1 end
    local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if first[2] then
      local at = due_ms_of(first[2])
      if not next_due or at < next_due then next_due = at end
    end
  end
end
return { promoted, more, whole(now_ms), next_due and whole(next_due) }
