"""The check of the values of a model: each is of its field's type, and meets its constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.exceptions import ConstraintError, StoredValueError, UnknownField
from limpyd.fields.declaration.constrained import check, check_count
from limpyd.indexes.maintenance.declarations import DeclaredIndex
from limpyd.integrity import messages, requests
from limpyd.integrity.expected_keys import Declared
from limpyd.integrity.report import Notes
from limpyd.keys import key_from_template, to_text
from limpyd.requests.request import Argument, Program
from limpyd.requests.walks import Origin, attempt

MAX_VERSIONS = 100
"""The most versions of dynamic fields that one request looks at by themselves."""


class ValueCheck:
    """The check of the values of a model in one partition.

    Attributes:
        unsound: the names of fields that have values that are not of their type.
    """

    def __init__(self, declared: Declared, notes: Notes) -> None:
        self._declared = declared
        self._notes = notes
        self.unsound: set[str] = set()

    def look_at(self, built: Sequence[DeclaredIndex], pks: Sequence[bytes]) -> Program[list[Argument]]:
        """Looks for values that are not of their fields' types, or break constraints.

        Args:
            built: the indexes that are built.
            pks: the objects.

        Returns:
            what no index is to hold of the former, as `requests.look_at_objects` takes it.
        """
        broken: list[Argument] = []
        later = yield from self._look_at_fields(self._declared.decoded, built, pks, broken)
        for pk, versions in later.items():
            for at in range(0, len(versions), MAX_VERSIONS):
                yield from self._look_at_fields(versions[at : at + MAX_VERSIONS], built, [pk], broken)
        return broken

    def _look_at_fields(
        self, fields: Sequence[Any], built: Sequence[DeclaredIndex], pks: Sequence[bytes], broken: list[Argument]
    ) -> Program[dict[bytes, list[Any]]]:
        """Looks at the values of some fields; returns the versions that were left for later, by primary key."""
        origin, begin, later = Origin(), (1, b"0"), dict[bytes, list[Any]]()
        while pks and fields:
            step = requests.look_at_values(self._declared, fields, begin, pks)
            done, again = yield from attempt(origin, step, begin[1])
            values = iter(done.values)
            for pk, number, found, part in zip(values, values, values, values, strict=True):
                field = fields[abs(number) - 1]
                if found is None:
                    later.setdefault(pk, []).extend(_versions(field, part))
                else:
                    self._look_at_value(field, pk, found, part, built, broken, is_count=number < 0)
            pks, begin = (pks, (begin[0], b"0")) if again else (pks[done.done :], (done.at, done.cursor))
        return later

    def _look_at_value(
        self,
        field: Any,
        pk: bytes,
        found: Any,
        part: bytes | None,
        built: Sequence[DeclaredIndex],
        broken: list[Argument],
        *,
        is_count: bool,
    ) -> None:
        try:
            _check_value(field, pk, found, is_count=is_count)
        except (ConstraintError, StoredValueError) as error:
            for version in [field] if part is None else _versions(field, part):
                self._note(version, pk, found, error)
            if isinstance(error, StoredValueError):
                name = field.declaring.name
                self.unsound.add(name)
                for number, index in enumerate(built, 1):
                    if any(one.name == name for one in index.fields):
                        broken += (pk, number, found if len(index.fields) == 1 else b"")

    def _note(self, field: Any, pk: bytes, found: Any, error: ConstraintError | StoredValueError) -> None:
        key = key_from_template(field.place_in(self._declared.partition).prefix, pk)
        if isinstance(error, ConstraintError):
            self._notes.add(messages.of_constraint(self._declared, field, key, pk, error))
        else:
            self._notes.add(messages.of_value(self._declared, field, key, pk, found, error))


def _versions(template: Any, part: bytes) -> Iterator[Any]:
    """Yields the version with a part; nothing if no version can have it."""
    try:
        yield template.template_of.get_for(to_text(part))
    except UnknownField:
        return


def _check_value(field: Any, pk: bytes, found: Any, *, is_count: bool) -> None:
    """Checks a stored value, or a number of members.

    Raises:
        StoredValueError: it is not of the type of the field.
        ConstraintError: it breaks a constraint of the field.
    """
    if is_count:
        check_count(field, found)
    else:
        field.decode(found, b"", pk)
        if field.constraints:
            check(field, [each for each in field.constraints if not each.kind.of_field], found)
