"""Free ports for the nodes of a cluster."""

from __future__ import annotations

import random
import socket

from limpyd.exceptions import ServerUnreachable

HOST = "127.0.0.1"
BUS = 10000
"""How far above its port a node listens for other nodes."""
_PORTS = range(20000, 22768)
"""Those whose port for other nodes is below the ones that systems give to outgoing connections."""


def free_port() -> int:
    """A port that nothing listens on, nor on the one for other nodes.

    Raises:
        ServerUnreachable: none was found.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as low, socket.socket() as high:
            try:
                low.bind((HOST, port))
                high.bind((HOST, port + BUS))
            except OSError:
                continue
        return port
    msg = f"no port from {_PORTS[0]} to {_PORTS[-1]} is free"
    raise ServerUnreachable(msg)
