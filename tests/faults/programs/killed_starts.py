"""A program for a test: kills users, supervisors, guards and servers of one folder at random, and looks at the data.

    python -m tests.faults.programs.killed_starts FOLDER ROUNDS

Prints how many processes were killed, how many writes were acknowledged, the longest start in seconds, and how many
acknowledged writes are not there (of which the server's own death may cost those of a second).
"""

from __future__ import annotations

import faulthandler
import functools
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

from limpyd import LimpydError, PKField, RedisDatabase, RedisModel
from limpyd.embedded.supervisor import LIFELINE, SOCKET

START_SECONDS = 30


def declare(folder):
    return type("Thing", (RedisModel,), {"database": RedisDatabase.embedded(folder), "key": PKField()})


def processes(folder):
    """The processes that name the folder in their command line, or hold its files: pid, kind."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace")
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                here = str((entry / "cwd").readlink()) == folder
            except OSError:
                continue
            if (folder in line or here) and "killed_starts" not in line:
                kind = "supervisor" if "supervisor.py" in line else "server" if "valkey-server" in line else "guard"
                found.append((int(entry.name), parent, kind))
    return found


def servers(folder):
    """The servers of the folder; a child that one has for a while, to rewrite its file, does not count."""
    own = [(pid, parent) for pid, parent, kind in processes(folder) if kind == "server"]
    return [pid for pid, parent in own if parent not in {each for each, _ in own}]


def in_child(work):
    """Runs something in a child process that does nothing else, and returns its pid."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the parent judges by the exit code and what it says
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    return child


def write(folder, name, acknowledged):
    """Writes until it is killed, and tells of each write once it is done."""
    thing, number = declare(folder), 0
    while True:
        try:
            thing(key=f"{name}-{number}")
        except LimpydError:  # the server was killed
            thing.database.close()
        else:
            os.write(acknowledged, f"{name}-{number}\n".encode())
        number += 1


def read(folder, told):
    """Tells what is there; and where it waits, if it does not get on."""
    faulthandler.dump_traceback_later(START_SECONDS)
    with os.fdopen(told, "w") as file:
        file.write("\n".join(declare(folder).collection()))


def reader(folder):
    """What a process that starts now finds, and how long that took."""
    receive, send = os.pipe()
    began = time.monotonic()
    child = in_child(functools.partial(read, folder, send))
    os.close(send)
    timer = threading.Timer(START_SECONDS * 2, os.kill, (child, signal.SIGKILL))
    timer.start()
    with os.fdopen(receive) as file:
        found = set(file.read().split("\n"))
    timer.cancel()
    if status := os.waitpid(child, 0)[1]:
        sys.exit(f"a process could not start: it ended with {status} after {time.monotonic() - began:.1f} seconds")
    return found, time.monotonic() - began


def main() -> None:
    folder, rounds = sys.argv[1], int(sys.argv[2])
    stop, twice = threading.Event(), []

    def watch() -> None:
        while not stop.is_set():
            found = servers(folder)
            if len(found) > 1 and len(servers(folder)) > 1:
                twice.append(found)
            time.sleep(0.005)

    watching = threading.Thread(target=watch)
    watching.start()
    killed, writes, longest, lost = 0, 0, 0.0, 0
    missing: set[str] = set()
    try:
        for number in range(rounds):
            receive, send = os.pipe()
            names = [f"{number}.{user}" for user in range(random.choice((1, 2)))]
            users = [in_child(functools.partial(write, folder, name, send)) for name in names]
            os.close(send)
            time.sleep(random.choice((random.uniform(0, 0.4), random.uniform(0, 2))))
            victims = [pid for pid, _, _ in processes(folder)] + users
            for victim in random.sample(victims, random.randint(1, len(victims))):
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed += 1
                time.sleep(random.choice((0, 0, random.uniform(0, 0.05))))
            for user in users:
                os.kill(user, signal.SIGKILL)
                os.waitpid(user, 0)
            with os.fdopen(receive) as file:
                acknowledged = set(file.read().split("\n")[:-1])
            found, seconds = reader(folder)
            longest, writes = max(longest, seconds), writes + len(acknowledged)
            missing |= acknowledged - found
            lost = len(missing)
            if twice:
                sys.exit(f"two servers: {twice[:3]}")
        deadline = time.monotonic() + START_SECONDS
        while processes(folder):
            if time.monotonic() > deadline:
                left = processes(folder)
                if any(kind != "server" for _, _, kind in left):
                    sys.exit(f"left: {left}")
                for pid, _, _ in left:  # its supervisor and the guard behind that were both killed: nobody can end it
                    os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)
    finally:
        stop.set()
        watching.join()
        (Path(folder) / SOCKET).unlink(missing_ok=True)
        (Path(folder) / LIFELINE).unlink(missing_ok=True)
    print(killed, writes, round(longest, 2), lost)


if __name__ == "__main__":
    main()
