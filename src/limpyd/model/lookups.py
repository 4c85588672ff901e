"""Requests that look up objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, get_args

from limpyd.exceptions import DoesNotExist, InvalidFilter, InvalidPrimaryKey
from limpyd.expressions import Expression
from limpyd.fields.pk import pk_bytes
from limpyd.keys import to_text
from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.parsing import parse
from limpyd.query.planning.plans import AnyPlan, plan_for
from limpyd.query.results.projections import RawPrimaryKeys
from limpyd.query.single_object import exactly_one
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.statements.fast_call import PLAIN_PKS
from limpyd.statements.read import Read
from limpyd.types import Encodable

R = TypeVar("R")
ENCODABLE = get_args(Encodable)


class Sought(NamedTuple):
    """The object that a lookup asks for."""

    conditions: tuple[Condition, ...]

    @property
    def text(self) -> str:
        """The same, in messages."""
        return ", ".join(map(str, self.conditions))


def sought(schema: Schema, method: str, pk: Any, filters: Mapping[str, Any]) -> Sought:
    """The conditions of a lookup by primary key, by filters, or by both.

    Raises:
        InvalidFilter: neither is given.
    """
    wanted = dict(filters)
    if isinstance(pk, Expression):
        return Sought(parse(schema, wanted, (pk,)))
    if pk is not None:
        wanted["pk"] = to_text(pk) if isinstance(pk, bytes) else pk  # messages show it
    if (pk is not None and "pk" in filters) or ("pk" in wanted and schema.pk_name != "pk" and schema.pk_name in wanted):
        msg = f"{schema.name}.{method}: the primary key is passed twice; pass it once"
        raise InvalidPrimaryKey(msg)
    if not wanted:
        msg = f"{schema.name}.{method} needs a primary key or filters"
        raise InvalidFilter(msg)
    return Sought(parse(schema, wanted))


class Lookup(Read[R]):
    """The request for the object with a primary key (SISMEMBER).

    Args:
        schema: the model.
        given: the primary key, as it was given.
        convert: makes the result of the primary key, as it is stored.
    """

    __slots__ = ("_convert", "_given", "_schema")

    def __init__(self, schema: Schema, given: Any, convert: Callable[[bytes], R]) -> None:
        stored = schema.pk_field.encode(given)
        self.statement = schema.statements[schema.keys.partition(stored)].exists
        self.needs = self.origin = None
        self.may_be_stale = True
        self.followups = ()
        self._pk = stored
        self._args = ()
        self._schema = schema
        self._given = given
        self._convert = convert

    def transactional(self) -> Request[R]:
        queried = _queried(self._schema, self._given, {}).then(self._convert)
        return queried if queried.transactional is None else queried.transactional()

    def decode(self, reply: int) -> R:
        if not reply:
            msg = f"no {self._schema.name} matches {sought(self._schema, 'get', self._given, {}).text}"
            raise DoesNotExist(msg)
        return self._convert(self._pk)


def lookup(schema: Schema, pk: Any, filters: Mapping[str, Any], convert: Callable[[bytes], R]) -> Request[R]:
    """The request for the one object sought; its result is made of the primary key.

    Raises (from the reply):
        DoesNotExist: there is none.
        MultipleObjectsReturned: there are several.
    """
    if type(pk) in PLAIN_PKS and not filters and not schema.expires:  # the most frequent lookup needs no plan
        return Lookup(schema, pk, convert)
    return _queried(schema, pk, filters).then(convert)


def _queried(schema: Schema, pk: Any, filters: Mapping[str, Any]) -> Request[bytes]:
    wanted = sought(schema, "get", pk, filters)

    def plan(conditions: Sequence[Condition]) -> AnyPlan:
        return plan_for(schema, conditions, existing=True)

    found = schema.queries.templates.request(
        ("get",), wanted.conditions, lambda conditions: plan(conditions).pks(limit=2)
    )
    return exactly_one(
        found,
        lambda: plan(wanted.conditions).only(RawPrimaryKeys()),
        lambda: f"no {schema.name} matches {wanted.text}",
        lambda: f"several {schema.name} objects match {wanted.text}; get returns one. Add filters, or use collection",
    )


def exists(model: Any, pk: Any, filters: Mapping[str, Any]) -> Any:
    """Finds out whether there is such an object. Raises as `existence`."""
    schema = model._declared()
    statements = schema.statements[schema.keys.first]
    if filters or not statements.stay:
        return model.database._described(lambda: existence(schema, pk, filters))
    statement = statements.exists
    if statement.direct is None:
        statement.direct = model.database._directly(statement.fast_call(), _existence_of, _described_existence)
    return statement.direct(model, pk)


def _existence_of(model: Any, pk: Any) -> Request[bool]:
    return existence(model._declared(), pk, {})


def _described_existence(model: Any, pk: Any) -> Any:
    return model.database._described(lambda: _existence_of(model, pk))


def existence(schema: Schema, pk: Any, filters: Mapping[str, Any]) -> Request[bool]:
    """Returns the request that finds out whether there is such an object."""
    if not filters and not schema.expires and (type(pk) in PLAIN_PKS or isinstance(pk, ENCODABLE)):
        stored = schema.pk_field.encode(pk)
        return Read(schema.statements[schema.keys.partition(stored)].exists, stored, (), bool)

    def first(conditions: Sequence[Condition]) -> Request[list[bytes]]:
        return plan_for(schema, conditions, existing=True).pks(limit=1)

    conditions = sought(schema, "exists", pk, filters).conditions
    return schema.queries.templates.request(("exists",), conditions, first).then(bool)


def distinct(schema: Schema, pks: Iterable[Any]) -> list[bytes]:
    """Primary keys as they are stored, without repetition."""
    return list(dict.fromkeys(pk_bytes(schema.name, pk) for pk in pks))


def existing(schema: Schema, pks: list[bytes]) -> Request[list[bytes]]:
    """The request that returns the primary keys that exist, among the given ones (SMISMEMBER)."""
    return plan_for(schema, ()).existing(pks)
