"""What has changed in the objects of models with a feed, and what their feeds tell of it.

What has changed is seen in the keys themselves, before and after a step, which nothing of limpyd decides.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.face import Face

Snapshot = dict[tuple[str, bytes], dict[str, bytes]]
"""Of each object, by model and primary key, its values by field."""
Entry = tuple[str, list[str], bytes | None]
"""What an entry tells: the kind, the names of fields, and the version."""


class Recorded:
    """The objects and the feeds of some models.

    Args:
        face: the face.
        models: the models, by their names in keys; all in the namespace `feed`.
    """

    def __init__(self, face: Face, models: dict[str, Any]) -> None:
        self.client, self.models = face.client, models

    def snapshot(self) -> Snapshot:
        """Returns all objects."""
        found: Snapshot = {}
        for model, key in self._keys("pks"):
            found |= {(model, pk): {} for pk in self.client.smembers(key)}
        for key in sorted(self.client.scan_iter("{feed:*", count=10000)):
            tag, _, rest = key.partition(b"}:")
            name, (word, _, rest) = tag.decode().split(":")[1], rest.partition(b":")
            if word == b"hash" and (name, rest) in found:
                _add_entries(found[name, rest], self.client.hgetall(key))
            elif word == b"field":
                field, _, pk = rest.partition(b":")
                base, _, length = field.partition(b".")
                pk = pk[int(length) + 1 :] if length else pk
                if (name, pk) in found:
                    values = found[name, pk]
                    values[base.decode()] = values.get(base.decode(), b"") + field + self._value(key)
        return found

    def newest(self) -> dict[bytes, bytes]:
        """Returns the id of the last entry of each feed."""
        newest = {key: self.client.xrevrange(key, count=1) for _, key in self._keys("changes")}
        return {key: entries[0][0] if entries else b"-" for key, entries in newest.items()}

    def entries_after(self, known: dict[bytes, bytes]) -> dict[Any, list[Entry]]:
        """Returns what was added after some entries, by object."""
        found: dict[Any, list[Entry]] = {}
        for name, key in self._keys("changes"):
            after = known[key] if known[key] == b"-" else b"(" + known[key]
            for _, entry in self.client.xrange(key, min=after):
                names = json.loads(entry.get(b"fields", b"[]").decode(errors="surrogateescape"))
                fields = [one.partition(".")[0] for one in names]
                told = (entry[b"kind"].decode(), fields, entry.get(b"version"))
                found.setdefault((name, entry[b"pk"]), []).append(told)
        return found

    def _keys(self, word: str) -> list[tuple[str, bytes]]:
        partitions = ((name, one) for name, model in self.models.items() for one in model._schema.keys.partitions)
        return [(name, getattr(one, word)) for name, one in partitions]

    def _value(self, key: bytes) -> bytes:
        client = self.client
        kind = client.type(key)
        if kind == b"set":
            return b",".join(sorted(client.smembers(key)))
        if kind == b"hash":
            return repr(sorted(client.hgetall(key).items())).encode()
        if kind == b"zset":
            return repr(client.zrange(key, 0, -1, withscores=True)).encode()
        if kind == b"stream":
            return repr(client.xrange(key)).encode()
        return repr(client.lrange(key, 0, -1) if kind == b"list" else client.get(key)).encode()


def _add_entries(found: dict[str, bytes], values: dict[bytes, bytes]) -> None:
    for sub, value in sorted(values.items()):
        if sub == b"version":
            found["version"] = value
        else:
            name = sub.decode(errors="surrogateescape").partition(".")[0]
            found[name] = found.get(name, b"") + sub + b"=" + value


def is_right(old: Any, new: Any, entries: list[Entry], recorded: set[str], *, refused: bool, may_expire: bool) -> bool:
    """Returns whether entries tell what one step has done to an object.

    Args:
        old: its values before, None if it was not there.
        new: its values after it.
        entries: the entries.
        recorded: the fields that are recorded; empty for all.
        refused: true if the step was refused.
        may_expire: true if it may have been removed after its deadline.
    """
    kinds = [kind for kind, _, _ in entries]
    if refused and kinds:
        return False
    if new is None:
        return old is not None and kinds in (["deleted"], *([["expired"]] if may_expire else []))
    if entries and entries[-1][2] != new.get("version"):
        return False
    if old is None:
        return kinds == ["created"]
    written = {name for name in {*old, *new} if old.get(name) != new.get(name)} - {"version"}
    if recorded:
        written &= recorded
    told = {name for _, names, _ in entries for name in names}
    return (not kinds and not written) or (kinds == ["changed"] and written <= told)
