"""From the entries of a stream to changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.changes.change import Change
from limpyd.exceptions import StoredValueError, shorten
from limpyd.keys import Partition, to_bytes, to_text

KINDS = {kind.encode(): kind for kind in ("created", "changed", "deleted", "expired")}
VERSION_OF_DYNAMIC = re.compile(r"([^.:]+)\.\d+:(.*)", re.DOTALL)


def changes(model: Any, partition: Partition, entries: Sequence[Any]) -> list[Change]:
    """Returns the changes that some entries of the stream of a partition stand for.

    Raises:
        StoredValueError: an entry is none that limpyd has written.
    """
    return [_change(model, partition, *entry) for entry in entries]


def _change(model: Any, partition: Partition, entry_id: bytes, flat: Sequence[bytes]) -> Change:
    facts = dict(zip(flat[::2], flat[1::2], strict=True))
    try:
        version = facts.get(b"version")
        return Change(
            entry_id.decode(),
            partition.number,
            to_text(facts[b"pk"]),
            KINDS[facts[b"kind"]],  # type: ignore[arg-type]
            tuple(dict.fromkeys(_names(model, json.loads(to_text(facts.get(b"fields", b"[]")))))),
            None if version is None else int(version),
        )
    except (KeyError, ValueError) as error:
        msg = (
            f"{model.name}.{model.feed.name}: the entry {entry_id.decode()} is no change, but {shorten(facts)}; "
            "another program has added it"
        )
        raise StoredValueError(msg, to_text(partition.changes)) from error


def _names(model: Any, recorded: Sequence[str]) -> Iterator[str]:
    """The names of fields, from those in keys: `title.2:fr` is the version of the field `title` for `fr`."""
    for name in recorded:
        found = VERSION_OF_DYNAMIC.fullmatch(name)
        dynamic = model.dynamic.get(found[1] if found else name)
        if found and dynamic is not None:
            yield dynamic.names.name_for(to_text(to_bytes(found[2])))
        elif dynamic is None:  # else it is the list of the versions
            yield name
