"""The log of requests: names, sizes and durations, but no keys, values or passwords."""

from __future__ import annotations

import logging
import re

import pytest

from limpyd import InstanceHashField, PKField, StringField
from limpyd.exceptions import DeclarationError, UniquenessError
from limpyd.tracing import log_request
from tests.support.blocks import block

LINE = r"^{}: \d+\.\d\d ms, \d+ bytes sent, \d+ received{}$"


@pytest.fixture
async def make(any_face):
    """Makes a database, with a model on it."""
    made = []

    def database(**settings):
        where = any_face.Database(port=any_face.server.port, **settings)
        made.append(where)

        class Person(any_face.Model):
            database = where
            code = PKField()
            name = StringField(indexable=True)
            email = InstanceHashField(unique=True)

        return where, Person

    yield database
    for each in made:
        await any_face.do(each.close())


async def test_a_line_for_each(any_face, make, caplog):
    caplog.set_level(logging.DEBUG, "limpyd")
    database, person = make()
    ada = await any_face.do(person.create(code="1", name="Ada Lovelace", email="secret@example.com"))
    await any_face.do(ada.name.set("Ada King"))
    await any_face.do(person.get(email="secret@example.com"))  # from here on the server knows the scripts
    caplog.clear()
    await any_face.do(ada.name.set("Augusta"))
    await any_face.do(person.get(email="secret@example.com"))
    await any_face.refused(UniquenessError, lambda: person.create(code="2", email="secret@example.com"))
    async with block(any_face, database.pipeline()):
        ada.name.set("x")
        ada.name.set("y")
        person.create(code="3", name="z")
    lines = [record.getMessage() for record in caplog.records]
    expected = (
        LINE.format(r"set Person\.name", ""),
        LINE.format("query Person", ""),
        LINE.format("create Person", ", UniquenessError"),
        LINE.format(r"pipeline of 3 \(2 times set Person\.name, create Person\)", ""),
    )
    assert all(re.match(pattern, line) for pattern, line in zip(expected, lines, strict=True)), lines
    assert {(record.name, record.levelname) for record in caplog.records} == {("limpyd", "DEBUG")}


async def test_nothing_secret(any_face, make, caplog):
    caplog.set_level(logging.DEBUG, "limpyd")
    with any_face.server.client() as client:
        client.execute_command("ACL", "SETUSER", "logged", "on", ">pa55word", "~*", "+@all")
    _, person = make(username="logged", password="pa55word", slow_request=0)
    ada = await any_face.do(person.create(code="key-of-ada", name="value", email="a@x"))
    await any_face.do(ada.name.append("value"))
    await any_face.all(person.collection(name="value").values("name"))
    await any_face.refused(UniquenessError, lambda: person.create(code="4", email="a@x"))
    with any_face.server.client() as client:
        client.acl_deluser("logged")
    assert len(caplog.records) >= 4
    assert not re.search(r"pa55word|logged|value|a@x|key-of-ada", caplog.text)


async def test_slow_ones(any_face, make, caplog):
    database, person = make(slow_request=0.0)
    await any_face.do(person.create(code="5", name="Ada"))
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    database.slow_request = 60
    caplog.clear()
    await any_face.do(person.create(code="6", name="Ada"))
    assert not caplog.records
    caplog.set_level(logging.DEBUG, "limpyd")
    await any_face.do(person.create(code="7", name="Ada"))
    assert {record.levelname for record in caplog.records} == {"DEBUG"}
    database.slow_request = None
    assert database.slow_request is None


async def test_looked_at_when_the_database_is_first_used(any_face, make, caplog):
    database, person = make()
    await any_face.do(person.create(code="8", name="Ada"))
    caplog.set_level(logging.DEBUG, "limpyd")
    await any_face.do(person.create(code="9", name="Ada"))
    assert not caplog.records
    with database.on_request(log_request):
        await any_face.do(person.create(code="10", name="Ada"))
    assert len(caplog.records) == 1
    await any_face.do(database.close())
    await any_face.do(person.create(code="11", name="Ada"))
    assert caplog.records[-1].getMessage().startswith("create Person: ")
    with database.on_request(log_request):
        caplog.clear()
        await any_face.do(person.create(code="12", name="Ada"))
    assert len(caplog.records) == 1


def test_wrong_settings(any_face):
    for wrong in (-1, "1", True):
        with pytest.raises(DeclarationError, match="slow_request is a number of seconds"):
            any_face.Database(slow_request=wrong)
        with pytest.raises(DeclarationError, match="slow_request is a number of seconds"):
            any_face.Database().slow_request = wrong
    assert any_face.Database.from_url("redis://localhost", slow_request=0.5).slow_request == 0.5
