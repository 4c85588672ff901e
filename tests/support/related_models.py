"""Models that refer to each other in every way, and what is wrong with their data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd import InstanceHashField, PKField, StringField
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField
from tests.support.expected_indexes import inconsistencies

REFERENCES = {
    ("Node", "one"): (FKStringField, "Node", "clear"),
    ("Node", "boss"): (FKInstanceHashField, "Node", "cascade"),
    ("Node", "guard"): (FKInstanceHashField, "Leaf", "restrict"),
    ("Node", "friends"): (M2MSetField, "Node", "clear"),
    ("Node", "team"): (M2MSetField, "Leaf", "cascade"),
    ("Node", "queue"): (M2MListField, "Leaf", "clear"),
    ("Leaf", "owner"): (FKStringField, "Node", "cascade"),
    ("Leaf", "twin"): (FKInstanceHashField, "Leaf", "clear"),
    ("Leaf", "ranks"): (M2MSortedSetField, "Node", "clear"),
    ("Leaf", "watched"): (M2MListField, "Node", "restrict"),
}
"""Each field that refers, with its kind, the model it refers to, and what a deletion there does."""
MANY = {M2MSetField: set, M2MListField: list, M2MSortedSetField: dict}


def related_models(
    base: Any, database: Any, namespace: str = "", partitions: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The models, by name.

    Args:
        base: their base class.
        database: their database.
        namespace: their namespace.
        partitions: the numbers of their partitions, if not 1.
    """
    made = {}
    for name in ("Node", "Leaf"):
        fields: dict[str, Any] = {
            field: kind(target, related_name=f"{field}_of", on_delete=policy)
            for (model, field), (kind, target, policy) in REFERENCES.items()
            if model == name
        }
        own = {
            "database": database,
            "namespace": namespace,
            "partitions": (partitions or {}).get(name, 1),
            "name": PKField(),
            "text": StringField(indexable=True),
            "only": InstanceHashField(unique=True),
            "__module__": __name__,
        }
        made[name] = type(name, (base,), {**own, **fields})
    return made


def references(client: Any, model: str, field: str, pk: bytes) -> Any:
    """What is stored in a field, past limpyd."""
    tag = b"{%s}" % model.lower().encode()
    key = tag + b":field:" + field.encode() + b":" + pk
    kind = REFERENCES[model, field][0]
    if kind is FKInstanceHashField:
        return client.hget(tag + b":hash:" + pk, field)
    if kind is M2MSetField:
        return client.smembers(key)
    if kind is M2MListField:
        return client.lrange(key, 0, -1)
    return dict(client.zrange(key, 0, -1, withscores=True)) if kind is M2MSortedSetField else client.get(key)


def problems(client: Any, models: dict[str, Any]) -> list[str]:
    """References to nobody, and whatever else is wrong."""
    there = {name: client.smembers(b"{%s}:pks" % name.lower().encode()) for name in models}
    found = []
    for name, model in models.items():
        others = tuple(f"orphan: {{{other.lower()}}}" for other in models if other != name)
        found += [problem for problem in inconsistencies(client, model) if not problem.startswith(others)]
    for (model, field), (_, target, _) in REFERENCES.items():
        for pk in there[model]:
            stored = references(client, model, field, pk)
            referred = [stored] if isinstance(stored, bytes) else stored or ()
            found += [f"{model}({pk!r}).{field} refers to {one!r}" for one in referred if one not in there[target]]
    return found
