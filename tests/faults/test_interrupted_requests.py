"""A signal handler that raises in the middle of a request: the exception comes out, and nothing is broken by it."""

from __future__ import annotations

from tests.support.forks import run

PROGRAM = """
import random, signal, sys
from limpyd import RedisDatabase, RedisModel, StringField

class Interrupted(BaseException):
    pass

def interrupt(*_):
    raise Interrupted

signal.signal(signal.SIGALRM, interrupt)

class Thing(RedisModel):
    database = RedisDatabase(port=int(sys.argv[1]))
    text = StringField(indexable=True)

thing = Thing(text="0")
interrupts = 0
for round in range(600):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002 + random.random() * 0.001)
        for number in range(100):
            thing.text.set(str(number))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Interrupted:
        interrupts += 1
signal.setitimer(signal.ITIMER_REAL, 0)
thing.text.set("end")
assert thing.text.get() == "end"
assert list(Thing.collection(text="end")) == ["1"]
print(interrupts)
"""


def test_interrupts(one_server):
    done = run("-c", PROGRAM, one_server.port)
    assert done.returncode == 0, done
    assert int(done.stdout) > 300
