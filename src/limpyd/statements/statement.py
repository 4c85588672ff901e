"""A prepared statement: a script, and the constant part of its requests, packed once.

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
from limpyd.statements.script_source import CompiledScript, expiring_script, recording_script

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

NO_GUARD = Guard(b"", b"")
NO_VALUE = b"*%d\r\n%b$%d\r\n%b\r\n"
ONE_VALUE = NO_VALUE + b"$%d\r\n%b\r\n"
TWO_VALUES = ONE_VALUE + b"$%d\r\n%b\r\n"
"""Formats for a request: the constant bytes, the primary key, and up to two values."""


class Keeps(Protocol):
    """The attributes of an index that statements use."""

    def indexed_texts(self, stored: bytes, /) -> Sequence[bytes]:
        """Returns the texts that the index keeps of a value."""
        ...


class Statement:
    """The common part of the calls of one kind.

    Args:
        script: the script.
        model: the model.
        partition: the partition.
        command: the Redis command, for messages.
        constants: the arguments that follow the epoch in each request.
        subject: the field or model that it is about, for messages.
        claims: the values that may belong to another object.
        more_keys: keys besides those of all statements.

    Attributes:
        complete: true if its reply always has the result or the error; else Python may have to transform a value.
        computed: the indexes whose texts follow a value in each request.
        direct: the function that makes its calls without a request, once one was made (see statements/fast_call.py).
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
        "direct",
        "head",
        "maintenance",
        "model",
        "pack",
        "partition",
        "script",
        "subject",
    )

    def __init__(
        self,
        script: CompiledScript,
        model: Model,
        partition: Partition,
        command: str,
        constants: tuple[bytes, ...] = (),
        subject: Subject | None = None,
        claims: Sequence[Claim] = (),
        more_keys: tuple[bytes, ...] = (),
    ) -> None:
        if model.expires or model.feeds:  # as is any that is settled with others
            script, keys_of_model = _of_model(script, model, partition, constants)
            more_keys = (*more_keys, *keys_of_model)
        self.script = script
        self.model = model
        self.partition = partition
        self.command = command
        self.subject = subject or model
        self.claims = claims
        self.complete = True
        self.direct: Any = None
        self.computed: Sequence[Keeps] = ()
        self.maintenance = model.maintenance.at(partition)
        declared: Assumption = self.maintenance.declared
        self.assumes = (declared,)
        keys = (partition.pks, partition.meta, partition.nothing, *more_keys)
        self._prefix = (b"EVALSHA", script.sha, b"%d" % len(keys), *keys)
        self._fixed = constants
        self.constant = len(self._prefix) + 2 + len(constants)
        self.head: tuple[object, bytes] = (self, b"")
        self.pack: Callable[[Sequence[Argument]], bytes] = pack_each

    def parameter_names(self) -> tuple[list[str], list[str]]:
        """Returns the keys and descriptions of the arguments, to be shown to users."""
        keys = [to_text(key) for key in self._prefix[3:]]
        return keys, [
            "the epoch of the catalog",
            *map(repr, map(to_text, self._fixed)),
            "the primary key",
            *self.given_names,
        ]

    @property
    def name(self) -> str:
        """The name for messages: the command's name, or that of the one operation that the script serves."""
        return self.command.lower()

    @property
    def given_names(self) -> list[str]:
        """The names of the values of a call, besides the primary key."""
        return [f"what follows the key in {self.command} …"]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        """Returns the values of a call from the arguments of its command; None if the statement does not take them."""
        return args

    def args_under(self, guard: Guard, given: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Returns the arguments of a call's request."""
        return (*self._prefix, guard.epoch, *self._fixed, *given)

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:  # noqa: ARG002 - some ask
        """Returns the error that a reply stands for."""
        return refusal(self.model, reply, pk, self.claims, command=self.command, needs=needs)

    def packed(self, head: bytes, pk: bytes, values: Sequence[Argument]) -> bytes:
        """Returns a request as bytes of the Redis protocol; `head` is its constant part."""
        return b"*%d\r\n%b%b" % (self.constant + len(values), head, self.pack((pk, *values)))

    def head_under(self, guard: Guard) -> bytes:
        """Returns the constant part of requests under a guard, as bytes of the Redis protocol."""
        return pack_each((*self._prefix, guard.epoch, *self._fixed))

    def form(self, before: Sequence[Argument], count: int = 0) -> tuple[object, bytes] | None:
        """Returns the catalog that this process knows, and the format of requests under it.

        None if the server has to be asked for the catalog. The format takes the length of the primary key and the
        primary key, then the same of each value.

        Args:
            before: the values that all requests have.
            count: the number of values after them.
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
        return catalog, form + b"$%d\r\n%b\r\n" * count

    def new_head(self) -> bytes | None:
        """Returns the constant part under the catalog that this process knows; None if the server has to be asked."""
        catalog = self.maintenance.catalog
        (declared,) = self.assumes
        guard = declared.guard()
        if guard is None:
            return None
        head = self.head_under(guard)
        self.head = catalog, head
        return head


def _of_model(
    script: CompiledScript, model: Model, partition: Partition, constants: Sequence[bytes]
) -> tuple[CompiledScript, tuple[bytes, ...]]:
    """Returns a script as a model runs it whose objects expire, or that has a feed of changes; and its last keys."""
    keys: tuple[bytes, ...] = ()
    if model.expires:
        from limpyd.lua.expiring import Expiry, marked  # noqa: PLC0415 - the objects of most models do not expire

        def names(*keys: bytes) -> bool:
            prefixes = tuple(partition.prefix + key for key in keys)
            return not constants or any(each.startswith(prefixes) for each in constants)

        overdue = model.overdue
        expiry = Expiry.of(
            model.objects_expire,
            overdue,
            renews=model.renewal is not None,
            moments=names(b"deadline:"),
            frees=model.renewal is not None or names(b"field:", b"deadline:object"),
            general=False,
        )
        targets = overdue is not None and overdue.objects
        script = expiring_script(script, expiry, crosses_slots=targets and model.crosses_slots)
        keys = (marked(partition.nothing, model.renewal, overdue),)
    feeds = b",".join(sorted({each.feeds for each in (model, *model.settled_with)} - {b""}))
    if feeds:
        from limpyd.lua.recording import with_feeds  # noqa: PLC0415 - most models have no feed of changes

        script, keys = recording_script(script), (*keys, with_feeds(partition.nothing, feeds))
    return script, keys
