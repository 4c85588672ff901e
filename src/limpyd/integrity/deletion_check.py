"""The check of deletions over several partitions, which a process that ended may have left unfinished."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import LimpydError, WrongTypeError
from limpyd.integrity.findings import Finding
from limpyd.integrity.report import Notes
from limpyd.keys import Partition, to_text
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Scattered
from limpyd.targets.closings import AGE, GOES_WITH, TOKEN, called_off


def look_at_deletions(model: Any, partition: Partition, notes: Notes, *, repairs: bool) -> Program[None]:
    """Finds deletions without a sign of life (HGETALL), and finishes them or calls them off.

    Args:
        model: the model.
        partition: the partition.
        notes: what was found.
        repairs: whether to finish them. What the server refuses, for a key of another type for example, is left.
    """
    seconds, micros = yield Request(("TIME",), lambda reply: reply, readonly=True, subject=model)
    now = int(seconds) * 1000 + int(micros) // 1000
    for key, what in ((partition.tomb, "it is gone, but others may still refer to it"), (partition.closing, CLOSED)):
        try:
            records = yield Request(("HGETALL", key), _pairs, readonly=True, subject=model)
        except WrongTypeError:
            continue  # which is found with all other keys
        for pk, record in records.items():
            if now - int.from_bytes(record[TOKEN:GOES_WITH]) > AGE:
                finished, why = repairs, ""
                if repairs:
                    try:
                        yield _finishing(model, partition, pk, record, is_tomb=key == partition.tomb)
                    except LimpydError as error:
                        finished, why = False, f": {error}"
                notes.add(Finding("unfinished", model.name, to_text(key), to_text(pk), what + why, finished))


CLOSED = "it was about to be deleted, and nobody can refer to it"


def _finishing(model: Any, partition: Partition, pk: bytes, record: bytes, *, is_tomb: bool) -> Request[None]:
    if is_tomb:
        return Scattered(lambda: model.deletions.finished(partition, [pk]), subject=model, readonly=False)
    return Scattered(lambda: called_off(model, pk, record), subject=model, readonly=False)


def _pairs(reply: Any) -> dict[bytes, bytes]:
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=True))
