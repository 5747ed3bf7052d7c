--@include base
-- A worker lives: it and its slots are kept for another ttl_ms.
-- KEYS: see base. ARGV: prefix, worker, ttl_ms, state, finished, failed, slots.
-- Returns 1, or 0 where the worker was forgotten and has to register again.
-- Invariant: no hash is made here: half a worker would be one without its name.
local worker, ttl_ms, state, finished, failed, slots = take(), take(), take(), take(), take(), take_list()
local own = own_key('worker:' .. worker)
if call('EXISTS', own) == 0 then return 0 end
call('HSET', own, 'state', state, 'heartbeat_at', whole(now_ms), 'finished', finished, 'failed', failed)
call('PEXPIRE', own, ttl_ms)
local suspended = call('EXISTS', P .. 'suspended') == 1
for _, slot in ipairs(slots) do
  local key = worker_key(slot)
  if call('EXISTS', key) == 0 then return 0 end
  local running = call('HEXISTS', key, 'wh_running') == 1
  call('HSET', key, 'last_heartbeat', now_iso, 'state', running and 'busy' or suspended and 'suspended' or 'idle')
  if state == 'stopping' then call('HSETNX', key, 'shutdown_requested_date', now_iso) end
  call('PEXPIRE', key, ttl_ms)
end
return 1
