-- Changes of registries that are made together: one command for all members instead of one for each. Needs base.lua.
-- Whoever includes it calls apply_later at its end, and before it reads what it has changed so.
local MOST_ARGUMENTS = 2000
local later = { ZADD = {}, ZREM = {} }

local function list_for(command, key)
  local list = later[command][key]
  if not list then
    list = {}
    later[command][key] = list
  end
  return list
end

local function zadd_later(key, score, member)
  local list = list_for('ZADD', key)
  list[#list + 1] = score
  list[#list + 1] = member
end

local function zrem_later(key, member)
  local list = list_for('ZREM', key)
  list[#list + 1] = member
end

local function apply_later()
  for _, command in ipairs({ 'ZREM', 'ZADD' }) do
    for key, list in pairs(later[command]) do
      for first = 1, #list, MOST_ARGUMENTS do
        call(command, key, unpack(list, first, math.min(#list, first + MOST_ARGUMENTS - 1)))
      end
    end
    later[command] = {}
  end
end
