"""By hand on the bare socket: packed by hiredis, read by a hiredis reader. It is the limit of what Python can do."""

from __future__ import annotations

import socket
from typing import Any

import hiredis

from benchmarks import by_hand
from benchmarks.by_hand import Ask, Way
from benchmarks.people import Operations


def bare(port: int, db: int) -> Ask:
    """Sends a command and gives its reply."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = hiredis.Reader(encoding="utf-8", notEnoughData=connection)
    send, receive, feed, gets, pack = (
        connection.sendall,
        connection.recv,
        reader.feed,
        reader.gets,
        hiredis.pack_command,
    )

    def ask(*args: Any) -> Any:
        send(pack(args))
        feed(receive(65536))
        reply = gets()
        while reply is connection:
            feed(receive(65536))
            reply = gets()
        if isinstance(reply, hiredis.ReplyError):
            raise reply
        return reply

    ask("SELECT", db)
    return ask


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    ask = bare(port, db)
    return by_hand.singles(Way(ask, ask))
