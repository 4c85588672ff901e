"""Collections, under the path of limpyd 2. Every collection is an extended one here."""

from limpyd.query.collection.limpyd2_names import DEFAULT_STORE_TTL
from limpyd.query.results.columns import SORTED_SCORE
from limpyd.query.sync import Collection

ExtendedCollectionManager = Collection

__all__ = ["DEFAULT_STORE_TTL", "SORTED_SCORE", "ExtendedCollectionManager"]
