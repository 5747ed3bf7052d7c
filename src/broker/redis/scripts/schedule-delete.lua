--@include base
-- Forgets a schedule. KEYS: see base. ARGV: prefix, name. Returns 1, or 0 where there was none.
local name = take()
call('SREM', own_key('schedules'), name)
return call('DEL', own_key('schedule:' .. name))
