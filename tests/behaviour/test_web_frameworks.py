"""What a handler of FastAPI returns by mistake: an instance, a field or a collection; an error says so."""

from __future__ import annotations

import copy
import functools
import inspect
import pprint

import httpx
import pytest
from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict

from limpyd import FKStringField, HashField, InstanceHashField, ListField, SetField


class Labels:
    """Fields from a plain class, which brings a `__dict__` of its own."""

    label = InstanceHashField()


@pytest.fixture
def thing_model(face):
    class Thing(Labels, face.Model):
        database = face.database
        name = InstanceHashField(indexable=True)
        tags = SetField()
        queue = ListField()
        heads = HashField()
        parent = FKStringField("self", related_name="children")

        @functools.cached_property
        def shown(self):
            return f"<{self._pk}>"

    return Thing


async def answer(returned):
    """The answer of a handler that returns something."""
    app = FastAPI()
    app.get("/")(lambda: returned)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        return await client.get("/")


MISTAKES = {
    "instance": lambda model, thing: thing,
    "lazy instance": lambda model, thing: model.lazy_connect(1),
    "instance that was found": lambda model, thing: model(1) if not thing._awaits else thing,
    "unpickled instance": lambda model, thing: copy.deepcopy(model.lazy_connect(1)),
    "instances in a list": lambda model, thing: [thing],
    "instance in a dict": lambda model, thing: {"thing": thing},
    "field": lambda model, thing: thing.name,
    "set": lambda model, thing: thing.tags,
    "empty list": lambda model, thing: thing.queue,
    "hash": lambda model, thing: thing.heads,
    "pk": lambda model, thing: thing.pk,
    "reverse": lambda model, thing: thing.children,
    "collection": lambda model, thing: model.collection(),
    "values": lambda model, thing: model.collection().values("name", "pk"),
    "pairs": lambda model, thing: model.collection().values_list("pk", "name"),
    "instances": lambda model, thing: model.instances(),
    "empty collection": lambda model, thing: model.collection(name="nobody"),
}


@pytest.mark.parametrize("kind", MISTAKES)
async def test_handlers_that_return_no_values_fail_with_advice(face, thing_model, kind):
    thing = await face.do(thing_model.create(name="Ada", tags=["ab"]))
    returned = MISTAKES[kind](thing_model, thing)
    with pytest.raises(ValueError, match=r"values\(.*\) or rows?\(") as caught:
        jsonable_encoder(returned)
    assert str(caught.value).count("_pk") == 0
    assert (await answer(returned)).status_code == 500


class Shouted(InstanceHashField):
    def shout(self):
        return self.hget().upper()


async def test_classes_of_ones_own_are_refused_too(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        collection_manager = type("Things", (any_face.Model.collection_manager,), {"all_of_them": lambda self: self})
        name = Shouted()
        parent = FKStringField("self", related_name="children")

    thing = await any_face.do(Thing.create(name="Ada"))
    found = Thing.collection.all_of_them()
    for returned in (Thing.collection, found, found.values("pk"), Thing.instances(), thing.children(), thing.name):
        with pytest.raises(ValueError, match=r"values\(.*\) or rows?\("):
            jsonable_encoder(returned)
        assert (await answer([returned])).status_code == 500
    assert await any_face.all(copy.copy(found).values_list("name", flat=True)) == ["Ada"]


async def test_values_are_answered(face, thing_model):
    await face.do(thing_model.create(name="Ada"))
    values = await face.do(thing_model.collection().values("pk", "name").all())
    assert (await answer(values)).json() == [{"pk": "1", "name": "Ada"}]


async def test_instances_stay_what_they_are_to_others(face, thing_model):
    thing = await face.do(thing_model.create(name="Ada"))
    for convert in (list, dict, iter):
        with pytest.raises(TypeError, match=r"values\(\)"):
            convert(thing)
    assert not hasattr(thing, "keys")
    assert vars(thing)["_pk_bytes"] == b"1"
    assert thing.shown == "<1>"
    assert copy.copy(thing) == copy.deepcopy(thing) == thing
    assert pprint.pformat(thing) == repr(thing)
    assert dict(inspect.getmembers(thing))["_pk"] == "1"

    class Shown(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        shown: str

    assert Shown.model_validate(thing).shown == "<1>"


async def test_a_collection_is_no_dict(face, thing_model):
    await face.do(thing_model.create(name="Ada"))
    pairs = thing_model.collection().values_list("pk", "name")
    with pytest.raises(TypeError, match=r"not its items.*dict\(….all\(\)\)"):
        dict(pairs)
    assert dict(await face.do(pairs.all())) == {"1": "Ada"}
