--@include base
-- Groups of jobs, as RQ keeps them. An expired job is in its set until tidy.lua removes it, so here each is looked at.
-- KEYS: see base. ARGV: prefix, 'fetch' or 'delete' and the name of a group, or 'list'.
-- Returns ids of jobs that exist, or names of groups that have one.
local what, name = take(), take()

local function members(group)
  local there = {}
  for _, id in ipairs(call('SMEMBERS', P .. 'group:' .. group)) do
    if call('EXISTS', job_key(id)) == 1 then there[#there + 1] = id end
  end
  return there
end

if what == 'fetch' then return members(name) end

if what == 'delete' then
  for _, id in ipairs(members(name)) do call('HDEL', job_key(id), 'group_id') end
  call('DEL', P .. 'group:' .. name)
  call('SREM', P .. 'groups', name)
  return {}
end

local function has_member(group)
  local from = '0'
  repeat
    local reply = call('SSCAN', P .. 'group:' .. group, from, 'COUNT', 100)
    for _, id in ipairs(reply[2]) do
      if call('EXISTS', job_key(id)) == 1 then return true end
    end
    from = reply[1]
  until from == '0'
  return false
end

local names = {}
for _, group in ipairs(call('SMEMBERS', P .. 'groups')) do
  if has_member(group) then names[#names + 1] = group end
end
return names
