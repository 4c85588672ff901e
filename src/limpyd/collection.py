"""Collections, under the path of limpyd 2."""

from limpyd.query.sync import Collection

CollectionManager = Collection

__all__ = ["CollectionManager"]
