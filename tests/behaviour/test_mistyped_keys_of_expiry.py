"""Keys of the wrong type in models whose objects or values expire: errors name the key, and nothing is changed."""

from datetime import timedelta

import pytest

from limpyd import DeadlineField, InstanceHashField, LimpydError, StringField
from limpyd.relations import FKInstanceHashField

HOUR = timedelta(hours=1)


@pytest.fixture
async def models(face):
    """An object that expires, one whose values do, and one that refers to the first."""

    class Base(face.Model):
        abstract = True
        database = face.database
        note = InstanceHashField(indexable=True)

    class Plain(Base):
        until = DeadlineField(ttl=HOUR)

    class Session(Base):
        until = DeadlineField(ttl=HOUR)

    class Cart(Base):
        session = FKInstanceHashField(Session)

    class Code(Base):
        code = InstanceHashField(unique=True, expires=True)
        mood = StringField(indexable=True, expires=True)

    await face.do(Plain.create(note="n"))
    await face.do(Cart.create(note="n", session=await face.do(Session.create(note="n"))))
    await face.do(Code.create(note="n", code="c", code_deadline=HOUR, mood="m", mood_deadline=HOUR))
    return {"plain": Plain, "session": Session, "cart": Cart, "code": Code}


def overdue(face):
    """Has all deadlines be over, except in an index of the wrong type."""
    for key in ("{session}:deadline:object", "{code}:deadline:code_deadline", "{code}:deadline:mood_deadline"):
        if face.client.type(key) in {b"zset", b"none"}:
            face.client.zadd(key, {"1": 1})


KEYS = [
    "{plain}:eq:note:n",
    "{plain}:pks",
    "{plain}:meta",
    "{session}:eq:note:n",
    "{session}:pks",
    "{session}:deadline:object",
    "{cart}:eq:note:n",
    "{cart}:pks",
    "{cart}:meta",
    "{code}:eq:note:n",
    "{code}:deadline:code_deadline",
    "{code}:deadline:mood_deadline",
    "{code}:pks",
]
OF_WHAT_IS_OVER = [
    "{cart}:eq:session:1",
    "{cart}:hash:1",
    "{code}:eq:mood:m",
    "{code}:uniq:code",
]
CALLS = {
    "count": lambda model: model.collection(note="n").count(),
    "count of all": lambda model: model.collection().count(),
    "query": lambda model: model.collection(note="n").all(),
    "exists": lambda model: model.exists("1"),
    "write": lambda model: model.lazy_connect("1").note.set("n"),
}


@pytest.mark.parametrize(
    ("key", "is_over"), [*((key, False) for key in KEYS), *((key, True) for key in OF_WHAT_IS_OVER)]
)
async def test_errors_name_the_key(face, models, key, is_over):
    model = models[key[1 : key.index("}")]]
    await face.do(model.collection(note="n").count())  # so that it knows the catalog
    errors = {}
    assert face.client.delete(key)
    face.client.set(key, "text")
    if is_over:
        overdue(face)
    for what, call in CALLS.items():
        try:
            await face.do(call(model))
        except LimpydError as error:
            errors[what] = str(error)
    assert errors
    assert {what for what, error in errors.items() if key not in error} == set()
    assert face.client.get(key) == b"text"
