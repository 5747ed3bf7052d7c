"""Celery's application, loaded before its pool forks."""
import os

from celery import Celery

import peer_jobs

address = os.environ["BENCH_REDIS"]
app = Celery("bench", broker=address + "0", backend=address + "1")
noop = app.task(peer_jobs.noop, name="noop")

if "REDASH_DATABASE" in os.environ:
    import peer_events

    record_event = app.task(peer_events.record_event, name="record_event")
