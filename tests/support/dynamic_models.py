"""A model with dynamic fields of each kind."""

from __future__ import annotations

from limpyd import (
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
    NumberRangeIndex,
    StringField,
)


def player(face, on=None):
    class Player(face.Model):
        database = on or face.database
        name = StringField(indexable=True)
        text = DynamicStringField(indexable=True)
        scores = DynamicInstanceHashField(type=int, pattern=r"score_(\w+)", indexes=[NumberRangeIndex])
        tags = DynamicSetField(indexable=True)
        log = DynamicListField()
        ranks = DynamicSortedSetField(indexable=True)
        heads = DynamicHashField(indexable=True)
        mail = DynamicStringField(unique=True)

    return Player


VALUES = {
    "name": "a",
    "text_x": "1",
    "score_ada": 3,
    "tags_foo": ["m", "n"],
    "log_today": ["one", "two"],
    "ranks_all": {"a": 1.0},
    "heads_http": {"k": "v"},
    "mail_home": "a@x",
}
