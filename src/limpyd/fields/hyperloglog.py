"""HyperLogLogField: how many different elements there were, without keeping them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Never, Self, TypeVar, overload

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.exceptions import DeclarationError
from limpyd.fields import checks
from limpyd.fields.bound.members import BoundMembers
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.fields.declaration.members import MembersField
from limpyd.fields.declaration.value import FieldPlace
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request, resolved
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")
V = TypeVar("V")


class BoundHyperLogLog(BoundMembers[Face], Generic[T, V, Face]):
    """The commands of a Redis HyperLogLog: it counts different elements, about 1% off, and cannot list them."""

    __slots__ = ()

    @command("PFADD")
    def pfadd(self, *values: V) -> Request[bool]:
        """Counts elements in (PFADD); True if that changed it, so that its count may have grown.

        Raises:
            InvalidValue: there is none, or one does not fit the field's type.
            DoesNotExist: the object was deleted.
        """
        return self._write_some("PFADD", self._some("PFADD", values, self._field.encode_new), bool, any)

    @command("PFCOUNT")
    def pfcount(self, *others: BoundHyperLogLog[T, Any, Any]) -> Request[int]:
        """About how many different elements were counted in, here or in any of the others (PFCOUNT).

        Raises:
            InvalidValue: one of the others is no HyperLogLogField of the same type and database.
        """
        fields: list[BoundMultiKey[Any]] = [self, *self._checked_fields("PFCOUNT", others, b"hyperloglog")]
        request = self._read_multi_key("PFCOUNT", [field._key() for field in fields], fields, int)
        stored = next((field for field in fields if field._instance._pk_bytes is not None), None)
        request.transactional = lambda: resolved(0) if stored is None else _counting_in_script(stored, fields)
        return request

    @command("PFMERGE")
    def pfmerge(self, *sources: BoundHyperLogLog[T, Any, Any]) -> Request[bool]:
        """Adds the counts of other HyperLogLogs to this one (PFMERGE); returns True.

        Raises:
            InvalidValue: there is none, or one is no HyperLogLogField of the same type and database.
            DoesNotExist: one of the objects was deleted.
        """
        fields = list(self._checked_fields("PFMERGE", checks.some("PFMERGE", sources), b"hyperloglog"))
        return self._write_multi_key("PFMERGE", *(field._key() for field in fields), decode=to_bool, reads=fields)


def _counting_in_script(first: BoundMultiKey[Any], fields: Sequence[BoundMultiKey[Any]]) -> Request[int]:
    """PFCOUNT in a script, where the server takes it for a write, since it notes in a single key what it counted."""
    others = [field for field in fields if field is not first]
    scopes = (b"nothing" if others else b"whole", None)
    keys = [field._key() for field in others]
    return first._write_multi_key("PFCOUNT", *keys, decode=int, reads=others, scopes=scopes)


class HyperLogLogField(MembersField[T]):
    """A count of different elements, in a Redis HyperLogLog of at most 12 KB.

    Args:
        type: the Python type of the elements. Without it what redis-py takes is taken, and text returned.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "string"
    takes = frozenset({"lockable", "type"})
    decoded = False
    stored_as = b"hyperloglog"

    @overload
    def __init__(self: HyperLogLogField[Untyped], *, lockable: bool = True) -> None: ...
    @overload
    def __init__(self, type: type[T], *, lockable: bool = True) -> None: ...
    def __init__(self, type: Any = Untyped, *, lockable: bool = True, **options: Any) -> None:
        if options:
            msg = (
                f"HyperLogLogField takes type and lockable, not {' and '.join(options)}: the elements are not "
                "stored, so objects cannot be found or compared by them"
            )
            raise DeclarationError(msg)
        super().__init__(type, lockable=lockable)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: HyperLogLogField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundHyperLogLog[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: HyperLogLogField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundHyperLogLog[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundHyperLogLog[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundHyperLogLog[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundHyperLogLog(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Iterable[T] | None) -> None: ...

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        elements = list(dict.fromkeys(self.members(value)))
        if elements:
            new.members.append((place.prefix, "PFADD", elements))
        else:
            new.unset.append(place.prefix)
