"""Random operations on models that refer to each other do the same whether they have one partition or several."""

from __future__ import annotations

import random
from typing import Any

import pytest

from limpyd.exceptions import DoesNotExist, LimpydError
from tests.support.amounts import amount
from tests.support.related_models import MANY, REFERENCES, related_models

PKS = ["a", "b b", "c:c", "nul\0", "😀", "*", "{a}", "7"]
OPERATIONS = amount("LIMPYD_OPERATIONS", 150)


def operation(rng: random.Random) -> Any:
    """A random write, as a function of the models."""
    (holder, field), (kind, target, _) = rng.choice(list(REFERENCES.items()))
    pk, value, other, text = rng.choice(PKS), rng.choice(PKS), rng.choice(PKS), rng.choice("xyz")
    given: Any = value
    if kind in MANY:
        given = {value: 1, other: 2} if MANY[kind] is dict else [value, other]

    def link(models: Any) -> Any:
        bound = getattr(models[holder].lazy_connect(pk), field)
        if kind not in MANY:
            return (bound.hset if hasattr(bound, "hget") else bound.set)(value)
        if MANY[kind] is set:
            return bound.sadd(value, other)
        return bound.rpush(value, other) if MANY[kind] is list else bound.zadd({value: 1, other: 2})

    def unlink(models: Any) -> Any:
        bound = getattr(models[holder].lazy_connect(pk), field)
        if kind not in MANY:
            return (bound.hdel if hasattr(bound, "hget") else bound.delete)()
        if MANY[kind] is set:
            return bound.srem(value, other)
        return bound.lrem(0, value) if MANY[kind] is list else bound.zrem(value)

    def from_the_other_side(models: Any) -> Any:
        side = getattr(models[target].lazy_connect(value), f"{field}_of")
        if MANY.get(kind) is list:
            return side.rpush(pk)
        return side.zadd(3, pk) if MANY.get(kind) is dict else side.sadd(pk)

    def make(models: Any) -> Any:
        model = models[holder]
        return model.create(name=pk, text=text, **{field: given} if text != "z" else {})

    return rng.choice(
        [
            make,
            make,
            link,
            link,
            unlink,
            from_the_other_side,
            lambda models: models[holder].lazy_connect(pk).delete(),
            lambda models: models[holder].collection(text=text).delete(),
            lambda models: models[holder].update(pk, text=text, **{field: given}),
            lambda models: models[holder].update(pk, only=text, **{field: None}),
            lambda models: models[holder].get_or_create(pk, defaults={field: given}),
            lambda models: models[holder].collection(text=text).update(text=text, only=None),
            lambda models: models[holder].bulk_update([(pk, {field: given})]),
        ]
    )


def questions(rng: random.Random) -> Any:
    """A random query, as a function of the models, and whether its items have an order."""
    (holder, field), (kind, target, _) = rng.choice(list(REFERENCES.items()))
    (beyond, further), *_ = [each for each in REFERENCES if each[0] == target]
    text, pk = rng.choice("xyz"), rng.choice(PKS)
    columns = ["name", "text", field] + ([f"{field}__text", f"{field}__name"] if kind not in MANY else [])
    column = f"{field}__{further}__text"
    if kind not in MANY and REFERENCES[beyond, further][0] not in MANY:
        columns.append(column)
    if kind not in MANY and text == "x":
        keys = [rng.choice("+-").strip("+") + name for name in (*columns[3:], "name")]
        return lambda models: models[holder].collection().sort(by=keys, alpha=True).values_list(*columns), True
    asked = rng.choice(
        [
            lambda models: models[holder].collection(**{f"{field}__text": text}),
            lambda models: models[holder].collection(**{f"{field}__{further}__text": text}),
            lambda models: models[holder].collection(~(getattr(models[holder], field).text == text)),
            lambda models: models[holder].collection(
                (getattr(models[holder], field).text == text) | (models[holder].text == "x")
            ),
            lambda models: models[holder].collection(**{f"{field}__text": text, "text": text}),
            lambda models: models[holder].collection(**{field: pk}),
            lambda models: models[holder].collection(**{f"{field}__in": PKS[:3]}),
            lambda models: models[holder].collection(**{f"{field}__isnull": True}),
            lambda models: getattr(models[target].lazy_connect(pk), f"{field}_of")(text=text),
            lambda models: models[holder].collection().values_list(*columns),
            lambda models: models[holder].collection(**{f"{field}__text": text}).values_list(*columns),
        ]
    )
    return asked, False


async def outcome(face: Any, call: Any) -> Any:
    try:
        result = await face.do(call())
    except DoesNotExist:  # of what is referred to, from either side
        return "DoesNotExist"
    except LimpydError as error:
        return type(error).__name__
    return result if isinstance(result, int | type(None)) else "done"


def same_items(some: list[Any], others: list[Any]) -> bool:
    return sorted(map(str, some)) == sorted(map(str, others))


@pytest.mark.timeout(120)
@pytest.mark.parametrize("counts", [(4, 4), (1, 4), (4, 1)], ids=str)
async def test_the_same_as_one_partition(any_face, request, counts):
    rng = random.Random(request.node.name)
    database = any_face.Database(port=any_face.server.port)
    one = related_models(any_face.Model, database, "one")
    several = related_models(any_face.Model, database, "several", dict(zip(("Node", "Leaf"), counts, strict=True)))
    refused = 0
    for number in range(OPERATIONS):
        write, seed = operation(rng), rng.random()
        expected = await outcome(any_face, lambda: write(one))  # noqa: B023
        assert await outcome(any_face, lambda: write(several)) == expected, (number, seed)  # noqa: B023
        refused += isinstance(expected, str) and expected != "done"
        question, has_order = questions(rng)
        answers = [await any_face.all(question(models)) for models in (several, one)]
        assert answers[0] == answers[1] if has_order else same_items(*answers), number
    assert OPERATIONS / 10 < refused < OPERATIONS * 9 / 10
    for model in ("Node", "Leaf"):
        fields = ["name", "text", "only", *(field for name, field in REFERENCES if name == model)]
        rows = [await any_face.all(models[model].collection().values_list(*fields)) for models in (one, several)]
        assert same_items(*rows)
        assert (await any_face.do(several[model].check())).ok
    await any_face.do(database.close())
