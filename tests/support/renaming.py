"""A model with fields of all types and indexes of all kinds, under any name, and with any name of two of its fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from limpyd import (
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoPoint,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    NumberRangeIndex,
    PKField,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
)

ODD: list[Any] = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", b"\xff\xfe", "x" * 10_000]


def mirrored(value: str) -> str:
    """What only Python knows."""
    return value[::-1]


def declare(base: Any, database: Any, name: str, namespace: str = "", **names: str) -> Any:
    """The model; `names` are what some of its fields are called, of `name`, which is in its hash, as `first`."""
    first, body = names.pop("first", "name"), names.pop("body", "body")
    declared: dict[str, Any] = {
        "database": database,
        "namespace": namespace,
        "key": PKField(),
        first: InstanceHashField(unique=True, indexes=[TextRangeIndex]),
        "city": InstanceHashField(
            indexes=[EqualIndexWith(other_fields=[first]), ScoredEqualIndex(score_field="rank"), EqualIndex]
        ),
        "price": InstanceHashField(Decimal, indexable=True),
        "mirror": InstanceHashField(indexes=[EqualIndex(transform=mirrored)]),
        "note": InstanceHashField(),
        "at": InstanceHashField(GeoPoint, indexable=True),
        "rank": StringField(int, indexable=True),
        body: StringField(indexes=[EqualIndex, TextRangeIndex(case_sensitive=False)]),
        "tags": SetField(indexable=True),
        "queue": ListField(indexable=True),
        "board": SortedSetField(indexes=[TextRangeIndex]),
        "heads": HashField(indexable=True),
        "sizes": HashField(int, indexable=True),
        "numbers": SetField(int, indexable=True),
        "amounts": ListField(float, indexes=[NumberRangeIndex]),
        "places": GeoField(indexable=True),
        "log": StreamField(),
        "hll": HyperLogLogField(),
        "data": JSONField(),
        "words": DynamicStringField(indexes=[EqualIndex, TextRangeIndex]),
        "mails": DynamicStringField(unique=True),
        "points": DynamicInstanceHashField(int, pattern=r"points_(\w+)", indexable=True),
        "marks": DynamicInstanceHashField(),
        "sets": DynamicSetField(indexable=True),
        "rows": DynamicListField(),
        "boards": DynamicSortedSetField(indexes=[TextRangeIndex]),
        "dicts": DynamicHashField(indexable=True),
    }
    return type(name, (base,), {names.get(each, each): field for each, field in declared.items()})


async def fill(face: Any, model: Any, pks: list[Any], *, first: str = "name") -> None:
    """Makes an object of each primary key, with a value in each field, and expiries where there may be some."""
    for number, pk in enumerate(pks):
        text = pk if isinstance(pk, str) else "bytes"
        made = await face.do(
            model.create(
                key=pk,
                city="Paris",
                price=Decimal("1.50"),
                mirror="café",
                note="n",
                at=GeoPoint(2.35, 48.85),
                rank=number,
                body="É" + text,
                tags={"a", text},
                queue=["x", "x", text],
                board={text: 1.5, "b": float("inf")},
                heads={"a:b": text, "": "c"},
                sizes={"q": number},
                numbers={number, 7},
                amounts=[1.0, number],
                data={"a": [1]},
                words_x="É" + text,
                mails_home=text,
                points_chess=number,
                marks_a="1",
                sets_a={"a", text},
                boards_a={text: 1.5},
                dicts_a={"a:b": text, "": "c"},
                **{first: text},
            )
        )
        await face.do(made.words(ODD[2] + "*").set("x"))
        await face.do(made.points("go").hset(7))
        await face.do(made.rows("2:a").rpush("1", "2"))
        await face.do(made.rows("2:a").expire(70_000))
        await face.do(made.places.geoadd({"paris": (2.35, 48.85)}))
        await face.do(made.hll.pfadd("a", "b"))
        await face.do(made.log.xadd({"a": "b"}))
        await face.do(made.log.expire(50_000))
        await face.do(made.data.expire(60_000))
