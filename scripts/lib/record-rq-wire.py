# Prints what RQ has written, key by key, bytes in base64: python3 record-rq-wire.py SOCKET FOLDER
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from base64 import b64decode, b64encode
from datetime import timedelta

import rq
from redis import Redis
from rq import Queue, Repeat, Retry
from rq.group import Group

socket, folder = sys.argv[1:]
with open(os.path.join(folder, 'tasks.py'), 'w') as file:
    file.write(
        'import time\n'
        'from rq import Retry\n'
        'def add(a, b=0): return a + b\n'
        'def fail(message): raise ValueError(message)\n'
        'def again(): return Retry(max=1, interval=3600)\n'
        'def sleep(seconds): time.sleep(seconds)\n'
    )
connection = Redis(unix_socket_path=socket)


def neutral(traceback):
    """Without the folders of the machine that records."""
    packages = os.path.dirname(os.path.dirname(rq.__file__))
    return traceback.replace(folder, '/srv/app').replace(packages, '/usr/lib/python3/dist-packages')


def entry(fields):
    if b'exc_string' in fields:
        traceback = neutral(zlib.decompress(b64decode(fields[b'exc_string'])).decode())
        fields[b'exc_string'] = b64encode(zlib.compress(traceback.encode()))
    return {text(k): text(v) for k, v in fields.items()}


def text(value):
    try:
        return neutral(value.decode('ascii'))
    except UnicodeDecodeError:
        return {'base64': b64encode(value).decode()}


def snapshot():
    keys = {}
    for key in sorted(connection.keys('rq:*')):
        kind = connection.type(key).decode()
        if kind == 'hash':
            value = {text(k): text(v) for k, v in sorted(connection.hgetall(key).items())}
        elif kind == 'list':
            value = [text(v) for v in connection.lrange(key, 0, -1)]
        elif kind == 'set':
            value = sorted(text(v) for v in connection.smembers(key))
        elif kind == 'zset':
            value = [[text(v), repr(score)] for v, score in connection.zrange(key, 0, -1, withscores=True)]
        elif kind == 'stream':
            value = [[text(id), entry(fields)] for id, fields in connection.xrange(key)]
        else:
            value = text(connection.get(key))
        keys[text(key)] = {'type': kind, 'ttl': connection.ttl(key), 'value': value}
    return keys


def worker(*args):
    url = 'unix://' + socket
    command = [sys.executable, '-m', 'rq.cli', 'worker', '--url', url, '--name', 'snake', *args, 'default']
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(check):
    end = time.time() + 60
    while not check():
        if time.time() > end:
            raise TimeoutError(check)
        time.sleep(0.02)


queue = Queue('default', connection=connection)
first = queue.enqueue('tasks.add', 2, b=3, job_id='plain')
queue.enqueue('tasks.add', 1, job_id='rich', retry=Retry(max=2, interval=[10, 60]), meta={'k': 1}, result_ttl=-1, ttl=600,
              description='a rich job')
queue.enqueue('tasks.add', 1, job_id='waits', depends_on=first)
queue.enqueue_in(timedelta(hours=1), 'tasks.add', 1, job_id='later')
queue.enqueue('tasks.add', 1, job_id='repeats', repeat=Repeat(times=2, interval=[5, 7]))
Group.create(connection=connection, name='band').enqueue_many(queue, [Queue.prepare_data('tasks.add', (4,), job_id='grouped')])
waiting = snapshot()

connection.flushdb()
queue.enqueue('tasks.sleep', 60, job_id='running')
process = worker()
until(lambda: connection.hget('rq:job:running', 'status') == b'started' and connection.zcard('rq:wip:default') == 1
      and connection.hget('rq:worker:snake', 'current_job') is not None)
running = snapshot()
process.send_signal(signal.SIGINT)
time.sleep(1.5)
process.send_signal(signal.SIGINT)
process.wait()

connection.flushdb()
queue.enqueue('tasks.add', 2, b=3, job_id='finished')
queue.enqueue('tasks.fail', 'too bad', job_id='failed')
queue.enqueue('tasks.again', job_id='again')
worker('--burst').wait()
ended = snapshot()

print(json.dumps({'rq': rq.VERSION, 'waiting': waiting, 'running': running, 'ended': ended}))
