"""GeoField: places in a Redis sorted set, which finds those that are near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, Self, TypeVar, overload

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.commands.overloads import overloaded
from limpyd.commands.replies import optional_float
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.declaration.value import Place
from limpyd.fields.geo.arguments import latitude_arg, length_arg, longitude_arg, order_args, to_position, unit_arg
from limpyd.fields.sortedset.commands import BoundSortedSet, ScoredField
from limpyd.indexes.base import Declared
from limpyd.indexes.geo import geohash
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request
from limpyd.scripts.object_requests import NewObject
from limpyd.types import FARTHEST_EAST, FARTHEST_NORTH, Encodable, GeoPoint, SupportsItems, Untyped

T = TypeVar("T")
V = TypeVar("V")
Unit = Literal["m", "km", "mi", "ft"]
Sort = Literal["ASC", "DESC"]


class Near(NamedTuple, Generic[T]):
    """A place that was searched for.

    Attributes:
        member: the member.
        distance: how far it is from the centre, in the unit of the search.
        position: where it is.
        hash: its geohash, as the number by which the sorted set keeps it.
    """

    member: T
    distance: float
    position: GeoPoint
    hash: int


class BoundGeo(BoundSortedSet[T, V, Face]):
    """The commands of places, and those of the sorted set that they are stored in.

    The members' scores are their geohashes, which only GEOADD should set.
    """

    __slots__ = ()

    @command("GEOADD")
    def geoadd(
        self,
        values: SupportsItems[V, tuple[float, float]] | Sequence[Any],
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
    ) -> Request[int]:
        """Adds places, or moves them (GEOADD); returns how many are new.

        Args:
            values: longitude and latitude by member; or longitude, latitude and member in turn, as redis-py has it.
            nx: only add places, move none.
            xx: only move places, add none.
            ch: return how many are new or moved instead.

        Raises:
            InvalidValue: there is none, a member does not fit the field's type, or a place is not on the map, which
                ends at 85.05 degrees north and south.
            UniquenessError: another object has one of the members; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        checks.at_most_one("GEOADD", nx=nx, xx=xx)
        head: list[Argument] = [*checks.flags("GEOADD", nx=nx, xx=xx, ch=ch)]
        return self._write_many("GEOADD", head, checks.some("GEOADD", self._field.places(values)), step=3, combine=sum)

    @command("GEODIST")
    def geodist(self, place1: V, place2: V, unit: Unit | None = "m") -> Request[float | None]:
        """Returns the distance between two places (GEODIST), or None if one is not there.

        Args:
            place1: a member.
            place2: another member.
            unit: metres (m), kilometres (km), miles (mi) or feet (ft).
        """
        encode = self._field.encode
        return self._read("GEODIST", (encode(place1), encode(place2), unit_arg("GEODIST", unit)), optional_float)

    @command("GEOHASH")
    def geohash(self, *values: V) -> Request[list[str | None]]:
        """The geohashes of members, of 11 characters; None for those that are not there (GEOHASH)."""

        def decode(reply: list[bytes | None]) -> list[str | None]:
            return [None if each is None else to_text(each) for each in reply]

        return self._read("GEOHASH", tuple(self._some("GEOHASH", values)), decode)

    @command("GEOPOS")
    def geopos(self, *values: V) -> Request[list[GeoPoint | None]]:
        """Returns the positions of members; None for those that are not there (GEOPOS). Exact to about half a metre."""
        return self._read("GEOPOS", tuple(self._some("GEOPOS", values)), lambda reply: [*map(to_position, reply)])

    @command("GEOSEARCH")
    def _geosearch_with(
        self,
        member: V | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: Unit | None = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: Sort | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: bool = False,
        withdist: bool = False,
        withhash: bool = False,
    ) -> Request[list[list[Any]]]:
        """The same as `geosearch` with `withdist` and its like (GEOSEARCH with WITHDIST, WITHHASH or WITHCOORD)."""
        name = "GEOSEARCH"
        args = (*self._area(name, member, longitude, latitude, unit, radius, width, height),)
        options = checks.flags(name, withdist=withdist, withhash=withhash, withcoord=withcoord)
        decode_member, key = self._field.decode, self._key()
        decoders = [
            decoder for decoder, is_on in ((float, withdist), (int, withhash), (to_position, withcoord)) if is_on
        ]

        def decode(reply: list[Any]) -> list[list[Any]]:
            return [
                [decode_member(found, key), *(decoder(each) for decoder, each in zip(decoders, rest, strict=True))]
                for found, *rest in reply
            ]

        return self._read(name, (*args, *order_args(name, sort, count, any), *options), decode)

    @overloaded("GEOSEARCH", ("withcoord withdist withhash", _geosearch_with))
    def geosearch(
        self,
        member: V | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: Unit | None = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: Sort | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        withcoord: Literal[False] = False,
        withdist: Literal[False] = False,
        withhash: Literal[False] = False,
    ) -> Request[list[T]]:
        """The places in a circle or box around a centre (GEOSEARCH).

        Args:
            member: the centre is this member; or
            longitude: the centre's longitude, and
            latitude: its latitude.
            unit: of the lengths: metres (m), kilometres (km), miles (mi) or feet (ft).
            radius: of the circle; or
            width: of the box, and
            height: its height.
            sort: ASC for the nearest first, DESC for the farthest.
            count: so many at the most.
            any: of more than that any will do, not the nearest.
            withcoord: return lists of the member and its place; `geosearch_details` returns named tuples.
            withdist: or of the member and its distance.
            withhash: or of the member and its geohash, as a number; of several, in the order distance, geohash, place.

        Raises:
            InvalidValue: there is not exactly one centre and one shape.
            ServerError: the member is not there.
        """
        area = self._area("GEOSEARCH", member, longitude, latitude, unit, radius, width, height)
        return self._read("GEOSEARCH", (*area, *order_args("GEOSEARCH", sort, count, any)), self._values)

    @command("GEOSEARCH")
    def geosearch_details(
        self,
        member: V | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: Unit | None = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: Sort | None = None,
        count: int | None = None,
        *,
        any: bool = False,
    ) -> Request[list[Near[T]]]:
        """As `geosearch`, with more of each place (GEOSEARCH with WITHDIST, WITHHASH and WITHCOORD)."""
        area = self._area("GEOSEARCH", member, longitude, latitude, unit, radius, width, height)
        args = (*area, *order_args("GEOSEARCH", sort, count, any), "WITHDIST", "WITHHASH", "WITHCOORD")
        decode_member, key = self._field.decode, self._key()

        def decode(reply: list[Any]) -> list[Near[T]]:
            return [
                Near(decode_member(name, key), float(distance), GeoPoint(*map(float, position)), int(geohash))
                for name, distance, geohash, position in reply
            ]

        return self._read("GEOSEARCH", args, decode)

    @command("GEOSEARCHSTORE")
    def geosearchstore(
        self,
        source: BoundGeo[T, Any, Any],
        member: V | None = None,
        longitude: float | None = None,
        latitude: float | None = None,
        unit: Unit | None = "m",
        radius: float | None = None,
        width: float | None = None,
        height: float | None = None,
        sort: Sort | None = None,
        count: int | None = None,
        *,
        any: bool = False,
        storedist: bool = False,
    ) -> Request[int]:
        """Becomes the places of another field in a circle or box (GEOSEARCHSTORE); returns how many that is.

        The arguments are those of `geosearch`, after the field that is searched; with `storedist` the scores are
        the distances from the centre, so that the result is no longer a set of places.

        Raises:
            UniquenessError: another object has one of the members; nothing is changed.
            DoesNotExist: one of the objects was deleted.
        """
        area = self._area("GEOSEARCHSTORE", member, longitude, latitude, unit, radius, width, height)
        fields = list(self._together("GEOSEARCHSTORE", (source,), b"zset"))
        args = [*area, *order_args("GEOSEARCHSTORE", sort, count, any)]
        args += checks.flags("GEOSEARCHSTORE", storedist=storedist)
        return self._write_together("GEOSEARCHSTORE", fields[0]._key(), *args, decode=int, reads=fields)

    @command("GEORADIUS_RO")
    def georadius(
        self,
        longitude: float,
        latitude: float,
        radius: float,
        unit: Unit | None = "m",
        *,
        count: int | None = None,
        sort: Sort | None = None,
        any: bool = False,
    ) -> Request[list[T]]:
        """The places in a circle around a position (GEORADIUS_RO); `geosearch` is its successor."""
        centre = (longitude_arg("GEORADIUS", longitude), latitude_arg("GEORADIUS", latitude))
        args = (*centre, length_arg("GEORADIUS's radius", radius), unit_arg("GEORADIUS", unit))
        return self._read("GEORADIUS_RO", (*args, *order_args("GEORADIUS", sort, count, any)), self._values)

    @command("GEORADIUSBYMEMBER_RO")
    def georadiusbymember(
        self,
        member: V,
        radius: float,
        unit: Unit | None = "m",
        *,
        count: int | None = None,
        sort: Sort | None = None,
        any: bool = False,
    ) -> Request[list[T]]:
        """The places in a circle around a member (GEORADIUSBYMEMBER_RO); `geosearch` is its successor."""
        name = "GEORADIUSBYMEMBER"
        args = (self._field.encode(member), length_arg(f"{name}'s radius", radius), unit_arg(name, unit))
        return self._read("GEORADIUSBYMEMBER_RO", (*args, *order_args(name, sort, count, any)), self._values)

    def _area(
        self,
        name: str,
        member: V | None,
        longitude: float | None,
        latitude: float | None,
        unit: str | None,
        radius: float | None,
        width: float | None,
        height: float | None,
    ) -> list[Argument]:
        """A circle or box around a centre."""
        if (longitude is None) != (latitude is None) or (member is None) == (longitude is None):
            msg = f"{name} on {self._field} takes as its centre either a member, or both longitude and latitude"
            raise InvalidValue(msg)
        if (width is None) != (height is None) or (radius is None) == (width is None):
            msg = f"{name} on {self._field} takes either a radius, or both width and height, in the unit given"
            raise InvalidValue(msg)
        if member is not None:
            args: list[Argument] = ["FROMMEMBER", self._field.encode(member)]
        else:
            args = ["FROMLONLAT", longitude_arg(name, longitude), latitude_arg(name, latitude)]
        if radius is not None:
            args += ("BYRADIUS", length_arg(f"{name}'s radius", radius))
        else:
            args += ("BYBOX", length_arg(f"{name}'s width", width), length_arg(f"{name}'s height", height))
        return [*args, unit_arg(name, unit)]


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
            args += (longitude_arg("GEOADD", longitude), latitude_arg("GEOADD", latitude), self.encode(member))
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

    def add_to(self, new: NewObject, place: Place, value: Any) -> None:
        places = self.places(value)
        self._add_members(new, place, "GEOADD", places, step=3)
        at = {
            member: (float(longitude), float(latitude))
            for longitude, latitude, member in zip(*[iter(places)] * 3, strict=True)
        }
        for index in place.indexes:
            if index.kind == b"geos":
                for entry in dict.fromkeys(geohash(*position) for position in at.values()):
                    new.entries += (index.kind, index.key, entry)
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
