-- What a worker tells of an execution, and what is kept of that. Needs store.lua and later.lua. Takes from ARGV, for each outcome,
-- one text with a NUL behind each of: type, job id, execution id, bill, serialized result or traceback. Where there is more to say,
-- that stands behind it: what its slot has done when it is applied (jobs finished, failed, seconds; '' where nobody counts), failure
-- as JSON, delay_ms of a retry or repeat ('' for none), '1' for the front; and the jobs to store follow it.
local NO_JOBS = {}

local function take_outcome()
  local text = take()
  local kind, id, execution, bill, body, more_at = struct.unpack('sssss', text)
  -- With room for all: a table that grows costs more than it holds.
  local outcome = { type = kind, id = id, key = job_key(id), execution = execution, bill = bill, body = body,
    slot_finished = '', slot_failed = '', slot_seconds = '', failure = '', delay_ms = false, front = false, jobs = NO_JOBS }
  if more_at <= #text then
    local finished, failed, seconds, failure, delay, front = struct.unpack('ssssss', text, more_at)
    outcome.slot_finished, outcome.slot_failed, outcome.slot_seconds, outcome.failure = finished, failed, seconds, failure
    outcome.delay_ms, outcome.front = tonumber(delay) or false, front == '1'
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
  local named = (kind ~= outcome.type or kind == 'stopped') and kind or ''
  local pairs_of = { 'wh_bill', outcome.bill, FIELD_OF_TYPE[outcome.type], outcome.body, 'wh_failure', outcome.failure, 'wh_type', named }
  local count = 0
  for index = 2, 8, 2 do
    if pairs_of[index] ~= '' then
      pairs_of[count + 1], pairs_of[count + 2] = pairs_of[index - 1], pairs_of[index]
      count = count + 2
    end
  end
  call('XADD', results_key(outcome.id), 'MAXLEN', '~', '10', '*', 'type', outcome.type == 'finished' and '1' or '2',
    'worker_name', f[SLOT] or '', 'execution_id', outcome.execution, 'wh_worker', f[WORKER],
    'execution_started_at', seconds_of(f[STARTED_AT]) or now_seconds, 'execution_ended_at', now_seconds,
    unpack(pairs_of, 1, count))
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
