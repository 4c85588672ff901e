"""The creation of many objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.fields.declaration.setters import with_own_setters
from limpyd.keys import to_text
from limpyd.model.bulk import MAX_ROOM, Bulk, BulkCreated, OnConflict, OnProgress, one_of
from limpyd.model.create_plan import Plain, plain
from limpyd.model.crud import known, new_object, nothing_to_store
from limpyd.model.primary_keys import given_pk
from limpyd.model.updates import assigned
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts import bulk
from limpyd.scripts.bulk_create import Created, NewObjects

MAX_PLANS = 500
"""The most combinations of fields whose layouts are kept."""


class BulkCreate(Bulk[BulkCreated, Created]):
    """Creates objects."""

    operation = "bulk_create"

    def __init__(
        self, schema: Schema, chunk: int, on_conflict: OnConflict, pks: bool, progress: OnProgress | None
    ) -> None:
        self._on_conflict = one_of("on_conflict", on_conflict, ("raise", "skip", "update"))
        self._give_pks = pks
        self._plans: dict[tuple[str, ...], Plain | None] = {}
        self.result = BulkCreated(pks=[] if pks else None)
        super().__init__(schema, chunk, progress)

    def _empty(self) -> None:
        self._objects = NewObjects(self._schema, self._partition)
        self._updates = bulk.Updates(self._schema, self._partition, self._schema.version_sub)

    def _add(self, item: Any) -> bool:
        values = to_set = item if type(item) is dict else self._values(item)
        if self._schema.own_setters:
            values = with_own_setters(self._schema, values)
        objects, given = self._objects, tuple(values)
        plan = self._plans[given] if given in self._plans else self._plan(given)
        pk = None if plan is not None and plan.mints_pk else given_pk(self._schema, values)
        if self._on_conflict == "update":
            self._updates.add(None, self._to_update(to_set))
        if plan is None or not plan.add_to(objects, pk, values):
            new = new_object(self._schema, values)
            if pk is None and new.empty:
                raise nothing_to_store(self._schema)
            objects.add_any(new)
        return objects.size + self._updates.size >= MAX_ROOM

    def _plan(self, given: tuple[str, ...]) -> Plain | None:
        known(self._schema, dict.fromkeys(given))
        if len(self._plans) == MAX_PLANS:
            self._plans.clear()
        plan = plain(self._schema, self._partition, given)
        if plan is not None and plan.stores_nothing:
            plan = None
        self._plans[given] = plan
        return plan

    def _to_update(self, values: Mapping[str, Any]) -> list[Any]:
        names = {"pk", self._schema.pk_name}
        others = {name: value for name, value in values.items() if name not in names}
        return assigned(self._schema, others) if others else []

    def _request(self) -> Request[Created]:
        if self._on_conflict == "update":
            updates = self._updates
            return self._objects.create_or_update(updates.fields, updates.args, give_pks=self._give_pks)
        return self._objects.create(skip=self._on_conflict == "skip", give_pks=self._give_pks)

    def _take(self, outcome: Created) -> None:
        created, skipped, updated, pks = self.result
        if pks is not None:
            pks += map(to_text, outcome.pks)
        self.result = BulkCreated(created + outcome.created, skipped + outcome.skipped, updated + outcome.updated, pks)
