"""Requests as the bytes that are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import hiredis

Argument = bytes | str | int
_pack = hiredis.pack_command
INTS = frozenset({int, bool})


def pack(args: tuple[Argument, ...]) -> bytes:
    """A command and its arguments in the protocol's form.

    hiredis makes text of ints itself, and crashes the process if a signal handler raises while it does.
    """
    if not INTS.isdisjoint(map(type, args)):
        args = tuple([b"%d" % arg if isinstance(arg, int) else arg for arg in args])
    packed: bytes = _pack(args)  # type: ignore[arg-type] # it says that it takes a tuple of one
    return packed


def after_digest(packed: bytes) -> tuple[int, bytes]:
    """Returns how many arguments a packed EVALSHA has, itself included, and what follows the digest of its script."""
    end = packed.index(b"\r")
    return int(packed[1:end]), packed[end + 2 + len(EVALSHA) + 40 :]


EVALSHA = b"$7\r\nEVALSHA\r\n$40\r\n"

PACKET = 1 << 18
"""The bytes of requests that are sent before replies to those before them are read."""


def packets(packed: Sequence[bytes]) -> Iterator[tuple[bytes, int]]:
    """Packed commands, some at a time, each with how many they are."""
    first = size = 0
    for number, one in enumerate(packed):
        size += len(one)
        if size > PACKET and number > first:
            yield b"".join(packed[first:number]), number - first
            first, size = number, len(one)
    yield b"".join(packed[first:]), len(packed) - first


def any_error(replies: Iterable[Any]) -> bool:
    """Returns whether there is an error among replies."""
    return any(issubclass(kind, Exception) for kind in set(map(type, replies)))


FEW = 5
"""Up to how many arguments it is faster to pack each by itself."""


def pack_each(args: Sequence[Argument]) -> bytes:
    """Some arguments in the protocol's form, without how many they are."""
    if len(args) > FEW:
        packed = pack(tuple(args))
        return packed[packed.index(b"\n") + 1 :]
    packed = b""
    for arg in args:
        raw = arg if type(arg) is bytes else _raw(arg)
        packed += b"$%d\r\n%b\r\n" % (len(raw), raw)
    return packed


def pack_bytes(args: Sequence[Argument]) -> bytes:
    """The same of arguments that are bytes."""
    packed: bytes = _pack(args)  # type: ignore[arg-type] # as above
    return packed[packed.index(b"\n") + 1 :]


def _raw(arg: Argument) -> bytes:
    return b"%d" % arg if isinstance(arg, int) else arg.encode() if isinstance(arg, str) else bytes(arg)
