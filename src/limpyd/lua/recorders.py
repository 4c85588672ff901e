"""General scripts that add to feeds of changes (see lua/recording.py), made of those that do not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha1
from typing import Protocol, TypeVar

from limpyd.lua.overdue import Overdue
from limpyd.lua.recording import recording

MAX_KEPT = 200
"""The most combinations of feeds that are kept for each script."""


class Plain(Protocol):
    """The attributes of a script that are used here."""

    name: str
    expires: bool
    renewal: bytes | None
    overdue: Overdue | None

    def __hash__(self) -> int: ...
    @property
    def with_promises(self) -> Plain: ...
    @property
    def only_reads(self) -> bool: ...
    @property
    def source(self) -> bytes: ...
    @property
    def flags(self) -> frozenset[str]: ...
    @property
    def guarded(self) -> bool: ...
    @property
    def within(self) -> frozenset[str]: ...
    @property
    def requires(self) -> frozenset[str]: ...


P = TypeVar("P", bound=Plain)


class Recorder:
    """A script that adds to feeds what it changes.

    Args:
        plain: the script without that.
        feeds: the settings of the feeds.

    Attributes:
        name: its name.
        expires: true if it is for models whose objects expire.
        renewal: how it renews their deadlines.
        overdue: what it removes first.
        feeds: as above.
    """

    def __init__(self, plain: Plain, feeds: bytes) -> None:
        self.plain = plain
        self.feeds = feeds
        self.name = plain.name
        self.expires, self.renewal, self.overdue = plain.expires, plain.renewal, plain.overdue
        self.flags = plain.flags
        self.guarded = plain.guarded
        self.within = plain.within
        self.requires = plain.requires
        self.source, self.sha = _source(plain)

    @property
    def with_promises(self) -> Recorder:
        """The same with the code for promises of other partitions; itself if it has it."""
        plain = self.plain.with_promises
        return self if plain is self.plain else _recorder(plain, self.feeds)


def recorder(script: P, feeds: Iterable[bytes]) -> P | Recorder:
    """Returns the script that adds to the feeds with some settings what it changes; itself if it only reads."""
    return script if script.only_reads else _recorder(script, b",".join(sorted(filter(None, feeds))))


@lru_cache(MAX_KEPT)
def _recorder(script: Plain, feeds: bytes) -> Recorder:
    return Recorder(script, feeds)


@lru_cache(MAX_KEPT)
def _source(script: Plain) -> tuple[bytes, bytes]:
    source = recording(script.source.decode(), script.name).encode()
    return source, sha1(source, usedforsecurity=False).hexdigest().encode()
