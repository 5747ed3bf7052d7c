--@include base
-- A worker leaves. Its slots stay readable for a minute, as RQ's workers do.
-- KEYS: see base. ARGV: prefix, worker. Returns how many slots it had.
local worker = take()
call('DEL', own_key('worker:' .. worker))
call('SREM', own_key('workers'), worker)
local slots = 0
for _, key in ipairs(call('SMEMBERS', P .. 'workers')) do
  local f = call('HMGET', key, 'wh_worker', 'queues')
  if f[1] == worker then
    slots = slots + 1
    call('HSET', key, 'death', now_iso)
    call('PEXPIRE', key, 60000)
    call('DEL', key .. ':executions')
    call('SREM', P .. 'workers', key)
    for queue in string.gmatch(f[2] or '', '[^,]+') do call('SREM', P .. 'workers:' .. queue, key) end
  end
end
return slots
