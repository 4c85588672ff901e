"""The events that callbacks receive: one for each request to a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from limpyd.commands.table import TABLE
from limpyd.keys import to_text
from limpyd.requests.request import Request
from limpyd.server import Server

Retry = Literal["noscript", "stale", "reconnect", "redirected"]
"""Why a request was sent again: the server did not know its script (NOSCRIPT), what this process knew of the model's
indexes had changed, the connection was lost, or another node of a cluster serves it, perhaps later."""
Batch = Literal["pipeline", "transaction"]

MAX_SHOWN = 100
"""The most characters of a command that are shown."""
CATALOG = "catalog"
"""The name of the question which indexes of a model are built, which a process asks once for each model."""
HANDSHAKE = "handshake"
"""The name of the question for the server's version, which comes first on a database."""
TOPOLOGY = "topology"
"""The name of the question which node of a cluster serves which slots (CLUSTER SLOTS)."""
CONNECT = "connect"
"""The name of what failed before a batch could be sent."""
SCRIPTS = {
    "bulk_delete": ("bulk_delete_related",),
    CATALOG: ("declare", "record_partitions"),
    "check": (
        "check_counter",
        "check_entries",
        "check_inventories",
        "check_keys",
        "check_objects",
        "check_values",
        "clear_dangling",
    ),
    "changes": ("acknowledge", "delete_group", "first_changes", "is_finished", "take_changes"),
    "check_reference": ("check", "record"),
    "claim": ("bar_claims", "release", "report_history", "restore_claims", "take_over", "verify"),
    "clear_indexes": ("clear", "forget"),
    "create": ("create_and_update",),
    "delete": (
        "call_off",
        "close_found",
        "close_objects",
        "delete_found",
        "delete_found_open",
        "delete_found_related",
        "delete_open",
        "delete_related",
        "find_holders",
        "finish_tombs",
        "keep_closed",
        "left_tombs",
        "open_objects",
        "renew_tombs",
        "sweep_holders",
    ),
    "query": (
        "chunk",
        "existing",
        "find",
        "find_plain",
        "living",
        "look_up",
        "mistyped",
        "owner",
        "page",
        "page_of_range",
        "pks_in_order",
        "sorted_rows",
    ),
    "import_": ("raise_counter",),
    "rebuild_indexes": ("begin_rebuild", "rebuild"),
    "migrate_to": (
        "add_copies",
        "digest_objects",
        "open_partition",
        "pack_objects",
        "prepare_partition",
        "remove_copies",
        "remove_keys",
        "swap_state",
        "unknown_references",
    ),
    "repartition": (
        "announce",
        "begin_moving",
        "carry_claims",
        "carry_promises",
        "change_record",
        "continue_feed",
        "drop_parcel",
        "drop_records",
        "end_moving",
        "enter_claims",
        "enter_records",
        "feed_end",
        "fence",
        "forget_recent",
        "hold_values",
        "pack_parcel",
        "raise_bars",
        "redirect_claims",
        "settle",
        "unpack_parcel",
        "void_promises",
    ),
    "store": ("store_pks",),
    "sweep": ("sweep_expired", "sweep_targets", "sweep_values"),
    "update": ("assign_found", "update_found"),
}
"""The operations of scripts that are not named after them."""
NAMES = {script: name for name, scripts in SCRIPTS.items() for script in scripts}


Purpose = tuple[Sequence[Request[Any]], Batch | None, Retry | None]
"""What several requests that are sent together are there for: those that were asked for, without what limpyd adds; as
what they were collected; and why they are sent again. A plain tuple, made whether anybody listens or not."""


class Address(NamedTuple):
    """The address of a server.

    Attributes:
        host: the host's name or address, the path of a Unix socket, or the name of a service of Sentinel.
        port: the port; None if there is none, or only Sentinel knows it.
        db: the number of the database.
    """

    host: str
    port: int | None
    db: int


