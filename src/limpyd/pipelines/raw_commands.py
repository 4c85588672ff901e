"""Commands on keys by name, with redis-py's methods, collected in a pipeline with those of models. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Self

import redis
from redis.client import EMPTY_RESPONSE, NEVER_DECODE
from redis.commands import CoreCommands

from limpyd.exceptions import NotInPipeline
from limpyd.keys import to_text
from limpyd.pipelines.raw_keys import RawRequest
from limpyd.requests.request import ANY_TYPE, Argument, Request

WAITING = frozenset(
    {"BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP", "WAIT", "WAITAOF"}
)
OF_THE_CONNECTION = frozenset(
    {
        *("AUTH", "HELLO", "SELECT", "RESET", "QUIT", "READONLY", "READWRITE", "ASKING", "MONITOR", "SYNC", "PSYNC"),
        *("MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE"),
        *("PUNSUBSCRIBE", "SUNSUBSCRIBE", "CLIENT REPLY", "CLIENT TRACKING", "CLIENT CACHING", "CLIENT NO-TOUCH"),
    }
)
"""The commands that change the connection, which others share."""
NO_COMMANDS = frozenset({"register_script"})
"""Methods of redis-py that need a client."""


class RawCommands:
    """The methods of redis-py on a pipeline: `pipe.set("key", 1)`. Each returns the pipeline, as redis-py's do.

    The results are in the list of `execute()`, in the order of all that was collected, as redis-py gives
    them from a client that decodes; `pipe.add(pipe.get, "key")` gives a `Pending` of one.
    """

    def collect(self, request: Request[Any]) -> Any:
        """Notes a request."""
        raise NotImplementedError

    def refuse(self, what: str, instead: str) -> None:
        """Refuses what cannot be collected."""
        raise NotImplementedError

    def execute_command(self, *args: Any, **options: Any) -> Self:
        """Collects a command and its arguments, as redis-py's clients take them; returns the pipeline.

        Raises:
            NotInPipeline: it waits on the server, or changes the connection.
            redis.DataError: an argument is of a type that redis-py does not take.
        """
        self.collect(raw_request(args, options))
        return self

    def __getattr__(self, name: str) -> Callable[..., Self]:
        if name in {"watch", "multi", "unwatch"}:
            self.refuse(f"{name}()", "use database.transaction(function, *watches)")
        if name.startswith("_") or name.endswith("_iter") or name in NO_COMMANDS or not hasattr(CoreCommands, name):
            msg = f"{type(self).__name__} has no {name!r}: it is not a command of redis-py that a pipeline can collect"
            raise AttributeError(msg)

        def call(*args: Any, **kwargs: Any) -> Any:
            getattr(_recorder()(self), name)(*args, **kwargs)
            return self

        return call


@cache
def _recorder() -> Callable[[RawCommands], Any]:
    """A class with redis-py's methods, whose commands are collected; made when it is first needed, as it costs time."""

    class Recorder(CoreCommands):
        _event_dispatcher: Any = None

        def __init__(self, pipeline: RawCommands) -> None:
            self._pipeline = pipeline

        def execute_command(self, *args: Any, **options: Any) -> Any:
            return self._pipeline.execute_command(*args, **options)

    return Recorder


def raw_request(args: tuple[Any, ...], options: dict[str, Any]) -> Request[Any]:
    """The request for a command as redis-py's clients take it.

    Raises:
        NotInPipeline: it changes the connection, which others share.
        redis.DataError: an argument is of a type that redis-py does not take.
    """
    name = to_text(args[0]) if args and isinstance(args[0], bytes) else str(*args[:1])
    words = name.upper().split()
    if not words:
        msg = "execute_command() takes the name of a command first, such as execute_command('GET', 'key')"
        raise redis.DataError(msg)
    encode: Any = _client().get_encoder().encode
    sent: list[Argument] = [*words, *(bytes(encode(arg)) for arg in args[1:])]
    two = " ".join(to_text(word) if isinstance(word, bytes) else str(word) for word in sent[:2]).upper()
    if words[0] in OF_THE_CONNECTION or two in OF_THE_CONNECTION:
        msg = f"{two} changes the connection, which others share; use a client of redis-py, such as database.connection"
        raise NotInPipeline(msg)
    waits = words[0] in WAITING or (words[0] in {"XREAD", "XREADGROUP"} and any(_is_block(arg) for arg in sent))

    def decode(reply: Any) -> Any:
        given = dict(options)
        never, empty = given.pop(NEVER_DECODE, False), given.pop(EMPTY_RESPONSE, None)
        given.pop("keys", None)
        if isinstance(empty, list) and reply is None:
            return empty
        callbacks: Any = _client().response_callbacks
        callback = callbacks.get(name)
        result = reply if never else _text(reply)
        return result if callback is None else callback(result, **given)

    return RawRequest(tuple(sent), decode, subject=_RAW, blocking=waits)


def _is_block(arg: Argument) -> bool:
    return isinstance(arg, bytes) and arg.upper() == b"BLOCK"


def _text(reply: Any) -> Any:
    """A reply, with text for bytes, as a client of redis-py that decodes has it."""
    if isinstance(reply, bytes):
        return to_text(reply)
    if isinstance(reply, list):
        return [_text(each) for each in reply]
    return reply


@cache
def _client() -> redis.Redis:
    """A client that never connects: how redis-py encodes arguments and reads replies of the protocol that we speak."""
    return redis.Redis(protocol=2, decode_responses=True)


class _Raw:
    """A key by its name, as the subject of a request."""

    def type_of(self, _key: bytes) -> str:
        return ANY_TYPE

    def __str__(self) -> str:
        return "a command of redis-py"


_RAW = _Raw()
