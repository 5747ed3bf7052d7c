--@include base queue end store later outcome again finish claim
-- Ends executions and claims jobs, in one step.
-- KEYS: see base. ARGV: prefix, worker, '1' where an earlier answer may have got lost, lease_ms, limit, token of this call,
-- free slots, queues, tokens of calls whose answers got lost, number of outcomes, each as outcome.lua takes it.
-- Returns {refused execution ids, of each claimed job its texts in one, data and meta, all in one flat list}.
-- Invariant: a started job is in rq:wip with the lease of the one execution that its hash names; only that one's worker
-- can end it; a slot's hash names the job that it runs.
local params = { worker = take(), claimed = {}, reply = {}, taken = {} }
local is_retry = take() == '1'
params.lease_end = score_of(now_ms + take_number())
params.limit = take_number()
params.token = take()
local free_slots = take_list()
params.queues = take_list()
local lost_tokens = take_list()
local outcomes = {}
for index = 1, take_number() do
  outcomes[index] = take_outcome()
end

-- The next free slot that none of those claimed again has. A worker that is not registered has none, and one that claims jobs
-- ahead of need has none for those; they bear its own name.
local last_slot = 0
function params.next_slot()
  repeat
    last_slot = last_slot + 1
    local slot = free_slots[last_slot]
    if slot and not params.taken[slot] then return slot end
  until not slot
  return params.worker
end

-- What was ended, by slot.
local ended = {}
local refused = apply_outcomes(outcomes, params.worker, is_retry, function(slot, outcome)
  if slot and slot ~= '' and slot ~= params.worker then ended[slot] = outcome end
end)
if #lost_tokens > 0 then claim_again(params, lost_tokens) end
claim(params)

-- Slots as RQ's workers, each written once. Those of workers that are not registered, or were forgotten, have no hash, and get
-- none: it would have no name. Mostly all are there, and one look tells.
local keys = {}
local key_of = {}
local goes_on = {}
for index, claimed in ipairs(params.claimed) do
  local slot = claimed[ROW_SLOT]
  if slot ~= params.worker then
    key_of[index] = worker_key(slot)
    keys[#keys + 1] = key_of[index]
    goes_on[slot] = true
  end
end
for slot in pairs(ended) do
  if not goes_on[slot] then keys[#keys + 1] = worker_key(slot) end
end
local all_exist = #keys > 0 and #keys <= MOST_ARGUMENTS and call('EXISTS', unpack(keys)) == #keys

for index, claimed in ipairs(params.claimed) do
  local key, last = key_of[index], ended[claimed[ROW_SLOT]]
  local both = key and claimed[ROW_ID] .. ':' .. claimed[ROW_EXECUTION]
  if not key or not all_exist and call('EXISTS', key) == 0 then
    -- Has no hash.
  elseif last and last.slot_seconds ~= '' then
    -- It goes on, and is busy already.
    call('HSET', key, 'current_job', claimed[ROW_ID], 'wh_running', both, 'successful_job_count', last.slot_finished,
      'failed_job_count', last.slot_failed, 'total_working_time', last.slot_seconds)
  else
    call('HSET', key, 'state', 'busy', 'current_job', claimed[ROW_ID], 'current_job_working_time', '0', 'wh_running', both)
  end
end
for slot, last in pairs(ended) do
  local key = worker_key(slot)
  if not goes_on[slot] and (all_exist or call('EXISTS', key) == 1) then
    call('HDEL', key, 'current_job', 'current_job_working_time', 'wh_running')
    call('HSET', key, 'state', 'idle')
    if last.slot_seconds ~= '' then
      call('HSET', key, 'successful_job_count', last.slot_finished, 'failed_job_count', last.slot_failed,
        'total_working_time', last.slot_seconds)
    end
  end
end
apply_later()
return { refused, params.reply }
