-- Executions that are followed by another one. Needs queue.lua and outcome.lua.

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
