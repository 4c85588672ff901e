"""GeoField: places in a Redis sorted set, which finds those that are near."""

from limpyd.fields.geo.commands import BoundGeo, GeoField, Near

__all__ = ["BoundGeo", "GeoField", "Near"]
