"""Fields that refer to objects of models, their reverse sides, and what comes of a deletion."""

from limpyd.relations.foreign_keys import FKInstanceHashField, FKStringField
from limpyd.relations.many_to_many import M2MListField, M2MSetField, M2MSortedSetField

__all__ = ["FKInstanceHashField", "FKStringField", "M2MListField", "M2MSetField", "M2MSortedSetField"]
