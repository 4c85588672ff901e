"""An index of places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.exceptions import DeclarationError, InvalidFilter, shorten
from limpyd.indexes.base import Index
from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.scripts.index_nodes import Near
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text
from limpyd.types import FARTHEST_EAST, FARTHEST_NORTH

PLACES = IndexKind(b"geo", "zset")
PLACES_OF_MEMBERS = IndexKind(
    b"geos", "zset", key_word=b"geo", several_of_each=True, of_scores=True, values_tested_from=0
)
AREAS = {"within": (3, "longitude, latitude and radius in metres"), "box": (4, "longitude, latitude, width and height")}
"""The arguments of each operator."""


class GeoIndex(Index):
    """A sorted set of primary keys by place (GEOADD), of a field of type GeoPoint, or of all places of a GeoField.

    `within=(longitude, latitude, radius)` finds the places in a circle, and `box=(longitude, latitude, width, height)`
    those in a box around a place; lengths are in metres.
    """

    kind = PLACES
    compares_with_fields = False
    operators = frozenset(AREAS)

    def final_form(self, field: IndexedField) -> str:  # noqa: ARG002 - as of every index
        return "text"

    def kind_for(self, field: IndexedField) -> IndexKind:
        return PLACES_OF_MEMBERS if field.has_places else PLACES

    def check_field(self, field: IndexedField) -> None:
        if not field.has_places and (field.codec.name != "GeoPoint" or field.many):
            msg = (
                f"{field} holds {field.codec.name}; {self} is for places: declare a field of type GeoPoint, or a "
                "GeoField for many places"
            )
            raise DeclarationError(msg)
        if field.has_places and self.all_steps(field):
            msg = f"{field}: {self} stores the places of a GeoField unchanged; it takes no transform"
            raise DeclarationError(msg)

    def filter_values(self, index: FieldIndex, operator: str, value: Any, text: Callable[..., Text]) -> Sequence[Text]:  # noqa: ARG002
        count, what = AREAS[operator]
        try:
            numbers = [float(part) for part in value]
        except (TypeError, ValueError):
            numbers = []
        if len(numbers) != count or not all(abs(number) < float("inf") for number in numbers):
            msg = f"{index.field}: `{operator}` takes {what}, not {shorten(value)}"
            raise InvalidFilter(msg)
        if abs(numbers[0]) > FARTHEST_EAST or abs(numbers[1]) > FARTHEST_NORTH or min(numbers[2:]) < 0:
            msg = (
                f"{index.field}: `{operator}` around {shorten(value)}: a place is between 180 degrees west and east "
                f"and {FARTHEST_NORTH} degrees north and south, and lengths are not negative"
            )
            raise InvalidFilter(msg)
        longitude, latitude, *extent = (f"{number:.17g}".encode() for number in numbers)
        shape = (b"BYRADIUS", *extent, b"m") if operator == "within" else (b"BYBOX", *extent, b"m")
        return (b"FROMLONLAT", longitude, latitude, *shape)

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:  # noqa: ARG002
        key = index.key if sub is None else index.key + b":" + sub
        return Near(index.kind.name, key, stored.prefix, [value for value in values if isinstance(value, bytes)])


def geohash(longitude: float, latitude: float) -> bytes:
    """Returns the score of a place in GEOADD: 26 bits of each of its degrees, interleaved."""
    bits = 0
    for shift, degrees, farthest in ((0, latitude, FARTHEST_NORTH), (1, longitude, FARTHEST_EAST)):
        steps = int((degrees + farthest) / (2 * farthest) * 2**26)
        bits |= sum(1 << (2 * bit + shift) for bit in range(steps.bit_length()) if steps >> bit & 1)
    return b"%d" % bits
