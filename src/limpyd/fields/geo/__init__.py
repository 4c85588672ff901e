"""GeoField: places in a Redis sorted set, which finds those that are near."""

from limpyd.fields.geo.commands import BoundGeo
from limpyd.fields.geo.field import GeoField
from limpyd.fields.geo.search import Near

__all__ = ["BoundGeo", "GeoField", "Near"]
