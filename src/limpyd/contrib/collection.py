"""Collections, under the path of limpyd 2. Every collection is an extended one here."""

from limpyd.query.columns import SORTED_SCORE
from limpyd.query.sync import Collection

ExtendedCollectionManager = Collection

__all__ = ["SORTED_SCORE", "ExtendedCollectionManager"]
