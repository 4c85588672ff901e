"""A query as data."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from limpyd.keys import Partition
from limpyd.query.caches import QueryCaches
from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.model import Queried
from limpyd.query.ordering import SortKey
from limpyd.query.planning.plan import PKS
from limpyd.query.planning.script_plan import Planned
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Request
from limpyd.scripts.queries import Search


class Deletions(Protocol):
    """The deletions of a model's objects."""

    @property
    def take_steps(self) -> bool: ...
    def delete_found(self, partition: Partition, search: Search) -> Request[int]: ...


class ModelSchema(Queried, Planned, Protocol):
    """The attributes that a collection uses of its model."""

    pk_name: str
    mints_pks: bool

    @property
    def queries(self) -> QueryCaches: ...
    @property
    def deletions(self) -> Deletions: ...
    @property
    def claimed_index(self) -> object: ...


class Scope(NamedTuple):
    """The part of a query that is the default scope of its collection.

    Attributes:
        size: the number of conditions of the scope; they are the first ones of the query.
        sorts: true if the order of the query belongs to the scope.
    """

    size: int
    sorts: bool


class Query(NamedTuple):
    """A query: conditions, order, projection.

    Attributes:
        conditions: what objects must meet.
        order: what they are sorted by.
        projection: what they become.
        stored_key: the key of the stored collection it is, if it is one.
        scope: its default scope, if it has one, and has not left it.
    """

    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()
    projection: Projection = PKS
    stored_key: str | None = None
    scope: Scope | None = None
