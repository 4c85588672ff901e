"""Relations, under the path of limpyd 2. Every model can have them here."""

from limpyd.model import RedisModel
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField
from limpyd.relations.reverse import BoundReverse

RelatedCollection = BoundReverse
RelatedModel = RedisModel

__all__ = [
    "FKInstanceHashField",
    "FKStringField",
    "M2MListField",
    "M2MSetField",
    "M2MSortedSetField",
    "RelatedCollection",
    "RelatedModel",
]
