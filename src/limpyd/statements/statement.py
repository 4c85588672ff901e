"""A prepared statement: a script, and the beginning of its requests, packed once.

A request is EVALSHA with the keys of the model, the epoch under which it is sent (see statements/lua/guard.lua),
the constant arguments, and those of the call: the primary key first. All but the last are the same bytes each time,
until the epoch changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from limpyd.keys import Partition, to_text
from limpyd.requests.guards import Guard
from limpyd.requests.request import Argument, Assumption
from limpyd.requests.resp import pack_each
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.server import Needs
from limpyd.statements.script_source import CompiledScript

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

NO_GUARD = Guard(b"", b"")
ONE = b"*%d\r\n%b$%d\r\n%b\r\n$%d\r\n%b\r\n"
TWO = ONE + b"$%d\r\n%b\r\n"
"""The form of a request with the primary key and one value, or two, behind what is constant."""


class Keeps(Protocol):
    """An index, as far as statements have to know it."""

    def indexed_texts(self, stored: bytes, /) -> Sequence[bytes]:
        """Returns what it keeps of a value."""
        ...


class Statement:
    """The common part of the calls of one kind.

    Args:
        script: what the server runs.
        model: the model.
        where: the partition.
        command: the Redis command, for messages.
        constants: what follows the epoch in each request.
        subject: what it is about, for messages.
        claims: what may turn out to belong to another object.
        more_keys: its keys beside those of each.

    Attributes:
        complete: whether its reply always gives the result, or the error; else Python may be asked what an index keeps
            of a value.
        computed: the indexes whose texts each request has behind a value.
    """

    __slots__ = (
        "_fixed",
        "_prefix",
        "assumes",
        "claims",
        "command",
        "complete",
        "computed",
        "constant",
        "head",
        "maintenance",
        "model",
        "pack",
        "script",
        "subject",
    )

    def __init__(
        self,
        script: CompiledScript,
        model: Model,
        where: Partition,
        command: str,
        constants: tuple[bytes, ...] = (),
        subject: Subject | None = None,
        claims: Sequence[Claim] = (),
        more_keys: tuple[bytes, ...] = (),
    ) -> None:
        self.script = script
        self.model = model
        self.command = command
        self.subject = subject or model
        self.claims = claims
        self.complete = True
        self.computed: Sequence[Keeps] = ()
        self.maintenance = model.maintenance
        declared: Assumption = model.maintenance.declared
        self.assumes = (declared,)
        keys = (where.pks, where.meta, where.nothing, *more_keys)
        self._prefix = (b"EVALSHA", script.sha, b"%d" % len(keys), *keys)
        self._fixed = constants
        self.constant = len(self._prefix) + 2 + len(constants)
        self.head: tuple[object, bytes] = (self, b"")
        self.pack: Callable[[Sequence[Argument]], bytes] = pack_each

    def described(self) -> tuple[list[str], list[str]]:
        """Returns the keys that are sent, and what its arguments are, for people."""
        keys = [to_text(key) for key in self._prefix[3:]]
        return keys, [
            "the epoch of the catalog",
            *map(repr, map(to_text, self._fixed)),
            "the primary key",
            *self.given_names,
        ]

    @property
    def name(self) -> str:
        """The name for messages: that of its command; of a script that serves one operation that of this."""
        return self.command.lower()

    @property
    def given_names(self) -> list[str]:
        """The names of the values of a call beside the primary key."""
        return [f"what follows the key in {self.command} …"]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        """Returns what a call gives, of the arguments of its command; None if they are not those of the statement."""
        return args

    def args_under(self, guard: Guard, given: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Returns what is sent of a call."""
        return (*self._prefix, guard.epoch, *self._fixed, *given)

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:  # noqa: ARG002 - some ask
        """Returns the error that a reply stands for."""
        return refusal(self.model, reply, pk, self.claims, command=self.command, needs=needs)

    def packed(self, head: bytes, pk: bytes, values: Sequence[Argument]) -> bytes:
        """Returns that in the form of the protocol, behind what is constant."""
        return b"*%d\r\n%b%b" % (self.constant + len(values), head, self.pack((pk, *values)))

    def head_under(self, guard: Guard) -> bytes:
        """Returns what is constant under a guard, in the form of the protocol."""
        return pack_each((*self._prefix, guard.epoch, *self._fixed))

    def form(self, before: Sequence[Argument], count: int = 0) -> tuple[object, bytes] | None:
        """Returns the form of requests under the catalog that is known, and that; None if the server has to be asked.

        It is to be filled with the primary key and a value, each behind its length, or with the primary key alone.

        Args:
            before: the values that all of them give.
            count: how many they give behind those.
        """
        catalog = self.maintenance.catalog
        head = self.new_head()
        if head is None:
            return None
        form = b"*%d\r\n%b$%%d\r\n%%b\r\n%b" % (
            self.constant + len(before) + count,
            head.replace(b"%", b"%%"),
            pack_each(before).replace(b"%", b"%%"),
        )
        return catalog, form + (b"$%d\r\n%b\r\n" if count else b"")

    def new_head(self) -> bytes | None:
        """Returns what is constant under the catalog that is known; None if the server has to be asked."""
        catalog = self.maintenance.catalog
        (declared,) = self.assumes
        guard = declared.guard()
        if guard is None:
            return None
        head = self.head_under(guard)
        self.head = catalog, head
        return head
