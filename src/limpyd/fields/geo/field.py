"""The declaration of a field of places, in a Redis sorted set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields.declaration.options import MemberConstraints
from limpyd.fields.declaration.value import FieldPlace
from limpyd.fields.geo.arguments import latitude_arg, longitude_arg
from limpyd.fields.geo.commands import BoundGeo
from limpyd.fields.sortedset.field import ScoredField
from limpyd.indexes.base import Declared
from limpyd.indexes.geo import geohash
from limpyd.requests.request import Argument
from limpyd.scripts.object_requests import NewObject
from limpyd.types import FARTHEST_EAST, FARTHEST_NORTH, Encodable, GeoPoint, SupportsItems, Untyped

T = TypeVar("T")


class GeoField(ScoredField[T]):
    """Places on the globe in a Redis sorted set.

    Args:
        type: the Python type of the members. Without it what redis-py takes is taken, and text returned.
        indexable: objects can be found by any of their members.
        unique: no two objects have a member in common; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    has_places = True

    @overload
    def __init__(
        self: GeoField[Untyped],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: GeoField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundGeo[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: GeoField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundGeo[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundGeo[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundGeo[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundGeo(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: SupportsItems[T, tuple[float, float]] | None) -> None: ...

    def places(self, values: Any) -> tuple[Argument, ...]:
        """Longitude, latitude and member in turn, as GEOADD takes them.

        Raises:
            InvalidValue: it is neither a mapping nor such a sequence, or a place is not on the map.
        """
        if isinstance(values, Mapping):
            triples = [(*self._pair(member, position), member) for member, position in values.items()]
        elif isinstance(values, Sequence) and not isinstance(values, str | bytes) and len(values) % 3 == 0:
            triples = list(zip(values[::3], values[1::3], values[2::3], strict=True))
        else:
            msg = (
                f"{self} takes a mapping from members to (longitude, latitude), or longitude, latitude and member "
                f"in turn; not {shorten(values)}"
            )
            raise InvalidValue(msg)
        args: list[Argument] = []
        for longitude, latitude, member in triples:
            args += (longitude_arg("GEOADD", longitude), latitude_arg("GEOADD", latitude), self.encode_new(member))
        return tuple(args)

    def _pair(self, member: Any, position: Any) -> tuple[Any, Any]:
        try:
            longitude, latitude = position
        except (TypeError, ValueError):
            msg = f"{self}: the position of {shorten(member)} is (longitude, latitude), not {shorten(position)}"
            raise InvalidValue(msg) from None
        return longitude, latitude

    def decode_reply(self, reply: list[bytes]) -> dict[T, Any]:
        return {self.codec.decode(reply[at]): position_of(int(reply[at + 1])) for at in range(0, len(reply), 2)}

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        places = self.places(value)
        self._add_members(new, place, "GEOADD", places, step=3)
        at = {
            member: (float(longitude), float(latitude))
            for longitude, latitude, member in zip(*[iter(places)] * 3, strict=True)
        }
        for index in place.indexes:
            if index.kind.of_scores:
                for entry in dict.fromkeys(geohash(*position) for position in at.values()):
                    new.entries += (index.kind_name, index.key, entry)
                    new.claims.append((self, entry, None))


def position_of(geohash: int) -> GeoPoint:
    """The place that a geohash of 52 bits stands for (the middle of its cell, as GEOPOS gives it)."""
    longitude = latitude = 0
    for bit in range(26):
        latitude |= (geohash >> 2 * bit & 1) << bit
        longitude |= (geohash >> 2 * bit + 1 & 1) << bit
    cells = 1 << 26
    return GeoPoint(
        ((longitude + 0.5) / cells) * 2 * FARTHEST_EAST - FARTHEST_EAST,
        ((latitude + 0.5) / cells) * 2 * FARTHEST_NORTH - FARTHEST_NORTH,
    )
