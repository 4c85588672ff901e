"""The subjects of requests, and the scripts that they run, as far as requests and drivers use them."""

from __future__ import annotations

from typing import Any, Protocol

from limpyd.utils.cached_properties import cached_property


class Subject(Protocol):
    """The subject of a request, for the messages of errors."""

    def type_of(self, key: bytes, /) -> str:
        """The Redis type that a key should have."""
        ...

    def __str__(self) -> str: ...


class Script(Protocol):
    """The attributes that requests and drivers use of a Lua script."""

    name: str

    @property
    def expires(self) -> bool:
        """True if it is for models whose objects expire."""
        ...

    @property
    def renewal(self) -> bytes | None:
        """The way in which writes renew the deadlines of objects; None if they do not."""
        ...

    @property
    def overdue(self) -> Any:
        """The values and objects that it removes first; None if there is nothing."""
        ...

    @property
    def feeds(self) -> bytes:
        """The settings of the feeds of changes that it adds to; empty if it adds to none."""
        ...

    @property
    def with_promises(self) -> Script:
        """The same with the code for promises of other partitions."""
        ...

    @cached_property
    def source(self) -> bytes:
        """The source that the server runs."""
        ...

    @cached_property
    def sha(self) -> bytes:
        """The digest by which a server knows it."""
        ...

    @cached_property
    def flags(self) -> frozenset[str]:
        """Its flags, such as `no-writes`."""
        ...

    @cached_property
    def requires(self) -> frozenset[str]:
        """The names that it uses of the library of Lua functions."""
        ...

    @cached_property
    def guarded(self) -> bool:
        """True if it runs only under the epochs that its last arguments name."""
        ...
