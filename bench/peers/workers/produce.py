"""Stores jobs, and prints how long it took; as produce.mjs."""
import json
import time

BATCH = 500
WARM_UP_SHARE = 0.25


def produce(jobs, way, single, bulk):
    def store(start, end):
        if way == "single":
            for index in range(start, end):
                single(index)
        else:
            for at in range(start, end, BATCH):
                bulk(range(at, min(end, at + BATCH)))

    warm_up = int(jobs * WARM_UP_SHARE)
    store(0, warm_up)
    begun = time.monotonic()
    store(warm_up, jobs)
    print(json.dumps({"seconds": time.monotonic() - begun, "jobs": jobs - warm_up}))
