"""A check as one generator: a walk over the keys, then over the objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from limpyd.exceptions import ServerError, WrongTypeError
from limpyd.integrity import scans
from limpyd.integrity.findings import Finding, Repair, kinds_to_repair
from limpyd.integrity.model_check import ModelCheck
from limpyd.integrity.report import Notes, Report
from limpyd.keys import ModelKeys, model_behind, prefix_of, to_text
from limpyd.requests.request import Program
from limpyd.requests.walks import Origin, attempt

OnProgress = Callable[[int, int], object]
"""Called with what is done, and the whole."""


def check(schemas: Sequence[Any], repair: Repair, progress: OnProgress | None, *, all_models: bool) -> Program[Report]:
    """Checks models; and if those are all of their database, looks for data of others.

    Raises:
        InvalidValue: `repair` names no kind of findings that can be repaired.
    """
    return _check(schemas, kinds_to_repair(repair), progress, all_models=all_models)


def check_models(database: Any, models: Sequence[Any], repair: Repair, progress: OnProgress | None) -> Any:
    """Checks some models of one database together; to be awaited on the async face. Raises as `check`."""
    schemas = [model._declared() for model in models]
    return database._run_program(check(schemas, repair, progress, all_models=False))


def _check(schemas: Sequence[Any], repairs: Any, progress: OnProgress | None, *, all_models: bool) -> Program[Report]:
    notes = Notes(tuple(schema.name for schema in schemas))
    checks = [
        ModelCheck(schema, partition, notes, repairs) for schema in schemas for partition in schema.keys.partitions
    ]
    for each in checks:
        yield from each.begin()
        yield from each.look_at_deletions()
    owners = _Owners(checks)
    in_database = yield scans.count("DBSIZE")
    counter = _Progress(progress, sum(each.objects for each in checks), in_database)
    pattern = _pattern(schemas, all_models=all_models)
    unowned: set[bytes] = set()
    origin, cursor, again = Origin(), b"0", True
    while again or cursor != b"0":
        (after, keys), again = yield from attempt(origin, scans.scan(pattern, cursor), cursor)
        cursor = b"0" if again else after
        owned, others = owners.of(keys)
        for each, of_model in owned:
            yield from each.look_at_keys(of_model)
        if all_models:
            unowned.update(filter(model_behind, others))
        counter.keys(scans.MAX_KEYS)
    for each in checks:
        yield from each.end_of_keys()
    for each in [each for each in checks if each.possible]:
        yield from each.look_at_objects(counter.objects)
        yield from each.build()
    for schema in schemas:
        if schema.keys.count > 1 and schema.claimed_index is not None:
            from limpyd.integrity.claim_check import ClaimCheck  # noqa: PLC0415 - few models have several partitions

            with suppress(WrongTypeError):  # a key holds another type, which is a finding of its own
                yield from ClaimCheck(schema, notes, repairs).run()
    unowned.difference_update(schema.keys.root.meta for schema in schemas if schema.keys.has_record)
    yield from _unowned({model_behind(key) or b"": key for key in sorted(unowned)}, schemas, notes)
    counter.end()
    return notes.report()


class _Owners:
    """Tells which model keys are of, at the same cost however many models there are."""

    def __init__(self, checks: Sequence[ModelCheck]) -> None:
        self._by_prefix = {each.prefix: each for each in checks if each.prefix is not None}
        self._others = [each for each in checks if each.prefix is None]

    def of(self, keys: Sequence[bytes]) -> tuple[list[tuple[ModelCheck, list[bytes]]], list[bytes]]:
        """The keys of each model that can be checked, and those of none."""
        owned: dict[ModelCheck, list[bytes]] = {}
        others = []
        for key in keys:
            first = self._by_prefix.get(prefix_of(key))
            owners = [*([] if first is None else [first]), *(each for each in self._others if each.owns(key))]
            for each in owners:
                if each.possible:
                    owned.setdefault(each, []).append(key)
            if not owners:
                others.append(key)
        return list(owned.items()), others


def _pattern(schemas: Sequence[Any], *, all_models: bool) -> bytes:
    """Matches all keys that are to be looked at."""
    if len(schemas) == 1 and not all_models:
        pattern: bytes = schemas[0].keys.pattern
        return pattern
    return b"{*" if all(schema.keys.layout == ModelKeys.layout for schema in schemas) else b"*"


def _unowned(prefixes: dict[bytes, bytes], schemas: Sequence[Any], notes: Notes) -> Program[None]:
    """Tells of data whose model is not declared; of each prefix one key is known."""
    elsewhere = {schema.keys.root.prefix: schema.keys.placed for schema in schemas if schema.keys.has_record}
    for prefix, key in prefixes.items():
        try:
            objects = yield scans.count("SCARD", prefix + b"pks")
        except ServerError:  # it is no set, so it is nobody's
            continue
        what = "no model of this name is declared on the database"
        if prefix in elsewhere:
            what = f"the model of this name is declared with {elsewhere[prefix]}, and these keys are of a model without"
        what += f"; it has {objects:,} objects"
        notes.add(Finding("unowned", _tag_in(prefix), to_text(key), None, what))


def _tag_in(prefix: bytes) -> str:
    """Returns the hash tag of a prefix, and the name that follows it, if there is one."""
    tag, _, name = to_text(prefix[1:-1]).partition("}")
    return f"{tag} {name}".rstrip()


class _Progress:
    """Tells how much is done: of the keys that there were at first, and of the objects."""

    def __init__(self, progress: OnProgress | None, objects: int, keys: int) -> None:
        self._progress = progress
        self._all_objects, self._all_keys = objects, keys
        self._objects = self._keys = 0

    def keys(self, more: int) -> None:
        self._keys = min(self._keys + more, self._all_keys)
        self._tell()

    def objects(self, more: int) -> None:
        self._keys = self._all_keys
        self._objects = min(self._objects + more, self._all_objects)
        self._tell()

    def end(self) -> None:
        self._keys, self._objects = self._all_keys, self._all_objects
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._keys + self._objects, self._all_keys + self._all_objects)