class TracedDatabase(Protocol):
    """The part of a database, on both faces, that events refer to."""

    @property
    def server(self) -> Server | None:
        """Name and version of the server, once it is known."""
        ...

    @property
    def address(self) -> Address:
        """The address of the server."""
        ...

    @property
    def slow_request(self) -> float | None:
        """The seconds from which on a request is logged as slow; None for never."""
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on a model.

    Attributes:
        name: the command or operation: `hset`, `create`, `query`, `bulk_update`, …
        model: the name of the model; None if it is about no model.
        field: the name of the field; None if it is about the model, or several of its fields.
    """

    name: str
    model: str | None = None
    field: str | None = None

    @property
    def target(self) -> str | None:
        """The field with its model (`Person.name`), or the model; None if it is about neither."""
        return self.model if self.field is None else f"{self.model}.{self.field}"

    def __str__(self) -> str:
        return self.name if self.model is None else f"{self.name} {self.target}"


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One request that went to a server, or failed on its way: what was sent together, and what came of it.

    Attributes:
        database: the database.
        operations: what was asked for: one operation, or those of a pipeline or transaction.
        batch: whether they are those of a "pipeline" or a "transaction"; None for a single operation.
        commands: how many Redis commands were sent, those included that limpyd adds; but not INFO, which goes with the
            first step of a walk on a connection.
        started: when it began, in seconds since 1970 (`time.time()`).
        duration: the seconds until the reply was there, or the failure; the opening of a connection included, if it
            was needed, but not the decoding of the reply.
        bytes_sent: the size of the request in bytes.
        bytes_received: the size of the values in the reply in bytes, without the framing of the protocol.
        retry: why the same was sent again; None if it was not.
        error: what it failed with: the error that the caller got, or the one after which it was sent again. None if it
            succeeded.
        text: the command with the beginning of its arguments, keys and values included: for tests, not for logs.
    """

    database: TracedDatabase
    operations: tuple[Operation, ...]
    batch: Batch | None
    commands: int
    started: float
    duration: float
    bytes_sent: int
    bytes_received: int
    retry: Retry | None
    error: BaseException | None
    text: str

    @property
    def name(self) -> str:
        """The name of the operation; of several "pipeline" or "transaction"."""
        return self.batch or self.operations[0].name

    @property
    def model(self) -> str | None:
        """The name of the model; of several operations the one that they share."""
        return self._shared({operation.model for operation in self.operations})

    @property
    def field(self) -> str | None:
        """The name of the field; of several operations on one model the one that they share."""
        return None if self.model is None else self._shared({operation.field for operation in self.operations})

    @property
    def batch_size(self) -> int:
        """The number of operations."""
        return len(self.operations)

    @staticmethod
    def _shared(names: set[str | None]) -> str | None:
        return names.pop() if len(names) == 1 else None


def operation(request: Request[Any]) -> Operation:
    """Returns what a request asks for."""
    subject: Any = request.subject
    model = getattr(subject, "name", None)
    field = None
    if hasattr(subject, "redis_type"):
        field, model = model, getattr(getattr(subject, "model", None), "name", None)
    return Operation(name_of(request), model, field)


def name_of(request: Request[Any]) -> str:
    """Returns the name of what a request does."""
    if request.name is not None:
        return request.name.lower()
    if request.script is not None:
        return NAMES.get(request.script.name, request.script.name)
    name, *more = (_shown(arg) for arg in request.args[:2])
    both = f"{name} {more[0]}" if more else name
    return (both if both.upper() in TABLE else name).lower()


def text_of(request: Request[Any]) -> str:
    """Returns the command with the beginning of its arguments; of a script its name and what it is about."""
    if request.script is not None:
        return f"{name_of(request) if request.name else request.script.name} ({request.subject})"
    return " ".join(map(_shown, request.args[:4]))[:MAX_SHOWN]


def _shown(arg: Any) -> str:
    return to_text(arg[:MAX_SHOWN]) if isinstance(arg, bytes) else str(arg)[:MAX_SHOWN]


def size_of(reply: Any) -> int:
    """Returns the size of the values in a reply, in bytes."""
    size, left = 0, [reply]
    while left:
        value = left.pop()
        if isinstance(value, bytes):
            size += len(value)
        elif isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            left += value
        elif value is not None:
            size += len(str(value))
    return size
