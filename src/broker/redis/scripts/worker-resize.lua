--@include base
-- A worker has more or fewer slots from now on.
-- KEYS: see base. ARGV: prefix, worker, ttl_ms, JSON of what we keep of it (or ''), queues, list of names and values for the hash of each
-- slot, slots that it has, slots that it has no longer.
-- Returns 1, or 0 where the worker was forgotten and has to register again.
-- Invariant: rq:workers and rq:workers:Q name every slot whose hash is there.
local worker, ttl_ms, record, queues, fields = take(), take(), take(), take_list(), take_list()
local slots, gone = take_list(), take_list()
local own = own_key('worker:' .. worker)
if call('EXISTS', own) == 0 then return 0 end
if record ~= '' then call('HSET', own, 'record', record) end
for _, slot in ipairs(slots) do
  local key = worker_key(slot)
  if call('EXISTS', key) == 0 then
    call('HSET', key, 'name', slot, 'birth', now_iso, 'last_heartbeat', now_iso, 'state', 'idle', 'wh_worker', worker,
      'successful_job_count', '0', 'failed_job_count', '0', 'total_working_time', '0', unpack(fields))
    call('PEXPIRE', key, ttl_ms)
    call('SADD', P .. 'workers', key)
    for _, queue in ipairs(queues) do call('SADD', P .. 'workers:' .. queue, key) end
  end
end
for _, slot in ipairs(gone) do
  local key = worker_key(slot)
  for queue in string.gmatch(call('HGET', key, 'queues') or '', '[^,]+') do call('SREM', P .. 'workers:' .. queue, key) end
  call('SREM', P .. 'workers', key)
  call('DEL', key, key .. ':executions')
end
return 1
