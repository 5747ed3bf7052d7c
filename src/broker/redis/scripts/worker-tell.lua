--@include base
-- Tells a worker a command. From here and not by a bare PUBLISH, since a cluster's client sends that to any node, and what
-- goes out from two nodes may overtake.
-- KEYS: see base. ARGV: prefix, worker, the message, 1 on a cluster, which counts the listeners of one node only.
-- Returns 1 where somebody hears it, or may. Writes nothing.
local worker, message, is_cluster = take(), take(), take_number()
if call('PUBLISH', P .. 'pubsub:' .. worker, message) > 0 then return 1 end
if is_cluster == 0 then return 0 end
return math.min(1, call('EXISTS', own_key('worker:' .. worker), worker_key(worker)))
