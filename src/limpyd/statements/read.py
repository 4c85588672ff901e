"""Statements of reads: plain commands on values of an object, whose constant parts are packed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from limpyd.keys import Partition, key_from_template
from limpyd.keys.slots import slot_of
from limpyd.requests.guards import Guard
from limpyd.requests.request import Argument, Request
from limpyd.requests.resp import pack_each
from limpyd.requests.subjects import Subject
from limpyd.server import Needs
from limpyd.statements.fast_call import PLAIN_PKS, FastCall, ReadHome, trust_in
from limpyd.types import Codec
from limpyd.types.untyped import UNTYPED

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


class ReadStatement:
    """The common part of the calls of a read command.

    Args:
        command: the command, of one word or two.
        prefix: the prefix of its key, or its template.
        subject: the field or model, for messages.
        constants: the arguments that follow the key in each request.

    Attributes:
        slot: the hash slot of the key, whose hash tag is in the prefix.
        direct: the function that makes its calls without a request, once one was made (see statements/fast_call.py).
    """

    __slots__ = (
        "_command",
        "_constants",
        "_count",
        "_form",
        "_length",
        "_prefix",
        "_with_one",
        "_without",
        "direct",
        "slot",
        "subject",
    )

    def __init__(self, command: str, prefix: bytes, subject: Subject, constants: tuple[bytes, ...] = ()) -> None:
        before, _, after = prefix.partition(b"\0")
        words = tuple(command.split())
        self.subject = subject
        self.direct: Any = None
        self.slot = slot_of(prefix)
        self._command: tuple[Argument, ...] = words
        self._prefix = prefix
        self._constants = constants
        self._length = len(before) + len(after)
        count = len(words) + 1 + len(constants)
        head = b"".join(_packed(word.encode()) for word in words)
        key = b"$%%d\r\n%b%%b%b\r\n" % (_literal(before), _literal(after))
        form = head + key + b"".join(_literal(_packed(each)) for each in constants)
        self._count = count
        self._form = form
        self._without = b"*%d\r\n" % count + form
        self._with_one = b"*%d\r\n" % (count + 1) + form + b"$%d\r\n%b\r\n"

    @property
    def name(self) -> str:
        """The command in lower case."""
        return " ".join(map(str, self._command)).lower()

    def args(self, pk: bytes, args: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """Returns the arguments of the request of a call."""
        return (*self._command, key_from_template(self._prefix, pk), *self._constants, *args)

    def form(self, args: tuple[Argument, ...]) -> tuple[bytes, int]:
        """Returns the format of requests with these arguments, and the length of the key without the primary key.

        The format takes the length of the key, and the primary key.
        """
        form = b"*%d\r\n" % (self._count + len(args)) + self._form + _literal(pack_each(args))
        return form, self._length

    def packed(self, pk: bytes, args: tuple[Argument, ...]) -> bytes:
        """Returns the request of a call as bytes of the Redis protocol."""
        given = len(args)
        if not given:
            return self._without % (self._length + len(pk), pk)
        if given == 1 and type(arg := args[0]) is bytes:
            return self._with_one % (self._length + len(pk), pk, len(arg), arg)
        head = self._form % (self._length + len(pk), pk)
        return b"*%d\r\n%b%b" % (self._count + given, head, pack_each(args))


def _packed(arg: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(arg), arg)


def _literal(text: bytes) -> bytes:
    """Bytes, escaped for a format."""
    return text.replace(b"%", b"%%")


class ExistsStatement(ReadStatement):
    """The common part of the questions whether an object exists (SISMEMBER).

    Args:
        key: the set of the primary keys.
        subject: the field or model, for messages.
    """

    __slots__ = ()

    def __init__(self, key: bytes, subject: Subject) -> None:
        super().__init__("SISMEMBER", key, subject)
        self._without = b"*3\r\n$9\r\nSISMEMBER\r\n" + _literal(_packed(key)) + b"$%d\r\n%b\r\n"
        self._length = 0

    def args(self, pk: bytes, args: tuple[Argument, ...]) -> tuple[Argument, ...]:
        return (*self._command, self._prefix, pk, *args)

    def fast_call(self) -> FastCall:
        """Returns the common part of the calls of a model, which are given a primary key."""
        model: Any = self.subject
        form, encode = self._without, model.pk_field.encode

        def packed(_: Any, given: Any) -> bytes | None:
            if type(given) not in PLAIN_PKS:
                return None
            pk = encode(given)
            return form % (len(pk), pk)

        return FastCall(packed, lambda _, reply: bool(reply), model, ReadHome(self.slot))


class Read(Request[R_co]):
    """The request of one call of a read.

    Args:
        statement: the statement.
        pk: the primary key of the object.
        args: the other arguments of the call.
        decode: turns the reply into the result.
        needs: the servers that support the arguments, if fewer than support the command.
    """

    __slots__ = ("_args", "_pk", "statement")

    readonly = True
    blocking = is_resolved = False
    timeout = 0
    script = creates = preflight = retry_with = result = None
    assumes = ()

    def __init__(
        self,
        statement: ReadStatement,
        pk: bytes,
        args: tuple[Argument, ...],
        decode: Callable[[Any], R_co],
        needs: Needs | None = None,
    ) -> None:
        self.statement = statement
        self.decode = decode
        self.needs = needs
        self.transactional = self.origin = None
        self.may_be_stale = True
        self.followups = ()
        self._pk = pk
        self._args = args

    @property
    def subject(self) -> Subject:  # type: ignore[override]
        return self.statement.subject

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.statement.name

    @property
    def args(self) -> tuple[Argument, ...]:  # type: ignore[override]
        return self.statement.args(self._pk, self._args)

    @property
    def slot(self) -> int:
        return self.statement.slot

    @property
    def model(self) -> Any:
        """The model of the object."""
        subject: Any = self.statement.subject
        return subject.model

    def form(self) -> tuple[bytes, int]:
        """Returns the format of requests for other objects (see ReadStatement.form)."""
        return self.statement.form(self._args)

    def decoded_by(self, decode: Callable[[Any], S]) -> Request[S]:
        alike: Any = Read(self.statement, self._pk, self._args, decode, self.needs)
        alike.transactional, alike.origin = self.transactional, self.origin
        alike.followups, alike.may_be_stale = self.followups, self.may_be_stale
        return alike  # type: ignore[no-any-return]

    def ready(self) -> bytes | None:
        if self.followups or self.origin is not None:
            return None
        return self.statement.packed(self._pk, self._args)

    def packed(self, guards: Sequence[Guard]) -> bytes:  # noqa: ARG002 - a plain command compares no epochs
        return self.statement.packed(self._pk, self._args)


class HashEntry(Protocol):
    """The attributes that a statement uses of a field that is an entry of the hash of objects."""

    sub: bytes
    codec: Codec[Any]

    def decode(self, stored: bytes, key: bytes, pk: bytes | None = None, /) -> Any: ...


class LoadStatement(ReadStatement):
    """The common part of the calls that read some entries of the hash of an object (HMGET).

    Args:
        partition: the partition of the objects.
        subject: the hash of an object of the model, for messages.
        fields: the fields to read.
    """

    __slots__ = ("_decoders", "_fields", "_partition")

    def __init__(self, partition: Partition, subject: Subject, fields: Sequence[HashEntry]) -> None:
        super().__init__("HMGET", partition.hash_prefix, subject, tuple(field.sub for field in fields))
        self._partition = partition
        self._fields = fields
        # A text that is not UTF-8 is decoded by its field.
        self._decoders = [bytes.decode if field.codec is UNTYPED else field.codec.decode for field in fields]

    def fast_call(self) -> FastCall:
        """Returns the common part of the calls, on instances that know that their objects exist."""
        subject: Any = self.subject
        model, partition, form, length = subject.model, self._partition, self._without, self._length
        trust = trust_in(model, partition)

        def packed(instance: Any, _names: Any) -> bytes | None:
            pk = instance._pk_bytes
            if pk is None or instance._seen is not model.era or (trust is not None and not trust.is_trusted):
                return None
            return form % (length + len(pk), pk)

        def settle(instance: Any, reply: Any) -> list[Any]:
            return self.values(reply, instance._pk_bytes)

        return FastCall(packed, settle, model, ReadHome(self.slot), trust=trust)

    def values(self, reply: Sequence[bytes | None], pk: bytes) -> list[Any]:
        """Returns the value of each field, None where there is none.

        Raises:
            StoredValueError: what is stored does not fit a field's type.
        """
        try:
            return [
                None if stored is None else decode(stored) for decode, stored in zip(self._decoders, reply, strict=True)
            ]
        except (ValueError, OverflowError):
            key = key_from_template(self._prefix, pk)
            fields = zip(self._fields, reply, strict=True)
            return [None if stored is None else field.decode(stored, key, pk) for field, stored in fields]


class Load(Read[list[Any]]):
    """The request of one call of a LoadStatement."""

    __slots__ = ()

    statement: LoadStatement

    def __init__(self, statement: LoadStatement, pk: bytes) -> None:
        self.statement = statement
        self.needs = self.origin = self.transactional = None
        self.may_be_stale = True
        self.followups = ()
        self._pk = pk
        self._args = ()

    def decode(self, reply: Any) -> list[Any]:
        return self.statement.values(reply, self._pk)
