# As pusher.mjs, by RQ's own producer: python3 pusher.py SOCKET
import sys
import time

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

queue = Queue('default', connection=Redis(unix_socket_path=sys.argv[1]), serializer=JSONSerializer)
for _ in sys.stdin:
    at = time.time() * 1000
    queue.enqueue('noop')
    print(repr(at), flush=True)
