"""The requests of calls of prepared statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.requests.guards import Guard
from limpyd.requests.request import Argument, Assumption, IncompleteReply, Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.python_transforms import answer
from limpyd.server import Needs
from limpyd.statements.script_source import CompiledScript
from limpyd.statements.statement import NO_GUARD, NO_VALUE, ONE_VALUE, TWO_VALUES, Statement

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


class Prepared(Request[R_co]):
    """The request of one call of a statement.

    Args:
        statement: the statement.
        pk: the primary key of the object; None if it gets one.
        values: the other arguments of the call.
        convert: turns the reply into the result.
        transactional: returns the request that does the same within a transaction, and can be undone.
        instance: the instance of the object, if there is one.
        needs: the servers that support the values, if fewer than support the command.
    """

    __slots__ = ("_convert", "_instance", "_pk", "_values", "statement")

    transactional: Callable[[], Request[R_co]]

    readonly = blocking = is_resolved = may_be_stale = False
    timeout = 0
    creates = origin = preflight = retry_with = result = None
    followups = ()

    def __init__(
        self,
        statement: Statement,
        pk: bytes | None,
        values: Sequence[Argument],
        convert: Callable[[Any], R_co],
        transactional: Callable[[], Request[R_co]],
        instance: Any = None,
        needs: Needs | None = None,
    ) -> None:
        self.statement = statement
        self.transactional = transactional
        self.needs = needs
        self._instance = instance
        self._pk = pk
        self._values = values
        self._convert = convert

    @property
    def script(self) -> CompiledScript:  # type: ignore[override]
        return self.statement.script

    @property
    def subject(self) -> Subject:  # type: ignore[override]
        return self.statement.subject

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.statement.name

    @property
    def complete(self) -> bool:  # type: ignore[override]
        return self.statement.complete

    @property
    def assumes(self) -> tuple[Assumption, ...]:  # type: ignore[override]
        return self.statement.assumes

    @property
    def args(self) -> tuple[Argument, ...]:  # type: ignore[override]
        return self.args_under((NO_GUARD,))

    @property
    def slot(self) -> int:
        return self.statement.partition.slot

    @property
    def under(self) -> Any:
        return self.statement.maintenance

    def ready(self) -> bytes | None:
        statement, pk, values = self.statement, self._pk or b"", self._values
        catalog, head = statement.head
        if catalog is not statement.maintenance.catalog:
            found = statement.new_head()
            if found is None:
                return None
            head = found
        given = len(values)
        if not given:
            return NO_VALUE % (statement.constant, head, len(pk), pk)
        if given == 1:
            (one,) = values
            if type(one) is bytes:
                return ONE_VALUE % (statement.constant + 1, head, len(pk), pk, len(one), one)
        elif given == 2:  # noqa: PLR2004 - as many as the form has
            one, two = values
            if type(one) is bytes and type(two) is bytes:
                return TWO_VALUES % (statement.constant + 2, head, len(pk), pk, len(one), one, len(two), two)
        return statement.packed(head, pk, values)

    def args_under(self, guards: Sequence[Guard]) -> tuple[Argument, ...]:
        (guard,) = guards
        return self.statement.args_under(guard, (self._pk or b"", *self._values))

    def packed(self, guards: Sequence[Guard]) -> bytes:
        (guard,) = guards
        statement = self.statement
        return statement.packed(statement.head_under(guard), self._pk or b"", self._values)

    def under_several(self) -> Request[R_co]:
        return self.transactional()

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        first, transactional = self._convert, self.transactional
        made: Any = type(self)
        converted: Request[S] = made(
            self.statement,
            self._pk,
            self._values,
            lambda reply: convert(first(reply)),
            lambda: transactional().then(convert),
            self._instance,
            self.needs,
        )
        return converted

    def after(self, before: Request[Any] | None) -> Request[R_co]:
        return self if before is None else self.transactional().after(before)

    def assuming(self, *assumptions: Assumption) -> Request[R_co]:
        return self.transactional().assuming(*assumptions) if assumptions else self

    def with_args(self, args: tuple[Argument, ...]) -> Request[R_co]:
        """Returns the request itself; its arguments cannot be replaced."""
        if args != self.args:
            msg = f"{self!r} takes no other arguments"
            raise TypeError(msg)
        return self

    def decode(self, reply: Any) -> R_co:
        """Turns the reply into the result. Raises the error in it: see scripts/error_mapping.py."""
        if type(reply) is list:
            if reply[0] != b"ok":
                raise self._refusal(reply)
            reply = reply[1]
        if self._instance._seen is not self.statement.model.era:
            self._instance._set_pk(self._pk)
        return self._convert(reply)

    def __repr__(self) -> str:
        return f"<Request {self.statement.name} for {self.subject}>"

    def _refusal(self, reply: list[Any]) -> Exception:
        if reply[0] == b"transform":
            return IncompleteReply(lambda _: self._with_transforms(reply), lambda: None)
        return self.statement.refusal(reply, self._pk, self._values, self.needs)

    def _with_transforms(self, reply: list[Any]) -> Request[R_co]:
        """The request of the general script, with the texts that the statement asked for."""
        general = self.transactional()
        return answer(general, reply) or general


class PreparedWrite(Prepared[R_co]):
    """The request of one call of a write command on a field.

    Args:
        statement: the statement.
        field: the field, bound to an instance.
        pk: the primary key of the object.
        args: the arguments of the command, without the key.
        values: the values of the statement among them.
        convert: turns the reply into the result.
        members: the position of the first member among the arguments, and the distance to the next.
        needs: the servers that support the values, if fewer than support the command.
    """

    __slots__ = ("_args", "_field", "_members")

    def __init__(
        self,
        statement: Statement,
        field: Any,
        pk: bytes,
        args: tuple[Argument, ...],
        values: Sequence[Argument],
        convert: Callable[[Any], R_co],
        members: tuple[int, int],
        needs: Needs | None,
    ) -> None:
        self.statement = statement
        self.needs = needs
        self._instance = field._instance
        self._pk = pk
        self._values = values
        self._convert = convert
        self._field = field
        self._args = args
        self._members = members

    @property
    def field(self) -> Any:
        """The declaration of the field."""
        return self._field._field

    @property
    def values(self) -> Sequence[Argument]:
        """Returns the values of the statement among the arguments."""
        return self._values

    @property
    def convert(self) -> Callable[[Any], R_co]:
        """Returns the decoder of the reply."""
        return self._convert

    def transactional(self) -> Request[R_co]:
        first, step = self._members
        request: Request[R_co] = self._field._in_general(
            self.statement.command, self._args, self._convert, first=first, step=step, needs=self.needs
        )
        return request

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        plain = Prepared(
            self.statement, self._pk, self._values, self._convert, self.transactional, self._instance, self.needs
        )
        return plain.then(convert)
