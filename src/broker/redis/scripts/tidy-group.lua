--@include base
-- Forgets members of a group that are gone, a stretch of it at a time.
-- KEYS: see base. ARGV: prefix, group, cursor of SSCAN, how many members to look at.
-- Returns the next cursor, '0' where the group is through.
-- Invariant: only names whose hash is gone are removed; a group is gone with its last member.
local group, from, count = take(), take(), take_number()
local key = P .. 'group:' .. group
local reply = call('SSCAN', key, from, 'COUNT', count)
for _, id in ipairs(reply[2]) do
  if call('EXISTS', job_key(id)) == 0 then call('SREM', key, id) end
end
if call('EXISTS', key) == 0 then call('SREM', P .. 'groups', group) end
return reply[1]
