"""The displays of collections, instances, explanations and reports in notebooks."""

from __future__ import annotations

from decimal import Decimal
from html.parser import HTMLParser

import pytest

from limpyd import InstanceHashField, PKField, SetField, StringField
from limpyd.testing import assert_requests
from tests.support.blocks import block

NAMES = ["<b>&amp;</b>", "x" * 1000, "\0\x1b\udcff", "", 'é"\n']


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        key = PKField()
        name = StringField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        worth = InstanceHashField(type=Decimal)
        tags = SetField()

    return Person


class Cells(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.cells, self.tags = [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag in {"td", "th"}:
            self.cells.append("")

    def handle_data(self, data):
        if self.cells and data.strip():
            self.cells[-1] += data


async def people(face, person):
    for number, name in enumerate(NAMES):
        await face.do(person.create(key=f"p{number}", name=name, age=number))
    return person.collection(age__lt=50).sort(by="age")


async def test_a_collection(any_face, person):
    found = await people(any_face, person)
    with assert_requests(0 if any_face.is_async else 1):
        html = found._repr_html_()
    if any_face.is_async:
        assert "Person" in html.replace("person", "Person")
        assert "await collection.all()" in html
        return
    html.encode()  # lone surrogates are written out
    cells = Cells(html)
    assert cells.cells[:4] == ["pk", "name", "age", "worth"]
    assert cells.cells[4:8] == ["p0", "<b>&amp;</b>", "0", "None"]
    assert cells.cells[9] == f"{'x' * 80}… (1,000 characters)"
    assert cells.cells[13] == r"\x00\x1b\udcff"
    assert "b" not in cells.tags


async def test_shapes_and_sizes(any_face, person):
    for number in range(12):
        await any_face.do(person.create(key=number, name="x", age=number))
    if any_face.is_async:
        return
    found = person.collection().sort(by="age")
    assert "the first 10; there are more" in found._repr_html_()
    assert Cells(found.values("age", "tags")._repr_html_()).cells[:6] == ["age", "tags", "0", "set()", "1", "set()"]
    assert Cells(found.instances()[:3][0]._repr_html_()).cells[:4] == ["field", "value", "pk", "0"]
    assert Cells(found.instances()._repr_html_()).cells[:4] == ["pk", "name", "age", "worth"]
    assert "no object" in person.collection(name="y")._repr_html_()


async def test_an_instance(any_face, person):
    await people(any_face, person)
    one = await any_face.do(person.get("p0"))
    any_face.client.hset("{person}:hash:p0", "age", b"\xff")
    with assert_requests(0 if any_face.is_async else 1):
        html = one._repr_html_()
    if any_face.is_async:
        assert "await instance.values()" in html
        return
    assert Cells(html).cells == [
        "field", "value", "pk", "p0", "name", "<b>&amp;</b>", "age", r"does not decode: b'\xff'", "worth", "None",
    ]  # fmt: skip
    assert "does not decode" in person.collection(name=NAMES[0])._repr_html_()
    one.delete()
    assert "DoesNotExist: there is no Person(&#x27;p0&#x27;)" in one._repr_html_()
    assert "no primary key yet" in person()._repr_html_()
    async with block(any_face, any_face.database.pipeline()):
        assert "NotInPipeline" in one._repr_html_()
        assert "NotInPipeline" in person.collection()._repr_html_()


async def test_a_server_that_is_away(any_face, person):
    one = person.lazy_connect("p0")
    person.use_database(type(any_face.database)(port=1))
    for shown in (one, person.collection()):
        assert ("ServerUnreachable" in shown._repr_html_()) == (not any_face.is_async)


async def test_explanations_and_reports(any_face, person):
    await people(any_face, person)
    explanation = await any_face.do(person.collection(name=NAMES[0]).explain())
    assert Cells(explanation._repr_html_()).cells[:2] == ["of 5 objects", ""]
    any_face.client.sadd("{person}:pks", "<i>ghost</i>")
    report = await any_face.do(any_face.database.check())
    html = report._repr_html_()
    assert "all is well" in html
    assert "i" not in Cells(html).tags
    assert "bare" in Cells(html).cells
    for number in range(30):
        any_face.client.sadd("{person}:pks", f"ghost{number}")
    assert "… and 11 more" in (await any_face.do(any_face.database.check()))._repr_html_()
