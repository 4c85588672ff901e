"""A transaction of random operations does what they do one after the other, or nothing if one of them is refused."""

from __future__ import annotations

import random
from typing import Any

from limpyd.exceptions import LimpydError
from tests.support.expected_indexes import state
from tests.support.related_models import MANY, REFERENCES, problems, related_models

PKS = ["a", "b b", "c:c", "nul\0"]
TRANSACTIONS = 200
TWIN = "twin"


def operation(rng: random.Random) -> Any:
    """A random operation, as a function of the models."""
    name = rng.choice(["Node", "Leaf"])
    pk, value, text = rng.choice(PKS), rng.choice(PKS), rng.choice("xyz")
    (holder, field), (kind, _, _) = rng.choice(list(REFERENCES.items()))

    def link(models: Any) -> Any:
        bound = getattr(models[holder].lazy_connect(pk), field)
        if kind not in MANY:
            return (bound.hset if hasattr(bound, "hget") else bound.set)(value)
        if MANY[kind] is set:
            return bound.sadd(value)
        return bound.rpush(value, value) if MANY[kind] is list else bound.zadd({value: 1})

    def make(models: Any) -> Any:
        model = models[name]
        return model.create(name=pk, text=text) if model._awaits else model(name=pk, text=text)

    return rng.choice(
        [
            make,
            make,
            link,
            link,
            link,
            lambda models: models[name].lazy_connect(pk).delete(),
            lambda models: models[name].lazy_connect(pk).text.append(text),
            lambda models: models[name].lazy_connect(pk).only.hset(text),
            lambda models: models[name].update(pk, text=text, only=rng.choice([None, text])),
            lambda models: models[name].update(pk, **({field: None} if holder == name else {"text": None})),
            lambda models: models[name].lazy_connect(pk).text.get(),
            lambda models: models[name].collection(text=text).count(),
        ]
    )


def copied(client: Any) -> None:
    """The twin models get the data of the others."""
    keys = [key for key in client.scan_iter() if not key.startswith(b"{twin:") and b":meta" not in key]
    old = [key for key in client.scan_iter() if key.startswith(b"{twin:") and b":meta" not in key]
    pipe = client.pipeline(transaction=False)
    if old:
        pipe.delete(*old)
    for key, dump in zip(keys, [client.dump(key) for key in keys], strict=True):
        pipe.restore(b"{twin:" + key[1:], 0, dump)
    pipe.execute()


def halves(client: Any) -> tuple[dict[bytes, Any], dict[bytes, Any]]:
    """The data of the models, and that of their twins, under the same names."""
    everything = state(client)
    twins = {b"{" + key[6:]: value for key, value in everything.items() if key.startswith(b"{twin:")}
    return {key: value for key, value in everything.items() if not key.startswith(b"{twin:")}, twins


async def alone(face: Any, models: Any, operations: list[Any]) -> str | None:
    """Does operations one after the other, up to one that is refused; why, if one is."""
    for each in operations:
        try:
            await face.do(each(models))
        except LimpydError as error:
            return type(error).__name__
    return None


async def together(face: Any, models: Any, operations: list[Any]) -> str | None:
    """Does them in a transaction."""
    try:
        if face.is_async:
            async with face.database.transaction():
                for each in operations:
                    each(models)
        else:
            with face.database.transaction():
                for each in operations:
                    each(models)
    except LimpydError as error:
        return type(error).__name__
    return None


async def test_random_transactions(any_face, request):
    seed = request.node.name
    rng = random.Random(seed)
    models = related_models(any_face.Model, any_face.database)
    twins = related_models(any_face.Model, any_face.database, TWIN)
    done = refused = 0
    for _ in range(TRANSACTIONS):
        numbers = [rng.random() for _ in range(rng.randrange(1, 5))]
        copied(any_face.client)
        before, same = halves(any_face.client)
        assert before == same
        expected = await alone(any_face, twins, [operation(random.Random(number)) for number in numbers])
        found = await together(any_face, models, [operation(random.Random(number)) for number in numbers])
        assert found == expected, numbers
        after, after_alone = halves(any_face.client)
        assert after == (before if found else after_alone), numbers
        done, refused = done + (found is None), refused + (found is not None)
    assert min(done, refused) > TRANSACTIONS / 10
    assert [each for each in problems(any_face.client, models) if "twin" not in each] == []
