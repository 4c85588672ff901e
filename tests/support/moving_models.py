"""A model with fields of many kinds, whose objects move: it is filled before, and compared with what it was after."""

from __future__ import annotations

from limpyd import HashField, InstanceHashField, ListField, SetField, SortedSetField, StringField
from limpyd.exceptions import UniquenessError

COUNT = 45
ODD = ["", " ", "a:b", "{x}", "*", "n\0ul", "é😀", "\udcff", "0", "-1", "01", "9" * 20]
"""Primary keys that look like something else."""


def declared(face, database, count, **more):
    """A model with fields of many kinds."""
    body = {
        "database": database,
        "partitions": count,
        "title": InstanceHashField(indexable=True),
        "age": InstanceHashField(type=int, indexable=True),
        "email": InstanceHashField(unique=True),
        "tags": SetField(indexable=True),
        "note": StringField(indexable=True),
        "log": ListField(),
        "scores": SortedSetField(),
        "facts": HashField(indexable=True),
        "__module__": __name__,
        **more,
    }
    return type("Moving", (face.Model,), body)


async def filled(face, model, count=COUNT, pks=()):
    """Creates objects; returns their values by primary key."""
    made = []
    for number, pk in enumerate([*pks, *[None] * count]):
        values = {"title": f"t{number % 3}", "age": number, "email": f"e{number}@x", "note": f"n{number % 5}"}
        values |= {"tags": ["x", f"g{number % 4}"], "log": ["1", "1"], "scores": {"m": number}, "facts": {"k": "v"}}
        made.append(values if pk is None else {"pk": pk, **values})
    created = await face.do(model.bulk_create(made, pks=True))
    return dict(zip(created.pks, made, strict=True))


async def agrees(face, model, made):
    """Checks that all objects are found as they were, and that nothing else is stored."""
    report = await face.do(model.check())
    assert list(report) == []
    assert report.objects == len(made)
    names = ["pk", "title", "age", "email", "note"]
    found = {row[0]: row[1:] for row in await face.do(model.collection().values_list(*names).all())}
    assert found == {pk: tuple(values[name] for name in names[1:]) for pk, values in made.items()}
    for title in ("t0", "t1", "t2"):
        expected = {pk for pk, values in made.items() if values["title"] == title}
        assert set(await face.do(model.collection(title=title, tags="x", facts__k="v").all())) == expected
    ages = await face.do(model.collection(age__lt=20).sort("-age").values_list("age", flat=True).all())
    assert ages == sorted((values["age"] for values in made.values() if values["age"] < 20), reverse=True)
    for pk, values in list(made.items())[:8]:
        thing = model.lazy_connect(pk)
        assert await face.do(thing.log.lrange(0, -1)) == ["1", "1"]
        assert await face.do(thing.scores.zscore("m")) == values["age"]
        assert await face.do((await face.do(model.get(email=values["email"]))).pk.get()) == pk
        await face.refused(UniquenessError, lambda values=values: model.create(email=values["email"], **own_pk(model)))


def own_pk(model):
    return {} if model._schema.mints_pks else {"pk": "another"}
