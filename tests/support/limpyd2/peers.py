"""redis-limpyd 2.1.2 in an environment of its own, and limpyd, both doing what they are told."""

import fcntl
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from tests.support.forks import Forked

ROOT = Path(__file__).parents[3]
ENVIRONMENT = ROOT / ".venv-limpyd2"
REQUIREMENTS = ("redis-limpyd==2.1.2", "redis<6", "setuptools<80", "future", "six")
WORKER = ROOT / "tests" / "limpyd2" / "programs" / "worker.py"


def python_of_limpyd2():
    """The interpreter that has redis-limpyd 2.1.2; the environment is made when it is first needed."""
    python = ENVIRONMENT / "bin" / "python"
    ready = ENVIRONMENT / ".ready"
    with ROOT.joinpath(".venv-limpyd2.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            # Without a pip of its own, whose installation takes longer than that of all else.
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", ENVIRONMENT], check=True)
            pip = [sys.executable, "-m", "pip", "--python", python]
            install = [*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
            subprocess.run([*install, *REQUIREMENTS], check=True, timeout=300)
            ready.touch()
    return python


class Peer:
    """A process with one of the libraries."""

    def __init__(self, python, port):
        if python == sys.executable:
            self.process = Forked(WORKER, port)
            return
        self.process = subprocess.Popen(
            [python, "-W", "ignore", WORKER, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )

    def answer(self, **order):
        """What comes back, or the names of the classes of the error."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the worker ended"
        return json.loads(line)

    def __call__(self, **order):
        answer = self.answer(**order)
        assert "reply" in answer, answer
        return answer["reply"]


@contextmanager
def peers(port):
    """Both libraries on one server: limpyd 2, and limpyd."""
    with ended([Peer(python_of_limpyd2(), port), Peer(sys.executable, port)]) as both:
        yield both


@contextmanager
def limpyd2(port):
    """limpyd 2 on a server."""
    with ended([Peer(python_of_limpyd2(), port)]) as (peer,):
        yield peer


@contextmanager
def ended(those):
    """Some peers, which end after a block."""
    try:
        yield tuple(those)
    finally:
        for peer in those:
            with peer.process:
                peer.process.stdin.close()


READS = {"set": "smembers", "hash": "hgetall", "string": "get", "list": "lrange", "zset": "zrange"}


def contents(client):
    """All that is stored, but for what only limpyd notes of its indexes."""
    found = {}
    for key in client.keys("*"):
        if key.endswith(b":meta"):
            continue
        kind = client.type(key).decode()
        args = {"list": (0, -1), "zset": (0, -1)}.get(kind, ())
        settings = {"withscores": True} if kind == "zset" else {}
        value = getattr(client, READS[kind])(key, *args, **settings)
        found[key] = (kind, value)
    return found
