--@include base
-- All schedules. Writes nothing.
-- KEYS: see base. ARGV: prefix. Returns {name, hash as a flat list} of each.
local list = {}
for index, name in ipairs(call('SMEMBERS', own_key('schedules'))) do
  list[index] = { name, call('HGETALL', own_key('schedule:' .. name)) }
end
return list
