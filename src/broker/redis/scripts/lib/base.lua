-- What every script begins with.
-- KEYS[1] is the set of queues: it names the slot on a cluster, where all keys share one by the prefix.
-- ARGV[1] is the prefix with its colon. The rest of ARGV is taken one after the other.
-- A script's first write must be one that Redis refuses when it is out of memory, or the script would stop half-way.
local P = ARGV[1]
local call = redis.call
local cursor = 1

local function take()
  cursor = cursor + 1
  return ARGV[cursor]
end

local function take_number()
  return tonumber(take())
end

local function take_list()
  local list = {}
  for index = 1, take_number() do
    list[index] = take()
  end
  return list
end

local time = call('TIME')
-- Microseconds are below 2^53, so Lua's numbers hold them exactly.
local now_us = time[1] * 1000000 + time[2]
local now_ms = math.floor(now_us / 1000)

-- Whole numbers as text: tostring would turn large ones into 1.7e+15.
local function whole(number)
  return string.format('%d', number)
end

-- Registries are scored with Unix seconds; ours have milliseconds behind the point.
local function score_of(ms)
  return string.format('%.3f', ms / 1000)
end

-- UTC as RQ writes it, from microseconds: civil calendar from the day number.
local function iso(us)
  local seconds = math.floor(us / 1000000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format(
    '%04d-%02d-%02dT%02d:%02d:%02d.%06dZ',
    year, month, day,
    math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60,
    us - seconds * 1000000
  )
end

-- Unix seconds, as RQ writes them where it writes numbers, of such a text; nil where it is none.
local function seconds_of(text)
  local year, month, day, h, m, s, us = string.match(text or '', '^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.(%d%d%d%d%d%d)Z$')
  if not year then return nil end
  local y = month + 0 <= 2 and year - 1 or year + 0
  local doy = math.floor((153 * (month + (month + 0 > 2 and -3 or 9)) + 2) / 5) + day - 1
  local days = y * 365 + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) + doy - 719468
  return string.format('%.0f.%s', ((days * 24 + h) * 60 + m) * 60 + s, us)
end

local now_iso = iso(now_us)
local now_seconds = string.format('%.6f', now_us / 1000000)
local this_second = string.sub(now_iso, 1, 20)

-- So many microseconds from now, of which there are few: only the digits behind the point change.
local function iso_after(us)
  local micros = now_us % 1000000 + us
  if micros > 999999 then return iso(now_us + us) end
  return this_second .. string.format('%06dZ', micros)
end

local function job_key(id) return P .. 'job:' .. id end
local function dependents_key(id) return P .. 'job:' .. id .. ':dependents' end
-- RQ's name for it has two colons.
local function dependencies_key(id) return P .. 'job::' .. id .. ':dependencies' end
local function results_key(id) return P .. 'results:' .. id end
local function queue_key(queue) return P .. 'queue:' .. queue end
local function registry_key(name, queue) return P .. name .. ':' .. queue end
local function worker_key(worker) return P .. 'worker:' .. worker end
local function own_key(name) return P .. 'workhorse:' .. name end

-- Whoever waits for the end of this job hears it.
local function tell_ended(id)
  call('PUBLISH', own_key('ended:' .. id), '')
end

-- Waiting workers look again: something becomes due, or may be claimed that could not be before.
local function tell_workers()
  call('PUBLISH', own_key('wake'), '')
end

-- A duration that our own field has in milliseconds, RQ's in seconds.
local function duration_ms(own, rq, default)
  if own then return tonumber(own) end
  local seconds = rq and tonumber(rq)
  if not seconds then return default end
  return seconds < 0 and -1 or seconds * 1000
end
