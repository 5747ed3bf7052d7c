"""Stores jobs. Arguments: URL, `single` or `bulk`, how many, which work."""
import sys

from redis import Redis
from rq import Queue

from produce import produce

url, way, jobs, work = sys.argv[1:]
queue = Queue("default", connection=Redis.from_url(url))

if work == "noop":
    name, args_of = "peer_jobs.noop", lambda index: ()
else:
    from peer_events import make_event

    name, args_of = "peer_events.record_event", lambda index: (make_event(index),)

produce(
    int(jobs),
    way,
    lambda index: queue.enqueue(name, *args_of(index)),
    lambda indexes: queue.enqueue_many([Queue.prepare_data(name, args_of(index)) for index in indexes]),
)
