"""The commands that find places in a circle or box."""

from __future__ import annotations

from typing import Any, Generic, Literal, NamedTuple, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.geo.arguments import latitude_arg, length_arg, longitude_arg, order_args, to_position, unit_arg
from limpyd.fields.sortedset.commands import BoundSortedSet
from limpyd.requests.request import Argument, Request
from limpyd.types import GeoPoint

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


class BoundGeoSearch(BoundSortedSet[T, V, Face]):
    """The commands that search for places."""

    __slots__ = ()

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
        source: BoundGeoSearch[T, Any, Any],
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
        fields = list(self._checked_fields("GEOSEARCHSTORE", (source,), b"zset"))
        args = [*area, *order_args("GEOSEARCHSTORE", sort, count, any)]
        args += checks.flags("GEOSEARCHSTORE", storedist=storedist)
        return self._write_multi_key("GEOSEARCHSTORE", fields[0]._key(), *args, decode=int, reads=fields)

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
