--@include base
-- Registers a worker, and each of its slots as one of RQ's.
-- KEYS: see base. ARGV: prefix, worker, ttl_ms, JSON of what we keep of it, queues, list of names and values for the hash of each
-- slot, number of slots, each with its name, the 'job:execution' that it runs or '', and what it has done: jobs
-- finished, failed, seconds.
-- Returns how many slots there are.
-- Invariant: rq:workers and rq:workers:Q name every slot whose hash is there.
local worker, ttl_ms, record, queues, fields = take(), take(), take(), take_list(), take_list()
for _, queue in ipairs(queues) do call('SADD', KEYS[1], queue_key(queue)) end
call('SADD', own_key('workers'), worker)
local own = own_key('worker:' .. worker)
call('DEL', own)
call('HSET', own, 'record', record, 'state', 'starting', 'heartbeat_at', whole(now_ms), 'finished', '0', 'failed', '0')
call('PEXPIRE', own, ttl_ms)
local count = take_number()
for index = 1, count do
  local slot, running, finished, failed, seconds = take(), take(), take(), take(), take()
  local key = worker_key(slot)
  call('DEL', key)
  call('HSET', key, 'name', slot, 'birth', now_iso, 'last_heartbeat', now_iso, 'state', 'started', 'wh_worker', worker,
    'successful_job_count', finished, 'failed_job_count', failed, 'total_working_time', seconds, unpack(fields))
  if running ~= '' then
    call('HSET', key, 'state', 'busy', 'wh_running', running, 'current_job', string.match(running, '^(.*):[^:]+$'))
  end
  call('PEXPIRE', key, ttl_ms)
  call('SADD', P .. 'workers', key)
  for _, queue in ipairs(queues) do call('SADD', P .. 'workers:' .. queue, key) end
end
return count
