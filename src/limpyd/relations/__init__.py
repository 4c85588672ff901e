"""Fields that refer to objects of models, and what comes of it."""

from limpyd.relations.fields import (
    FKInstanceHashField,
    FKStringField,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
)

__all__ = ["FKInstanceHashField", "FKStringField", "M2MListField", "M2MSetField", "M2MSortedSetField"]
