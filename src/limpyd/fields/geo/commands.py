"""The commands of places in a Redis sorted set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.replies import optional_float
from limpyd.fields import checks
from limpyd.fields.geo.arguments import to_position, unit_arg
from limpyd.fields.geo.search import BoundGeoSearch, Unit
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request
from limpyd.types import GeoPoint, SupportsItems

T = TypeVar("T")
V = TypeVar("V")


class BoundGeo(BoundGeoSearch[T, V, Face]):
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
        """The geohashes of members, of 11 characters; None for those that do not exist (GEOHASH)."""

        def decode(reply: list[bytes | None]) -> list[str | None]:
            return [None if each is None else to_text(each) for each in reply]

        return self._read("GEOHASH", tuple(self._some("GEOHASH", values)), decode)

    @command("GEOPOS")
    def geopos(self, *values: V) -> Request[list[GeoPoint | None]]:
        """Returns the positions of members; None for those that do not exist (GEOPOS). Exact to about half a metre."""
        return self._read("GEOPOS", tuple(self._some("GEOPOS", values)), lambda reply: [*map(to_position, reply)])
