"""The codec of places on the globe."""

from __future__ import annotations

from typing import NamedTuple

from limpyd.types.codec import Codec, exactly

FARTHEST_EAST, FARTHEST_NORTH = 180.0, 85.05112878
"""Beyond these Redis stores no place."""


class GeoPoint(NamedTuple):
    """A place on the globe, in degrees."""

    longitude: float
    latitude: float


_point = exactly(tuple)


def _encode_point(value: tuple[float, float]) -> bytes:
    longitude, latitude = (float(degrees) for degrees in _point(value))
    if not (abs(longitude) <= FARTHEST_EAST and abs(latitude) <= FARTHEST_NORTH):
        msg = f"a place is between 180 degrees west and east and {FARTHEST_NORTH} degrees north and south"
        raise ValueError(msg)
    return f"{longitude!r},{latitude!r}".encode()


def _decode_point(stored: bytes) -> GeoPoint:
    longitude, latitude = stored.decode().split(",")
    return GeoPoint(float(longitude), float(latitude))


GEO_POINT = Codec("GeoPoint", _encode_point, _decode_point)
