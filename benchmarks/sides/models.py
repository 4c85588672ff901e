"""The models of limpyd, for both faces."""

from __future__ import annotations

from limpyd import HashField, InstanceHashField, ListField, SetField, SortedSetField, StringField


class PersonFields:
    """Five fields: three indexed, one of those unique."""

    name = InstanceHashField()
    age = InstanceHashField(type=int)
    email = InstanceHashField(unique=True)
    city = InstanceHashField(indexable=True)
    team = InstanceHashField(indexable=True)


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
