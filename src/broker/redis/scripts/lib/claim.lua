-- Hands out jobs. Needs base.lua and later.lua.

-- Queued by whoever, in whatever version. Any other state has a registry of its own, and this id is left over.
local CLAIMABLE = { queued = true, created = true, ready_to_enqueue = true }

-- A claimed job is a row: first the texts that are handed out, in the order in which claimed-job.ts reads them, then its bytes, then
-- what only this script looks at. Tables by name, and a reply of many small texts, cost several times as much.
local ROW_ID, ROW_EXECUTION, ROW_SLOT, ROW_ATTEMPT, ROW_STARTED, LAST_TEXT = 1, 2, 3, 4, 5, 18
local ROW_DATA, ROW_META, ROW_STATUS, ATTEMPTS, EXPIRES, ENDED_AT, RUNS_AS, RUNS_IN, RUNS_SINCE = 19, 20, 21, 22, 23, 24, 25, 26, 27
local PLACE_OF = {
  origin = 6, created_at = 7, enqueued_at = 8, timeout = 9, wh_timeout = 10, group_id = 11, wh_abandonments = 12, wh_options = 13,
  retries_left = 14, retry_intervals = 15, enqueue_at_front_on_retry = 16, repeats_left = 17, repeat_intervals = 18,
  data = ROW_DATA, meta = ROW_META, status = ROW_STATUS, wh_attempts = ATTEMPTS, ttl = EXPIRES, ended_at = ENDED_AT,
  wh_execution = RUNS_AS, worker_name = RUNS_IN, started_at = RUNS_SINCE,
}
-- A row of a hash without fields, behind its id.
local BLANK = { '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', false, '', false, false, false, false, false, false, false }

-- The row and its hash's key. The hash whole: that costs less than asking for every field that a job may have.
local function row_of(id)
  local row, key = { id, unpack(BLANK) }, job_key(id)
  local flat = call('HGETALL', key)
  for index = 1, #flat, 2 do
    local place = PLACE_OF[flat[index]]
    if place then row[place] = flat[index + 1] end
  end
  return row, key
end

local function hand_out(params, row, execution, slot, attempt, started)
  row[ROW_EXECUTION], row[ROW_SLOT], row[ROW_ATTEMPT], row[ROW_STARTED] = execution, slot, attempt, started
  local reply, last = params.reply, #params.reply
  params.claimed[#params.claimed + 1] = row
  reply[last + 1], reply[last + 2], reply[last + 3] = table.concat(row, '\0', 1, LAST_TEXT), row[ROW_DATA] or '', row[ROW_META]
end

-- Starts the job in the same step in which it leaves its list: there is no moment at which a crash loses it.
local function start(params, row, key)
  local id, number = row[ROW_ID], #params.claimed
  local execution = params.token .. string.format('%04x', number)
  local slot = params.next_slot()
  -- Microseconds tell the order of those that were claimed together.
  local started = iso_after(number)
  local attempt = row[ATTEMPTS] and whole((tonumber(row[ATTEMPTS]) or 0) + 1) or '1'
  call('HSET', key, 'status', 'started', 'started_at', started, 'last_heartbeat', started, 'worker_name', slot,
    'wh_worker', params.worker, 'wh_execution', execution, 'wh_attempts', attempt)
  if row[ENDED_AT] and row[ENDED_AT] ~= '' then call('HSET', key, 'ended_at', '') end
  if attempt ~= '1' then call('HDEL', key, 'wh_progress', 'wh_bill', 'wh_renewed') end
  zadd_later(params.wip, params.lease_end, id .. ':' .. execution)
  if row[EXPIRES] then
    call('PERSIST', key)
    call('ZREM', own_key('expiring:' .. params.queue), id)
  end
  hand_out(params, row, execution, slot, attempt, started)
end

-- Up to params.limit jobs, strictly one queue after the other.
local function claim(params)
  if params.limit == 0 or call('EXISTS', P .. 'suspended') == 1 then return end
  for _, queue in ipairs(params.queues) do
    if #params.claimed >= params.limit then return end
    if call('SISMEMBER', own_key('paused'), queue) == 0 then
      params.queue, params.wip = queue, registry_key('wip', queue)
      repeat
        local ids = call('LRANGE', queue_key(queue), 0, params.limit - #params.claimed - 1)
        for _, id in ipairs(ids) do
          local row, key = row_of(id)
          if row[ROW_DATA] and (not row[ROW_STATUS] or CLAIMABLE[row[ROW_STATUS]]) then start(params, row, key) end
        end
        if #ids > 0 then call('LTRIM', queue_key(queue), #ids, -1) end
      until #ids == 0 or #params.claimed >= params.limit
    end
  end
end

-- 'job:execution' of what calls with these tokens have claimed, in that order.
local function claims_of(tokens, queues)
  local found = {}
  for _, queue in ipairs(queues) do
    for _, both in ipairs(call('ZRANGE', registry_key('wip', queue), 0, -1)) do
      local execution = string.match(both, ':([^:]+)$') or ''
      for _, token in ipairs(tokens) do
        if string.sub(execution, 1, #token) == token then found[#found + 1] = { execution, both } end
      end
    end
  end
  table.sort(found, function(one, other) return one[1] < other[1] end)
  return found
end

-- What earlier calls have claimed whose answers got lost.
local function claim_again(params, tokens)
  for _, found in ipairs(claims_of(tokens, params.queues)) do
    local execution, both = found[1], found[2]
    local id = string.sub(both, 1, #both - #execution - 1)
    local row = row_of(id)
    if row[ROW_STATUS] == 'started' and row[RUNS_AS] == execution then
      local slot = row[RUNS_IN] or params.worker
      hand_out(params, row, execution, slot, row[ATTEMPTS] or '', row[RUNS_SINCE] or '')
      params.taken[slot] = true
    end
  end
end
