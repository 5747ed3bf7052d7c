--@include base
-- Makes an owner's schedules those that are given.
-- KEYS: see base. ARGV: prefix, owner, how many, and of each name, hash, spec, job, next_at.
-- Returns {'foreign', name, its owner} and changes nothing where a name is another's;
-- else {'ok', names added, names changed, names removed}.
-- Invariant: workhorse:schedules names every schedule whose hash is there.
local owner = take()
local wanted, given = {}, {}
for index = 1, take_number() do
  local one = { name = take(), hash = take(), spec = take(), job = take(), next_at = take() }
  wanted[one.name] = true
  given[index] = one
end

for _, one in ipairs(given) do
  local other = call('HGET', own_key('schedule:' .. one.name), 'owner')
  if other and other ~= owner then return { 'foreign', one.name, other } end
end

local added, changed, removed = {}, {}, {}
for _, one in ipairs(given) do
  local key = own_key('schedule:' .. one.name)
  local hash = call('HGET', key, 'hash')
  if hash ~= one.hash then
    call('HSET', key, 'owner', owner, 'hash', one.hash, 'spec', one.spec, 'job', one.job, 'next_at', one.next_at)
    call('SADD', own_key('schedules'), one.name)
    local list = hash and changed or added
    list[#list + 1] = one.name
  end
end
for _, name in ipairs(call('SMEMBERS', own_key('schedules'))) do
  local key = own_key('schedule:' .. name)
  if not wanted[name] and call('HGET', key, 'owner') == owner then
    call('DEL', key)
    call('SREM', own_key('schedules'), name)
    removed[#removed + 1] = name
  end
end
return { 'ok', added, changed, removed }
