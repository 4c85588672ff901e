"""`limpyd serve --nodes`: an embedded cluster in the foreground."""

from __future__ import annotations

import json
import sys
import threading

from limpyd.cli.failures import BadUsage, Ended
from limpyd.embedded.cluster import EmbeddedCluster
from limpyd.embedded.ports import BUS
from limpyd.exceptions import DeclarationError

HIGHEST_PORT = 65535


def serve_cluster(
    nodes: int, replicas: int, first_port: int | None, *, as_json: bool, stopping: threading.Event
) -> int:
    """Runs a cluster until an event is set, and prints how to connect once it serves.

    Raises:
        BadUsage: it would have too many nodes, or their ports are not possible.
        ServerUnreachable: it does not start.
    """
    highest = HIGHEST_PORT - BUS - nodes * (1 + replicas) + 1
    if first_port is not None and first_port > highest:
        msg = (
            f"--port {first_port} is too high: each node also listens {BUS:,} above its port, so the first port of "
            f"these nodes is at most {highest}"
        )
        raise BadUsage(msg)
    try:
        cluster = EmbeddedCluster(nodes, replicas, first_port)
    except DeclarationError as error:
        raise BadUsage(str(error)) from error
    try:
        settings = cluster.settings()
        urls = [f"redis://:{cluster.password}@{host}:{port}" for host, port in settings["nodes"]]
        text = json.dumps({"urls": urls, "password": cluster.password}) if as_json else "\n".join(urls)
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        stopping.wait()
    finally:
        cluster.leave()
    return Ended.WELL
