"""What is said of arguments that do not go together, of bits, places, streams, renames and pipelines."""

from __future__ import annotations

import pytest

from limpyd import FKStringField, GeoField, StreamField, StringField
from limpyd.exceptions import InvalidValue, NotInPipeline
from tests.support.blocks import block

MISTAKES = {
    "count": (
        lambda t: t.bits.bitcount(1),
        r"BITCOUNT on Thing\.bits takes both start and end.*-1 is the last",
    ),
    "position": (
        lambda t: t.bits.bitpos(1, end=3),
        r"BITPOS on Thing\.bits takes end only with start.*0 is the",
    ),
    "mode": (
        lambda t: t.bits.bitpos(1, 0, mode="BIT"),
        r"BITPOS on Thing\.bits takes mode only with.*pass these",
    ),
    "not": (
        lambda t: t.bits.bitop("NOT", t.bits, t.bits),
        r"NOT on Thing\.bits takes one source, not 2",
    ),
    "diff": (lambda t: t.bits.bitop("DIFF", t.bits), r"DIFF on Thing\.bits compares.*two or more, not one"),
    "operations": (lambda t: t.bits.bitfield("GET u8 0"), r"BITFIELD on Thing\.bits takes Get, Set and IncrBy"),
    "centre": (
        lambda t: t.at.geosearch(longitude=1, radius=1),
        r"GEOSEARCH on Thing\.at .*both longitude and lat",
    ),
    "area": (
        lambda t: t.at.geosearch(member="a", width=1),
        r"GEOSEARCH on Thing\.at .*radius, or both width and",
    ),
    "limit": (
        lambda t: t.log.xadd({"a": "b"}, maxlen=1, approximate=False, limit=2),
        r"XADD's limit .*pass maxlen",
    ),
    "trim": (lambda t: t.log.xtrim(), r"XTRIM on Thing\.log needs maxlen \(the number of entries to keep\)"),
    "nothing": (lambda t: t.log.xadd({}), r"XADD on Thing\.log takes a dict of at least one name"),
    "former field": (
        lambda t: type(t).rename_field("a-b", "bits"),
        r"'a-b' cannot have been the name of a field.*such as 'title'",
    ),
    "present field": (
        lambda t: type(t).rename_field("log", "bits"),
        r"log is still a field.*rename one field at a time",
    ),
    "primary key": (lambda t: type(t).rename_field("x", "pk"), r"primary key: nothing is stored under its name"),
    "former class": (
        lambda t: type(t).rename_from("thing"),
        r"now has the name 'thing'; pass its former name",
    ),
    "unknown class": (
        lambda t: type(t).rename_from("nobody"),
        r"no objects under that name.*check how the name",
    ),
    "findings": (lambda t: type(t).check(repair=["nope"]), r"'nope'.*not a kind of finding.*these kinds can"),
    "watched": (
        lambda t: t.database.transaction("a", t),
        r"watches keys and fields.*such as person\.age",
    ),
}


@pytest.mark.parametrize("kind", MISTAKES)
async def test_arguments_that_do_not_go_together(any_face, kind):
    class Thing(any_face.Model):
        database = any_face.database
        bits = StringField()
        at = GeoField()
        log = StreamField()

    call, message = MISTAKES[kind]
    await any_face.refused(InvalidValue, lambda: call(Thing.lazy_connect(1)), match=message)


async def test_what_cannot_be_in_a_transaction(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        other = FKStringField("self")

    with pytest.raises(NotInPipeline, match=r"each of which depends on the reply.*outside the transaction"):
        async with block(any_face, Thing.database.transaction()):
            Thing.collection().instances(prefetch=["other__pk"]).all()
