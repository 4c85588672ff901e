"""A dynamic field of one instance: its versions, and what can be done with all of them."""

from __future__ import annotations

import re
from typing import Any, Generic, Never, TypeVar

from limpyd.commands.descriptor import operation, walk
from limpyd.commands.faces import Face
from limpyd.exceptions import UnsupportedCommand
from limpyd.fields.bound.arguments import scan_args
from limpyd.fields.bound.field import BoundField
from limpyd.fields.declaration.dynamic_version import Part
from limpyd.keys import Partition, key_from_template, to_text
from limpyd.requests.request import Request, Walk, resolved
from limpyd.scripts import dynamic

Bound = TypeVar("Bound")


class NoVersion(UnsupportedCommand, AttributeError):
    """A command is called on a dynamic field, of which no version is named."""


class BoundDynamic(BoundField[Face], Generic[Bound, Face]):
    """A dynamic field of one instance: its versions are reached by their parts."""

    __slots__ = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression that names of versions match."""
        pattern: re.Pattern[str] = self._field.names.pattern
        return pattern

    @property
    def format(self) -> str:
        """The name of a version, with `%s` in the place of its part."""
        text: str = self._field.names.format
        return text

    def get_for(self, part: Part) -> Bound:
        """The version with a part, to run commands on. Nothing is sent.

        Raises:
            UnknownField: the part cannot be one, or the name would be that of something else.
        """
        version: Bound = self._field.get_for(part).__get__(self._instance)
        return version

    def __call__(self, part: Part) -> Bound:
        """The version with a part; the same as `get_for`."""
        return self.get_for(part)

    def get_name_for(self, part: Part) -> str:
        """The name of the version with a part. Raises as `get_for`."""
        name: str = self._field.get_name_for(part)
        return name

    @operation
    def versions(self) -> Request[set[str]]:
        """The parts of all versions that have a value (SMEMBERS of the inventory, and EXISTS of each)."""
        if self._instance._pk_bytes is None:
            return resolved(set())
        return dynamic.versions(*self._versions_args()).then(lambda found: set(map(to_text, found[1])))

    @walk("SSCAN")
    def scan_versions(self, match: str | bytes | None = None, count: int | None = None) -> Walk[str]:
        """Yields the parts of the versions that have a value, in chunks (SSCAN); some perhaps twice.

        Args:
            match: a glob pattern that the parts must match.
            count: about how many a chunk looks at.
        """
        return self._scan(match, count)

    sscan = scan_versions

    @operation
    def delete(self) -> Request[int]:
        """Removes all versions, and their index entries, in one step; returns how many there were.

        Raises:
            DoesNotExist: the object was deleted.
        """
        if self._instance._pk_bytes is None:
            return resolved(0)
        model, partition, pk = self._stored_object()
        return dynamic.delete_versions(
            model, partition, pk, self._field.deletion_in(partition), self._instance._mark_existing
        )

    @walk("SSCAN")
    def scan_keys(self, match: str | bytes | None = None, count: int | None = None) -> Walk[str]:
        """Yields the keys of the versions that have a value, in chunks (SSCAN of the inventory).

        Args:
            match: a glob pattern that the parts must match.
            count: about how many a chunk looks at.
        """
        step = self._scan(match, count)
        return lambda cursor: step(cursor).then(lambda found: (found[0], list(map(self._key_of, found[1]))))

    def _scan(self, match: str | bytes | None, count: int | None) -> Walk[str]:
        args = scan_args("SSCAN", match, count)

        def step(cursor: bytes) -> Request[tuple[bytes, list[str]]]:
            if self._instance._pk_bytes is None:
                return resolved((b"0", []))
            request = dynamic.versions(*self._versions_args(), cursor, args)
            return request.then(lambda found: (found[0], list(map(to_text, found[1]))))

        return step

    def _key_of(self, part: str) -> str:
        pk: bytes = self._instance._pk_bytes or b""  # it has one, or it would have no versions
        return to_text(key_from_template(self._field.get_for(part).place(pk).prefix, pk))

    def _key(self) -> bytes:
        _, partition, pk = self._stored_object()
        return partition.nothing if pk is None else key_from_template(self._field.inventory_prefix(partition), pk)

    def _stored_object(self) -> tuple[Any, Partition, Any]:
        model, pk = self._field.model, self._instance._pk_bytes
        return model, model.keys.partition(pk), pk

    def _versions_args(self) -> tuple[Any, Partition, bytes, bytes, bool]:
        model, partition, pk = self._stored_object()
        return model, partition, pk, self._field.family_in(partition), not self._instance._checked

    def __getattr__(self, name: str) -> Never:
        field = None if name.startswith("_") else self._field
        if field is not None and hasattr(type(field.template.__get__(self._instance)), name):
            msg = f"{field} is a dynamic field: name a version of it, such as {field.name}('…').{name}(…)"
            raise NoVersion(msg)
        msg = f"{type(self).__name__!r} object has no attribute {name!r}"
        raise AttributeError(msg, name=name, obj=self)
