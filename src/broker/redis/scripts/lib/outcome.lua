-- Ends executions. Needs queue.lua, end.lua, store.lua and later.lua. Takes from ARGV, for each outcome:
-- type, job id, execution id, bill, serialized result or traceback, what its slot has done when it is applied (jobs finished,
-- failed, seconds; '' where nobody counts), and '1' where more is said of it: failure as JSON, delay_ms of a retry or repeat
-- ('' for none), '1' for the front, and the jobs to store.
local NO_JOBS = {}

local function take_outcome()
  local kind, id, execution = take(), take(), take()
  -- With room for all: a table that grows costs more than it holds.
  local outcome = { type = kind, id = id, key = job_key(id), execution = execution, bill = take(), body = take(),
    slot_finished = take(), slot_failed = take(), slot_seconds = take(), failure = '', delay_ms = false, front = false,
    jobs = NO_JOBS }
  if take() == '1' then
    outcome.failure = take()
    outcome.delay_ms = tonumber(take()) or false
    outcome.front = take() == '1'
    outcome.jobs = take_jobs()
  end
  return outcome
end

-- The job as the outcome meets it. Each field that is asked for costs, there or not: only what is needed.
local STATUS, QUEUE, WORKER, EXECUTION, SLOT, STARTED_AT, RENEWED, DEPENDENCIES, TTL = 1, 2, 3, 4, 5, 6, 7, 8, 9
local function look_at(outcome)
  return call('HMGET', outcome.key, 'status', 'origin', 'wh_worker', 'wh_execution', 'worker_name', 'started_at',
    'wh_renewed', 'dependency_ids', outcome.type == 'finished' and 'result_ttl' or 'failure_ttl')
end

local FIELD_OF_TYPE = { finished = 'return_value', failed = 'exc_string', stopped = 'exc_string' }

-- One entry of the history. Every RQ can read types 1 and 2; what we know better is in fields of our own.
local function remember(outcome, f, kind)
  local is_plain = kind == outcome.type and kind ~= 'stopped'
  local more = { 'wh_bill', outcome.bill, FIELD_OF_TYPE[outcome.type], outcome.body, 'wh_failure', outcome.failure,
    'wh_type', is_plain and '' or kind }
  local count = 0
  for index = 2, 8, 2 do
    if more[index] ~= '' then
      more[count + 1], more[count + 2] = more[index - 1], more[index]
      count = count + 2
    end
  end
  call('XADD', results_key(outcome.id), 'MAXLEN', '~', '10', '*', 'type', outcome.type == 'finished' and '1' or '2',
    'worker_name', f[SLOT] or '', 'execution_id', outcome.execution, 'wh_worker', f[WORKER],
    'execution_started_at', seconds_of(f[STARTED_AT]) or now_seconds, 'execution_ended_at', now_seconds,
    unpack(more, 1, count))
end

-- No longer running: out of the registry of what runs, and whatever a lease renewal has written.
local function leave_running(outcome, f)
  local both = outcome.id .. ':' .. outcome.execution
  zrem_later(registry_key('wip', f[QUEUE]), both)
  if f[RENEWED] then
    call('DEL', P .. 'execution:' .. both)
    call('ZREM', P .. 'executions:' .. outcome.id, outcome.execution)
    call('SREM', worker_key(f[SLOT] or '') .. ':executions', both)
  end
end

-- Another execution follows: of a retry or a repeat, after `outcome.delay_ms`.
local function run_again(outcome, f)
  local key = outcome.key
  local left = outcome.type == 'finished' and 'repeats_left' or 'retries_left'
  call('HSET', key, 'wh_ended', outcome.execution, 'started_at', '', 'worker_name', '')
  remember(outcome, f, outcome.type == 'failed' and 'retried' or 'finished')
  call('HINCRBY', key, left, -1)
  call('HDEL', key, 'wh_worker', 'wh_execution', 'wh_progress', 'wh_due', 'wh_front')
  if outcome.delay_ms > 0 then
    local due_ms = now_ms + outcome.delay_ms
    call('HSET', key, 'wh_due', whole(due_ms), 'wh_front', outcome.front and '1' or '0')
    make_scheduled(outcome.id, f[QUEUE], due_ms)
  else
    make_queued(outcome.id, f[QUEUE], outcome.front)
  end
  leave_running(outcome, f)
end

local function put_back(outcome, f)
  local key = outcome.key
  local attempts = tonumber(call('HGET', key, 'wh_attempts')) or 1
  call('HSET', key, 'status', 'queued', 'enqueued_at', now_iso, 'started_at', '', 'worker_name', '',
    'wh_attempts', math.max(0, attempts - 1), 'wh_ended', outcome.execution)
  call('HDEL', key, 'wh_worker', 'wh_execution', 'wh_progress')
  push(f[QUEUE], outcome.id, true)
  leave_running(outcome, f)
end

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
