--@include base queue end
-- Takes jobs back from workers that let their lease run out, and from lists where Python workers left them when they died.
-- KEYS: see base. ARGV: prefix, max_abandonments, how many at most of each queue.
-- Returns {job id and worker in turn of those queued again, {job id, execution id, worker, abandonments, data} of those that are
-- to be failed by poison.lua, 1 where there may be more}.
-- Invariant: an expired lease is taken once; a job goes back to the front, in the order in which it was claimed.
local STUCK_FOR_S = 60
local max_abandonments, room = take_number(), take_number()
local reclaimed, poisoned, more = {}, {}, 0

local function take_back(queue, expired)
  local again = {}
  local wip = registry_key('wip', queue)
  for _, member in ipairs(expired) do
    -- RQ 1.x puts the bare id there.
    local id, execution = string.match(member, '^(.*):([^:]+)$')
    if not id or call('EXISTS', job_key(id)) == 0 and call('EXISTS', job_key(member)) == 1 then
      id, execution = member, ''
    end
    local f = call('HMGET', job_key(id), 'status', 'wh_execution', 'wh_worker', 'worker_name', 'wh_abandonments', 'started_at', 'data')
    -- A Python worker that runs the job leaves the name of our last execution in the hash: then that one has no lease.
    local is_current = f[1] == 'started'
      and (not f[2] or f[2] == execution or not call('ZSCORE', wip, id .. ':' .. f[2]))
    local worker = f[3] or f[4] or ''
    if not is_current then
      call('ZREM', wip, member)
    elseif (tonumber(f[5]) or 0) >= max_abandonments then
      poisoned[#poisoned + 1] = { id, execution, worker, tonumber(f[5]) or 0, f[7] or '' }
    else
      again[#again + 1] = { id = id, member = member, execution = execution, worker = worker, started = f[6] or '' }
    end
  end
  table.sort(again, function(a, b) return a.started > b.started end)
  local taken = {}
  for _, job in ipairs(again) do
    call('HINCRBY', job_key(job.id), 'wh_abandonments', 1)
    call('HSET', job_key(job.id), 'status', 'queued', 'enqueued_at', now_iso, 'started_at', '')
    call('HDEL', job_key(job.id), 'wh_execution', 'wh_progress', 'wh_renewed')
    push(queue, job.id, true)
    call('ZREM', wip, job.member)
    call('DEL', P .. 'execution:' .. job.member)
    call('ZREM', P .. 'executions:' .. job.id, job.execution)
    table.insert(taken, 1, job)
  end
  for _, job in ipairs(taken) do
    reclaimed[#reclaimed + 1] = job.id
    reclaimed[#reclaimed + 1] = job.worker
  end
end

-- What a Python worker has moved to its intermediate list and never started.
local function rescue(queue)
  local key = queue_key(queue) .. ':intermediate'
  for _, id in ipairs(call('LRANGE', key, 0, room - 1)) do
    local status = call('HGET', job_key(id), 'status')
    local first_seen = key .. ':first_seen:' .. id
    if status == 'queued' then
      call('SET', first_seen, string.format('%.4f', now_ms / 1000), 'NX', 'EX', 86400)
      if now_ms / 1000 - tonumber(call('GET', first_seen)) > STUCK_FOR_S then
        push(queue, id, true)
        call('LREM', key, 1, id)
        call('DEL', first_seen)
        reclaimed[#reclaimed + 1] = id
        reclaimed[#reclaimed + 1] = ''
      end
    elseif status ~= 'started' then
      call('LREM', key, 1, id)
      call('DEL', first_seen)
    end
  end
end

for _, name in ipairs(call('SMEMBERS', KEYS[1])) do
  local queue = string.sub(name, #P + 7)
  local expired = call('ZRANGEBYSCORE', registry_key('wip', queue), '-inf', score_of(now_ms), 'LIMIT', 0, room)
  if #expired > 0 then take_back(queue, expired) end
  if #expired >= room then more = 1 end
  if call('EXISTS', queue_key(queue) .. ':intermediate') == 1 then rescue(queue) end
end
return { reclaimed, poisoned, more }
