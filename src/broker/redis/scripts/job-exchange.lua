--@include base queue end store later outcome claim
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

-- Slots as RQ's workers, written once at the end. Those of workers that are not registered have no hash. Nobody else writes
-- their counters, so they are added up here.
local SLOT_FIELDS = { 'queues', 'successful_job_count', 'failed_job_count', 'total_working_time' }
local slots = {}
local function slot_of(name)
  if not name or name == '' then return {} end
  local slot = slots[name]
  if not slot then
    local f = call('HMGET', worker_key(name), unpack(SLOT_FIELDS))
    slot = { exists = f[1], finished = tonumber(f[2]) or 0, failed = tonumber(f[3]) or 0, seconds = tonumber(f[4]) or 0 }
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
  slot.idle = false
  slot.runs = claimed
end
for name, slot in pairs(slots) do
  if slot.exists then
    local key = worker_key(name)
    local finished, failed, seconds = whole(slot.finished), whole(slot.failed), string.format('%.6f', slot.seconds)
    if slot.runs then
      call('HSET', key, 'state', 'busy', 'current_job', slot.runs[1], 'current_job_working_time', '0',
        'wh_running', slot.runs[1] .. ':' .. slot.runs[2], 'successful_job_count', finished, 'failed_job_count', failed,
        'total_working_time', seconds)
    elseif slot.idle then
      call('HDEL', key, 'current_job', 'current_job_working_time', 'wh_running')
      call('HSET', key, 'state', 'idle', 'successful_job_count', finished, 'failed_job_count', failed,
        'total_working_time', seconds)
    end
  end
end
apply_later()
return { refused, params.claimed }
