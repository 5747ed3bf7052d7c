-- Applies outcomes. Needs outcome.lua, again.lua, end.lua, store.lua and later.lua.

-- How long it is kept. What is finer than RQ's seconds stands beside them.
local function kept_ms(outcome, f)
  local finished = outcome.type == 'finished'
  if not f[TTL] then return finished and 500000 or YEAR_MS end
  return duration_ms(call('HGET', outcome.key, finished and 'wh_result_ttl' or 'wh_failure_ttl'), f[TTL])
end

-- `is_alone`: that no job waits for it is known.
local function finish(outcome, f, is_alone)
  local id, kind = outcome.id, outcome.type
  local ttl_ms = kept_ms(outcome, f)
  -- wh_execution stays: a repeated call finds by it that this has been told.
  call('HSET', outcome.key, 'status', kind, 'ended_at', now_iso)
  leave_running(outcome, f)
  if ttl_ms == 0 then
    if kind == 'finished' or kind == 'failed' then free_dependents(id) end
    if kind ~= 'finished' then cancel_waiting(id) end
    erase(id)
  elseif kind == 'canceled' then
    -- It has no entry in the history, where the bill of others is.
    if outcome.bill ~= '' then call('HSET', outcome.key, 'wh_bill', outcome.bill) end
    make_canceled(id, f[QUEUE], ttl_ms)
  else
    remember(outcome, f, kind)
    local has_dependents = kind == 'stopped' or not is_alone and free_dependents(id)
    keep_ended(id, f[QUEUE], kind, ttl_ms, has_dependents or f[DEPENDENCIES], zadd_later)
    tell_ended(id)
  end
end

local function has_left(outcome)
  if not outcome.delay_ms then return false end
  local left = call('HGET', outcome.key, outcome.type == 'finished' and 'repeats_left' or 'retries_left')
  return (tonumber(left) or 0) > 0
end

-- True where an earlier call has told this, whose answer got lost.
local function is_told(outcome, f)
  if f[EXECUTION] == outcome.execution and f[STATUS] ~= 'started' then return true end
  return call('HGET', outcome.key, 'wh_ended') == outcome.execution
end

-- Mostly no job waits for any of them, and one look tells. Jobs that are stored in between may wait for others of them.
local function are_alone(outcomes)
  local keys = {}
  for index, outcome in ipairs(outcomes) do
    if outcome.jobs ~= NO_JOBS then return false end
    keys[index] = dependents_key(outcome.id)
  end
  return #keys > 0 and #keys <= MOST_ARGUMENTS and call('EXISTS', unpack(keys)) == 0
end

-- Applies the outcomes that `worker` still may tell; returns the execution ids of the others, and calls
-- `ended(slot, outcome)` for each that was applied.
local function apply_outcomes(outcomes, worker, is_retry, ended)
  local refused = {}
  local released = {}
  local seen = {}
  local is_alone = are_alone(outcomes)
  for _, outcome in ipairs(outcomes) do
    local f = look_at(outcome)
    -- One call may bring two ends of an execution; the first counts.
    local held = f[STATUS] == 'started' and f[WORKER] == worker and f[EXECUTION] == outcome.execution and not seen[outcome.execution]
    if held then
      seen[outcome.execution] = true
      if outcome.type == 'released' then
        released[#released + 1] = { outcome = outcome, f = f }
      elseif has_left(outcome) then
        run_again(outcome, f)
      else
        finish(outcome, f, is_alone)
      end
      if #outcome.jobs > 0 then
        -- One of them may take the place of this very job.
        apply_later()
        store_missing(outcome.jobs)
      end
      ended(f[SLOT], outcome)
    elseif not (is_retry and is_told(outcome, f)) then
      refused[#refused + 1] = outcome.execution
    end
  end
  -- To the front in the order in which they were claimed: the last one first.
  table.sort(released, function(a, b) return (a.f[STARTED_AT] or '') > (b.f[STARTED_AT] or '') end)
  for _, each in ipairs(released) do
    put_back(each.outcome, each.f)
  end
  return refused
end
