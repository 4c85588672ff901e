"""One face of limpyd on one server, and what it sends."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Self

import pytest

from limpyd import RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from tests.support.expected_indexes import META
from tests.support.servers import Server


class Face:
    """One face of limpyd on one server, with what tests need to be written once for both.

    Attributes:
        Model: the base class of models.
        database: a database on the server.
        client: a redis-py client that looks at what is stored, past limpyd.
    """

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.server = server
        self.is_async = name == "async"
        self.Model: Any = AsyncRedisModel if self.is_async else RedisModel
        self.Database: Any = AsyncRedisDatabase if self.is_async else RedisDatabase
        self.database: Any = self.Database(port=server.port)
        self.client: Any = server.client()

    async def do(self, call: Any) -> Any:
        """The result of a call, awaited if it needs to be."""
        return await call if inspect.isawaitable(call) else call

    async def all(self, items: Any) -> list[Any]:
        """What something yields, iterated as the face iterates."""
        if self.is_async:
            return [item async for item in items]
        return list(items)

    async def refused(self, error: type[Exception], call: Callable[[], Any], *, match: str | None = None) -> Any:
        """The error that a call raises, at once or when awaited."""
        with pytest.raises(error, match=match) as caught:
            await self.do(call())
        return caught.value

    def keys(self) -> set[str]:
        """The names of all keys in the database, but for those of what is known of indexes."""
        keys = self.client.scan_iter(count=10000)
        return {key.decode("utf-8", "surrogateescape") for key in keys if not META.fullmatch(key)}

    def sent(self) -> Sent:
        """Watches what is sent to the server."""
        return Sent(self.server)


HANDSHAKE = {"HELLO", "CLIENT", "CLUSTER", "INFO", "SELECT", "SORT_RO"}
"""What a new connection begins with."""


class Sent:
    """What clients send to a server within a block, as the server itself sees it (MONITOR).

    Attributes:
        commands: the commands that clients sent; those that scripts call are not among them, nor what
            new connections begin with, nor what goes out with a command, in its packet: looks at epochs,
            whether an object exists that is read, and which server process answers a walk.
    """

    MARK = "end-of-watch"

    def __init__(self, server: Server) -> None:
        self._server = server
        self.commands: list[list[str]] = []

    def __enter__(self) -> Self:
        self._client = self._server.client()
        self._known = {client["addr"] for client in self._client.client_list()}
        self._monitor = self._client.monitor().__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.echo(self.MARK)
        is_look = False
        while True:
            seen = self._monitor.next_command()
            if self.MARK in seen["command"]:
                break
            command = seen["command"].split()
            new = f"{seen['client_address']}:{seen['client_port']}" not in self._known
            begins = new and command[0].upper() in HANDSHAKE
            if seen["client_type"] == "lua" or begins or command == ["INFO", "server"]:
                continue
            if command[0] == "HGET" and command[-1] == ":epoch":
                is_look = True
            elif not (is_look and command[0] == "SCARD") and not self._asks_behind(command):
                # (SCARD: of a model without objects)
                self.commands.append(command)
                is_look = False
        self._monitor.__exit__()
        self._client.close()

    def _asks_behind(self, command: list[str]) -> bool:
        """Whether a command asks if an object exists that the one before it reads, or which in its set do not."""
        if command[0] == "SDIFF" and self.commands:
            return command[1] == self.commands[-1][1] and command[2].endswith("pks")
        if command[0] != "SISMEMBER" or not self.commands:
            return False
        tag, pk = command[1].removesuffix("pks"), command[2]
        return any(arg.startswith(tag) and arg.endswith(f":{pk}") for arg in self.commands[-1][1:])

    @property
    def names(self) -> list[str]:
        """The names of the commands."""
        return [command[0].upper() for command in self.commands]
