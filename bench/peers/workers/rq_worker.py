"""Runs jobs whose module is imported before. Arguments: URL, `fork-preloaded` or `simple`, which work."""
import sys

from redis import Redis
from rq import Queue, SimpleWorker, Worker

url, isolation, work = sys.argv[1:]
if work == "noop":
    import peer_jobs  # noqa: F401
else:
    import peer_events  # noqa: F401

connection = Redis.from_url(url)
kind = SimpleWorker if isolation == "simple" else Worker
kind([Queue("default", connection=connection)], connection=connection).work(logging_level="WARNING")
