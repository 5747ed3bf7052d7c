"""Stores jobs; Celery has no bulk call but over one connection. Arguments: `single` or `bulk`, how many, which work."""
import sys

import celery_jobs
from produce import produce

way, jobs, work = sys.argv[1:]
task = getattr(celery_jobs, work)

if work == "noop":
    args_of = lambda index: ()  # noqa: E731
else:
    from peer_events import make_event

    args_of = lambda index: (make_event(index),)  # noqa: E731

with celery_jobs.app.producer_pool.acquire(block=True) as producer:

    def single(index):
        task.apply_async(args_of(index), producer=producer)

    produce(int(jobs), way, single, lambda indexes: [single(index) for index in indexes])
