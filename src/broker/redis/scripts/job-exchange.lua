--@include base queue end store outcome claim
-- Ends executions and claims jobs, in one step.
-- KEYS: see base. ARGV: prefix, worker, '1' where an earlier answer may have got lost, lease_ms, limit, token of this call,
-- free slots, queues, tokens of calls whose answers got lost, all slots (where there are any such),
-- number of outcomes, each as outcome.lua takes it.
-- Returns {refused execution ids, {id, execution id, slot, fields of CLAIM_FIELDS} of each claimed job}.
-- Invariant: a started job is in rq:wip with the lease of the one execution that its hash names; only that one's worker
-- can end it; a slot's hash names the job that it runs.
local params = { worker = take(), claimed = {}, taken = {} }
local is_retry = take() == '1'
params.lease_end = score_of(now_ms + take_number())
params.limit = take_number()
params.token = take()
params.slots = take_list()
params.queues = take_list()
local lost_tokens = take_list()
local all_slots = take_list()
local outcomes = {}
for index = 1, take_number() do
  outcomes[index] = take_outcome()
end

-- Slots as RQ's workers, written once at the end. Those of workers that are not registered have no hash.
local slots = {}
local function slot_of(name)
  if not name or name == '' then return {} end
  local slot = slots[name]
  if not slot then
    slot = { exists = call('EXISTS', worker_key(name)) == 1, finished = 0, failed = 0, seconds = 0 }
    slots[name] = slot
  end
  return slot
end

local function seconds_since(text)
  local h, m, s, us = string.match(text or '', 'T(%d+):(%d+):(%d+)%.(%d+)Z$')
  if not h then return 0 end
  local then_us = ((h * 60 + m) * 60 + s) * 1000000 + us
  local elapsed = (now_us % 86400000000) - then_us
  if elapsed < 0 then elapsed = elapsed + 86400000000 end
  return elapsed / 1000000
end

local refused = apply_outcomes(outcomes, params.worker, is_retry, function(name, outcome, started_at)
  local slot = slot_of(name)
  if not slot.exists then return end
  slot.idle = true
  if outcome.type == 'finished' then slot.finished = slot.finished + 1 end
  if outcome.type == 'failed' or outcome.type == 'stopped' then slot.failed = slot.failed + 1 end
  slot.seconds = slot.seconds + seconds_since(started_at)
end)

if #lost_tokens > 0 then claim_again(params, lost_tokens, all_slots) end
claim(params)

for _, claimed in ipairs(params.claimed) do
  local slot = slot_of(claimed[3])
  if slot.exists then
    slot.idle = false
    call('HSET', worker_key(claimed[3]), 'state', 'busy', 'current_job', claimed[1], 'current_job_working_time', '0',
      'wh_running', claimed[1] .. ':' .. claimed[2])
  end
end
for name, slot in pairs(slots) do
  local key = slot.exists and worker_key(name)
  if key and slot.idle then
    call('HDEL', key, 'current_job', 'current_job_working_time', 'wh_running')
    call('HSET', key, 'state', 'idle')
  end
  if key and slot.finished > 0 then call('HINCRBY', key, 'successful_job_count', slot.finished) end
  if key and slot.failed > 0 then call('HINCRBY', key, 'failed_job_count', slot.failed) end
  if key and slot.seconds > 0 then call('HINCRBYFLOAT', key, 'total_working_time', string.format('%.6f', slot.seconds)) end
end
return { refused, params.claimed }
