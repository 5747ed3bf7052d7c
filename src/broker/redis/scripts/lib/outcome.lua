-- Ends executions. Needs queue.lua, end.lua, store.lua and later.lua. Takes from ARGV, for each outcome:
-- type, job id, execution id, bill, serialized result or traceback, failure as JSON, delay_ms of a retry or repeat ('' for
-- none), '1' for the front, and the jobs to store.
local function take_outcome()
  local outcome = { type = take(), id = take(), execution = take(), bill = take(), body = take(), failure = take() }
  outcome.delay_ms = tonumber(take())
  outcome.front = take() == '1'
  outcome.jobs = take_jobs()
  return outcome
end

local HELD_FIELDS = { 'status', 'origin', 'wh_worker', 'wh_execution', 'worker_name', 'started_at', 'wh_renewed',
  'result_ttl', 'wh_result_ttl', 'failure_ttl', 'wh_failure_ttl', 'retries_left', 'repeats_left', 'wh_attempts', 'wh_ended', 'dependency_ids' }

local FIELD_OF_TYPE = { finished = 'return_value', failed = 'exc_string', stopped = 'exc_string' }

-- One entry of the history. Every RQ can read types 1 and 2; what we know better is in fields of our own.
local function remember(outcome, f, kind)
  local key = results_key(outcome.id)
  local entry = { 'type', outcome.type == 'finished' and '1' or '2', 'worker_name', f[5] or '',
    'execution_id', outcome.execution, 'wh_worker', f[3] }
  local started = seconds_of(f[6])
  if started then
    entry[#entry + 1] = 'execution_started_at'
    entry[#entry + 1] = started
    entry[#entry + 1] = 'execution_ended_at'
    entry[#entry + 1] = now_seconds
  end
  if outcome.body ~= '' then
    entry[#entry + 1] = FIELD_OF_TYPE[outcome.type]
    entry[#entry + 1] = outcome.body
  end
  if outcome.failure ~= '' then
    entry[#entry + 1] = 'wh_failure'
    entry[#entry + 1] = outcome.failure
  end
  if outcome.bill ~= '' then
    entry[#entry + 1] = 'wh_bill'
    entry[#entry + 1] = outcome.bill
  end
  if kind ~= outcome.type or kind == 'stopped' then
    entry[#entry + 1] = 'wh_type'
    entry[#entry + 1] = kind
  end
  call('XADD', key, 'MAXLEN', '~', 10, '*', unpack(entry))
end

-- No longer running: out of the registry of what runs, and whatever a lease renewal has written.
local function leave_running(outcome, f)
  zrem_later(registry_key('wip', f[2]), outcome.id .. ':' .. outcome.execution)
  if f[7] then
    call('DEL', P .. 'execution:' .. outcome.id .. ':' .. outcome.execution)
    call('ZREM', P .. 'executions:' .. outcome.id, outcome.execution)
    call('SREM', worker_key(f[5]) .. ':executions', outcome.id .. ':' .. outcome.execution)
  end
end

-- Another execution follows: of a retry or a repeat, after `outcome.delay_ms`.
local function run_again(outcome, f)
  local key = job_key(outcome.id)
  local left = outcome.type == 'finished' and 'repeats_left' or 'retries_left'
  call('HSET', key, 'wh_ended', outcome.execution, 'started_at', '', 'worker_name', '')
  remember(outcome, f, outcome.type == 'failed' and 'retried' or 'finished')
  call('HINCRBY', key, left, -1)
  call('HDEL', key, 'wh_worker', 'wh_execution', 'wh_progress', 'wh_due', 'wh_front')
  if outcome.delay_ms > 0 then
    local due_ms = now_ms + outcome.delay_ms
    call('HSET', key, 'wh_due', whole(due_ms), 'wh_front', outcome.front and '1' or '0')
    make_scheduled(outcome.id, f[2], due_ms)
  else
    make_queued(outcome.id, f[2], outcome.front)
  end
  leave_running(outcome, f)
end

local function put_back(outcome, f)
  call('HSET', job_key(outcome.id), 'status', 'queued', 'enqueued_at', now_iso, 'started_at', '', 'worker_name', '',
    'wh_attempts', math.max(0, (tonumber(f[14]) or 1) - 1), 'wh_ended', outcome.execution)
  call('HDEL', job_key(outcome.id), 'wh_worker', 'wh_execution', 'wh_progress')
  push(f[2], outcome.id, true)
  leave_running(outcome, f)
end

local function finish(outcome, f)
  local id, queue = outcome.id, f[2]
  local finished = outcome.type == 'finished'
  local ttl_ms
  if finished then
    ttl_ms = duration_ms(f[9], f[8], 500000)
  else
    ttl_ms = duration_ms(f[11], f[10], YEAR_MS)
  end
  if outcome.bill ~= '' then
    call('HSET', job_key(id), 'status', outcome.type, 'ended_at', now_iso, 'wh_ended', outcome.execution, 'wh_bill', outcome.bill)
  else
    call('HSET', job_key(id), 'status', outcome.type, 'ended_at', now_iso, 'wh_ended', outcome.execution)
  end
  leave_running(outcome, f)
  if ttl_ms == 0 then
    if outcome.type == 'finished' or outcome.type == 'failed' then free_dependents(id) end
    if not finished then cancel_waiting(id) end
    erase(id)
  elseif outcome.type == 'canceled' then
    make_canceled(id, queue, ttl_ms)
  else
    remember(outcome, f, outcome.type)
    local has_dependents = outcome.type == 'stopped' or free_dependents(id)
    keep_ended(id, queue, outcome.type, ttl_ms, has_dependents or f[16], zadd_later)
    tell_ended(id)
  end
end

local function has_left(outcome, f)
  local left = tonumber(outcome.type == 'finished' and f[13] or f[12]) or 0
  return outcome.delay_ms ~= nil and left > 0
end

-- Applies the outcomes that `worker` still may tell; returns the execution ids of the others, and calls
-- `ended(slot, outcome, started_at)` for each that was applied.
local function apply_outcomes(outcomes, worker, is_retry, ended)
  local refused = {}
  local released = {}
  local seen = {}
  for _, outcome in ipairs(outcomes) do
    local f = call('HMGET', job_key(outcome.id), unpack(HELD_FIELDS))
    -- One call may bring two ends of an execution; the first counts.
    local held = f[1] == 'started' and f[3] == worker and f[4] == outcome.execution and not seen[outcome.execution]
    if held then
      seen[outcome.execution] = true
      if outcome.type == 'released' then
        released[#released + 1] = { outcome = outcome, f = f, started = f[6] or '' }
      elseif has_left(outcome, f) then
        run_again(outcome, f)
      else
        finish(outcome, f)
      end
      if #outcome.jobs > 0 then
        -- One of them may take the place of this very job.
        apply_later()
        store_missing(outcome.jobs)
      end
      ended(f[5], outcome, f[6])
    elseif not (is_retry and f[15] == outcome.execution) then
      refused[#refused + 1] = outcome.execution
    end
  end
  -- To the front in the order in which they were claimed: the last one first.
  table.sort(released, function(a, b) return a.started > b.started end)
  for _, each in ipairs(released) do
    put_back(each.outcome, each.f)
  end
  return refused
end
