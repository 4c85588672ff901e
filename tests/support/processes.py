"""Processes with embedded databases."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.support.forks import Forked

PROGRAM = """
import sys, time
from limpyd import RedisDatabase, RedisModel, StringField

class Thing(RedisModel):
    database = RedisDatabase.embedded(sys.argv[1] or None)
    count = StringField(type=int)

Thing.get_or_connect(1) if Thing.exists(1) else Thing(count=0)
folder = Thing.database._endpoint.embedded._folder
print(Thing(1).count.incr(), Thing.database.connection.info("server")["process_id"], folder)
sys.stdout.flush()
sys.stdin.readline()
"""


class Program:
    """A process with an embedded database; it ends when told."""

    def __init__(self, path=""):
        self.process = Forked("-c", PROGRAM, path)
        line = self.process.stdout.readline().split(maxsplit=2)
        self.count, self.server, self.folder = int(line[0]), int(line[1]), Path(line[2].strip())

    def end(self):
        self.process.communicate("\n")
        assert self.process.returncode == 0

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


def alive(pid):
    try:
        # A process that ended and that nobody waits for is still in the table, as Z.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(check, seconds=15.0):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not check():
            return True
        time.sleep(0.02)
    return False
