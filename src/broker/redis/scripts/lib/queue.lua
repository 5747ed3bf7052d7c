-- Jobs into their queue's list, and out of whatever registry they are in.

local function push(queue, id, front)
  call(front and 'LPUSH' or 'RPUSH', queue_key(queue), id)
end

-- A job that is to be forgotten where it is not started in time: its hash expires by itself, its id in the list does
-- not, so maintenance is told. nil or negative: without a limit.
local function limit_waiting(id, queue, ttl_ms)
  if not ttl_ms or ttl_ms < 0 then return end
  local at = whole(now_ms + ttl_ms)
  call('ZADD', own_key('expiring:' .. queue), at, id)
  call('PEXPIREAT', job_key(id), at)
end

-- Becomes queued now, from whatever it was.
local function make_queued(id, queue, front, ttl_ms)
  call('HSET', job_key(id), 'status', 'queued', 'enqueued_at', now_iso)
  push(queue, id, front)
  limit_waiting(id, queue, ttl_ms)
end

-- Due at `due_ms`: behind what is due in the same millisecond already, by a thousandth of it.
local function make_scheduled(id, queue, due_ms)
  call('HSET', job_key(id), 'status', 'scheduled', 'enqueued_at', '')
  local key = registry_key('scheduled', queue)
  local first = string.format('%.6f', due_ms / 1000)
  local last = string.format('%.6f', (due_ms + 0.999) / 1000)
  local latest = call('ZREVRANGEBYSCORE', key, last, first, 'WITHSCORES', 'LIMIT', 0, 1)
  local score = first
  if latest[2] then
    score = string.format('%.6f', math.min(tonumber(last), tonumber(latest[2]) + 0.000001))
  end
  call('ZADD', key, score, id)
  tell_workers()
end

-- The millisecond of a score that make_scheduled, or Python, has given.
local function due_ms_of(score)
  return math.floor(tonumber(score) * 1000 + 0.0005)
end

local REGISTRY_OF = { finished = 'finished', failed = 'failed', stopped = 'failed', canceled = 'canceled',
  deferred = 'deferred', scheduled = 'scheduled' }

-- Takes a job that does not run out of its list or registry.
local function leave(id, queue, status)
  local registry = REGISTRY_OF[status]
  if registry then
    call('ZREM', registry_key(registry, queue), id)
  else
    call('LREM', queue_key(queue), 1, id)
  end
  if status == 'stopped' then call('ZREM', own_key('stopped:' .. queue), id) end
  call('ZREM', own_key('expiring:' .. queue), id)
end
