"""One call, one request: counted at the server for every public operation, on both faces."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.asyncio import AsyncCollection, AsyncRedisModel
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.geo import BoundGeo
from limpyd.fields.hash import BoundHash
from limpyd.fields.hyperloglog import BoundHyperLogLog
from limpyd.fields.instancehash import BoundHashEntry
from limpyd.fields.json import BoundJSON
from limpyd.fields.list import BoundList
from limpyd.fields.pk import BoundPK
from limpyd.fields.set import BoundSet
from limpyd.fields.sortedset import BoundSortedSet
from limpyd.fields.stream import BoundStream
from limpyd.fields.string import BoundString
from limpyd.model.core import ModelCore
from limpyd.model.sync import RedisModel
from limpyd.query.sync import Collection
from tests.support import command_calls as calls
from tests.support.listing import public
from tests.support.queries import COLLECTION

STRINGS = {**calls.STRING, **calls.KEY}
INSTANCE = {
    "delete": (),
    "hmget": ("indexed", "only"),
    "hmset": {"indexed": "1", "only": "2", "plain": "3"},
    "hdel": ("indexed", "only"),
    "hgetall": (),
    "hkeys": (),
    "hvals": (),
    "hlen": (),
}
EXPIRING = {"setex", "psetex", "expire", "pexpire", "expireat", "pexpireat"}
FLOATING = {"incrbyfloat", "hincrbyfloat"}


def test_every_public_method_is_counted_here():
    keys = calls.KEY.keys() | calls.KEY_DETAILS.keys()
    strings = calls.STRING | calls.BITS | calls.STRING_COMPARISON
    members = keys | calls.SORTING.keys()
    lists = calls.LIST.keys() | calls.BLOCKING_LIST.keys() | calls.BLOCKING_MOVES
    assert public(BoundKey) == keys
    assert public(BoundString) == keys | strings.keys()
    assert public(BoundHashEntry) == calls.INSTANCE_HASH.keys() | calls.INSTANCE_HASH_EXPIRY.keys()
    assert public(BoundSet) == members | calls.SET.keys()
    assert public(BoundList) == members | lists
    assert public(BoundSortedSet) == members | calls.SORTED_SET.keys() | calls.BLOCKING_SORTED_SET.keys()
    assert public(BoundGeo) == public(BoundSortedSet) | calls.GEO.keys()
    assert public(BoundHash) == keys | calls.HASH.keys() | calls.HASH_EXPIRY.keys()
    assert public(BoundStream) == keys | calls.STREAM.keys()
    assert public(BoundHyperLogLog) == keys | calls.HYPERLOGLOG.keys()
    assert public(BoundJSON) == keys | calls.JSON.keys()
    assert public(BoundPK) == {"get", "set", "exists", "delete"}
    no_request = {"get_field", "has_field", "use_database", "lazy_connect", "collection", "instances"}
    no_request |= {"get_field_name_for", "get_connection", "get_fields"}
    no_request.add("sweeping")  # what it returns sweeps
    no_request |= {"get_class_field", "get_class_fields", "get_instance_field", "get_instance_fields"}
    elsewhere = {"create", "get", "get_or_connect", "get_or_create", "update_or_create", "exists", "from_pks"}
    elsewhere.add("connect")  # in test_limpyd2_names.py
    walks = {"scan_model_keys", "scan_keys", "clear_indexes", "rebuild_indexes"}
    several = {"update", "bulk_create", "bulk_update", "bulk_delete"}  # in test_updates.py and test_bulk.py
    # in test_checking.py, test_renaming.py and tests/limpyd2/test_migration.py
    several |= {"values", "row"}  # in test_object_values.py
    several |= {"export", "import_"}  # in test_export_import.py
    several |= {"check", "rename_from", "rename_field", "migrate_from_limpyd2"}
    several |= {"repartition", "sweep"}  # in tests/partitions/test_repartition.py and test_expiring_objects.py
    several |= {"migrate_to", "abandon_migration", "delete_migrated"}  # in tests/partitions/test_relocation.py
    assert public(ModelCore) | public(RedisModel) == INSTANCE.keys() | no_request | elsewhere | walks | several
    assert public(AsyncRedisModel) == public(RedisModel)
    made = {"clone", "default_scope", "dynamic_filter", "errors", "unscoped"}  # collections, without a request
    assert public(AsyncCollection) == public(Collection) == COLLECTION | made


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        text = StringField()
        key = StringField(indexable=True)
        indexed = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)
        plain = InstanceHashField()

    return Thing


async def warm(face, model):
    """Makes an object, and the server know all scripts, so that only the operation itself is counted."""
    one = await face.do(model.create(text="1", key="1", indexed="1", only="1"))
    await face.do(one.plain.delete())
    await face.do(one.hmset(indexed="1", plain="1"))
    await face.do(one.hdel("plain", "only"))
    await face.do(one.hmset(only="1"))
    await face.do(one.text.set("1"))
    await face.do(model.lazy_connect(1).text.get())
    await face.do(model.get_or_create(only="1"))
    await face.do((await face.do(model.create(text="x"))).delete())
    await face.do(model.collection(indexed__in=["1"], only="1").count())
    await face.do(model.get(only="1"))
    await face.all(model.collection(key__in=["1", "2"]).instances())
    await face.all(one.scan_keys())
    return one


class TestFields:
    @pytest.mark.parametrize("lazy", [False, True])
    async def test_string(self, any_face, thing, lazy):
        one = await warm(any_face, thing)
        for field in ("text", "key"):
            for name, args in STRINGS.items():
                if field == "key" and name in EXPIRING:
                    continue
                for known in (False, True):  # the server knows the script of the operation by the second time
                    await any_face.do(one.text.set("1"))
                    await any_face.do(one.key.set("1"))
                    if not known:
                        await any_face.do(getattr(getattr(one, field), name)(*args))
                instance = thing.lazy_connect(1) if lazy else one
                with any_face.sent() as sent:
                    await any_face.do(getattr(getattr(instance, field), name)(*args))
                assert len(sent.names) == 1, (field, name)

    @pytest.mark.parametrize("lazy", [False, True])
    async def test_instance_hash(self, any_face, thing, lazy):
        one = await warm(any_face, thing)
        for field in ("indexed", "only", "plain"):
            for name, args in calls.INSTANCE_HASH.items():
                for known in (False, True):  # as above
                    await any_face.do(one.hmset(indexed="1", only="1", plain="1"))
                    if not known:
                        await any_face.do(getattr(getattr(one, field), name)(*args))
                instance = thing.lazy_connect(1) if lazy else one
                with any_face.sent() as sent:
                    await any_face.do(getattr(getattr(instance, field), name)(*args))
                assert len(sent.names) == 1, (field, name)

    async def test_pk(self, any_face, thing):
        one = await warm(any_face, thing)
        with any_face.sent() as sent:
            await any_face.do(one.pk.get())
        assert sent.names == []
        with any_face.sent() as sent:
            await any_face.do(one.pk.exists())
        assert sent.names == ["SISMEMBER"]

    async def test_plain_reads_are_plain_commands(self, any_face, thing):
        one = await warm(any_face, thing)
        await any_face.do(one.text.get())  # an object was deleted, so the first read asks whether this one is there
        with any_face.sent() as sent:
            await any_face.do(one.text.get())
            await any_face.do(one.only.hget())
        assert sent.names == ["GET", "HGET"]


class TestModel:
    @pytest.mark.parametrize("lazy", [False, True])
    @pytest.mark.parametrize("name", INSTANCE)
    async def test_instance(self, any_face, thing, name, lazy):
        one = await warm(any_face, thing)
        instance = thing.lazy_connect(1) if lazy else one
        args = INSTANCE[name]
        with any_face.sent() as sent:
            if isinstance(args, dict):
                await any_face.do(getattr(instance, name)(**args))
            else:
                await any_face.do(getattr(instance, name)(*args))
        assert len(sent.names) == 1

    @pytest.mark.parametrize(
        "call",
        [
            lambda m: m.create(text="2", key="2", indexed="2", only="2"),
            lambda m: m.get(1),
            lambda m: m.get(only="1"),
            lambda m: m.get(indexed="1", key="1"),
            lambda m: m.get(indexed__in=["1", "2"], only="1"),
            lambda m: m.get_or_connect(only="1"),
            lambda m: m.get_or_connect(only="3"),
            lambda m: m.get_or_create(indexed="1"),
            lambda m: m.get_or_create(indexed="3"),
            lambda m: m.exists(1),
            lambda m: m.exists(indexed="1", key="1"),
            lambda m: m.from_pks([1, 2, 3]),
        ],
    )
    async def test_class(self, any_face, thing, call):
        await warm(any_face, thing)
        with any_face.sent() as sent:
            await any_face.do(call(thing))
        assert len(sent.names) == 1

    async def test_no_request(self, any_face, thing):
        one = await warm(any_face, thing)
        with any_face.sent() as sent:
            assert thing.get_field("text") is thing.text
            assert thing.has_field("text")
            assert not thing.has_field("nope")
            thing.lazy_connect(1)
            thing.collection(key="1").filter(only="1").instances(lazy=True).primary_keys()
            repr(one)
            assert one.text.key == "{thing}:field:text:1"
            assert await any_face.do(thing.collection(key__in=[]).count()) == 0
        assert sent.names == []

    async def test_scan_keys(self, any_face, thing):
        one = await warm(any_face, thing)
        with any_face.sent() as sent:
            await any_face.all(one.scan_keys())
        assert len(sent.names) == 1

    async def test_scan_model_keys_walks(self, any_face, thing):
        await warm(any_face, thing)
        with any_face.sent() as sent:
            await any_face.all(thing.scan_model_keys())
        assert set(sent.names) == {"SCAN"}


class TestCollections:
    FILTERS = (
        ({}, "SMEMBERS", "SMEMBERS", "SCARD"),
        ({"key": "1"}, "SMEMBERS", "SINTER", "SCARD"),
        ({"key": "1", "indexed": "1"}, "SINTER", "SINTER", "SINTERCARD"),
        ({"only": "1"}, "HGET", "EVALSHA", "HEXISTS"),
        ({"pk": 1}, "SISMEMBER", "SISMEMBER", "SISMEMBER"),
        ({"key__in": ["1", "2"]}, "SUNION", "EVALSHA", "EVALSHA"),
        ({"key": "1", "only": "1"}, "EVALSHA", "EVALSHA", "EVALSHA"),
        ({"key": "1", "pk__in": [1, 2]}, "EVALSHA", "EVALSHA", "EVALSHA"),
        ({"only__in": ["1", "2"], "indexed__in": ["1"]}, "EVALSHA", "EVALSHA", "EVALSHA"),
    )

    @pytest.mark.parametrize(("filters", "find", "find_instances", "count"), FILTERS)
    async def test_one_request_each(self, any_face, thing, filters, find, find_instances, count):
        await warm(any_face, thing)
        collection = thing.collection(**filters)
        for made, command in (
            (lambda: any_face.all(collection), find),
            (lambda: any_face.all(collection.instances()), find_instances),
            (lambda: any_face.all(collection.instances(lazy=True)), find),
            (lambda: any_face.do(collection.all()), find),
            (lambda: any_face.do(collection[0]), "EVALSHA"),
            (lambda: any_face.do(collection[-1:]), find),
            (lambda: any_face.do(collection.count()), count),
            (lambda: any_face.do(collection.exists()), count),
        ):
            with any_face.sent() as sent:
                await made()
            assert sent.names == [command]

    def test_python_asks_for_a_hint_of_the_length(self, one_server):
        """list() and its like call len() before the first item; that must not cost a second request."""
        from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415
        from tests.support.face import Sent  # noqa: PLC0415

        class Hinted(RedisModel):
            database = RedisDatabase(port=one_server.port)
            name = StringField(indexable=True)

        Hinted(name="a")
        for consume in (
            list,
            tuple,
            set,
            sorted,
            lambda c: list(reversed(c)),
            lambda c: [*c],
            len,
            bool,
            lambda c: "1" in c,
            lambda c: c[0],
        ):
            with Sent(one_server) as sent:
                consume(Hinted.collection(name="a"))
            assert len(sent.names) == 1
        Hinted.database.close()
