"""The models of limpyd, for both faces."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)


class PersonFields:
    """Five fields: three indexed, one of those unique."""

    name = InstanceHashField()
    age = InstanceHashField(type=int)
    email = InstanceHashField(unique=True)
    city = InstanceHashField(indexable=True)
    team = InstanceHashField(indexable=True)


class ThingFields:
    """A field for each other kind of index; `owner` refers to another one."""

    count = InstanceHashField(type=int, indexable=True)
    price = InstanceHashField(type=Decimal, indexes=[NumberRangeIndex])
    seen = InstanceHashField(type=datetime, indexes=[NumberRangeIndex])
    weight = InstanceHashField(type=float, indexes=[EqualIndex])
    title = InstanceHashField(indexes=[TextRangeIndex])
    label = InstanceHashField(indexes=[TextRangeIndex(case_sensitive=False)])
    owner = FKInstanceHashField("self")
    words = SetField(indexable=True)


class NotebookFields:
    """A field of each of the other types; no index."""

    note = StringField()
    visits = StringField(type=int)
    facts = HashField()
    tags = SetField()
    log = ListField()
    ranks = SortedSetField()


class CitizenFields:
    """Six fields: four indexed, one of those with an order."""

    name = InstanceHashField()
    age = InstanceHashField(type=int, indexable=True)
    email = InstanceHashField()
    city = InstanceHashField(indexable=True)
    level = InstanceHashField(indexable=True)
    team = InstanceHashField(indexable=True)
