"""Reads what queries of several partitions compare with in other keys."""

from __future__ import annotations

from collections.abc import Iterable

from limpyd.exceptions import ServerError
from limpyd.keys import to_text
from limpyd.query.filters.readings import MEMBERS, Found, Reading
from limpyd.requests.scattered import Rounds
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.queries import stored_gone


def read(model: Model, readings: Iterable[Reading]) -> Rounds[Found]:
    """Reads what is in some keys.

    Raises:
        DoesNotExist: a stored collection does not exist any more.
        ServerError: a key holds no primary keys.
    """
    wanted = list(dict.fromkeys(readings))
    untyped = [reading for reading in wanted if not reading.stored]
    typed = dict(zip(wanted, wanted, strict=True))
    found: dict[Reading, list[bytes]] = {}
    if untyped:
        types = yield [reading.type_question(model) for reading in untyped]
        for reading, stored in zip(untyped, types, strict=True):
            if stored == b"none":
                del typed[reading]
                found[reading] = []
            elif stored not in MEMBERS:
                raise _not_pks(model, reading.key, stored)
            else:
                typed[reading] = reading.of_type(stored)
    values = (yield [reading.request(model) for reading in typed.values()]) if typed else []
    for reading, texts in zip(typed, values, strict=True):
        if reading.required and not texts:
            raise stored_gone(model)
        found[reading] = texts
    return found


def _not_pks(model: Model, key: bytes, stored: bytes) -> ServerError:
    msg = f"{model}: the key {to_text(key)!r} is not a set, list or sorted set of primary keys, but a {to_text(stored)}"
    return ServerError(msg)
