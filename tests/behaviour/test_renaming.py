"""Renaming a class or a field: its data is moved, online, each object as one step."""

from __future__ import annotations

import itertools
import time

import pytest

from limpyd import AutoPKField, FKStringField, InstanceHashField, M2MSetField, SetField, StringField
from limpyd.exceptions import (
    IndexNotBuilt,
    InvalidValue,
    MoveConflict,
    NotInPipeline,
    UndeclaredReference,
    UniquenessError,
    UnknownField,
    UnsupportedCommand,
    WrongTypeError,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.renaming import ODD, declare, fill
from tests.support.servers import BINARIES, FEW, NEWEST_AND_OLDEST, Server
from tests.support.step_durations import processor_seconds


@pytest.fixture
async def another():
    """Gives other databases on the server of a face, as other processes would have them."""
    given = []

    def give(face):
        given.append((face, face.Database(port=face.server.port)))
        return given[-1][1]

    yield give
    for face, database in given:
        await face.do(database.close())


@pytest.fixture
def two(another):
    """Gives a class under its old and its new name."""

    def give(face):
        return declare(face.Model, another(face), "Old", "blog"), declare(face.Model, face.database, "New")

    return give


def wrong_with(face, model):
    """What is wrong with a model's data, where there is that of another one as well."""
    own = model._schema.keys.partition(None).prefix.decode()
    found = inconsistencies(face.client, model)
    return [one for one in found if not one.startswith("orphan: ") or one.startswith(f"orphan: {own}")]


class TestClasses:
    async def test_all_that_a_model_has_is_moved(self, face, two):
        old, new = two(face)
        await fill(face, old, ODD)
        client = face.client
        client.set("{blog:old}:seq", 41)
        client.set("{blog:other}:pks", "not ours")
        before = {key.replace(b"{blog:old}", b"{new}"): value for key, value in state(client).items()}
        moved = await face.do(new.rename_from("blog:old"))
        assert moved == (len(ODD), [], [])
        assert state(client) == before
        assert client.keys("{blog:old}*") == []
        for key in ("{blog:other}:pks", "{new}:seq"):
            client.delete(key)
        assert inconsistencies(client, new) == []
        assert await face.do(new.collection(city="Paris", name__gte="").count()) == len(ODD)
        assert await face.do(new.rename_from("blog:old")) == (0, [], [])

    async def test_expiries_are_kept(self, any_face, two):
        face = any_face
        old, new = two(face)
        await fill(face, old, ["a"])
        face.client.hpexpire("{blog:old}:hash:a", 70_000_000, "note")
        times = [
            face.client.pexpiretime("{blog:old}:field:log:a"),
            face.client.hpexpiretime("{blog:old}:hash:a", "note"),
        ]
        await face.do(new.rename_from("blog:old"))
        assert times[0] > time.time() * 1000
        assert times[1][0] > time.time() * 1000
        found = [face.client.pexpiretime("{new}:field:log:a"), face.client.hpexpiretime("{new}:hash:a", "note")]
        assert found == times

    async def test_an_object_whose_place_is_taken_stays(self, any_face, two):
        face = any_face
        old, new = two(face)
        await fill(face, old, ["a", "b", "c", "d"])
        await fill(face, new, ["a"])
        await face.do(new.create(key="other", name="b"))
        face.client.set("{new}:field:tags:c", "of nobody")
        values = (b"{blog:old}:hash:", b"{blog:old}:field:", b"{new}:hash:", b"{new}:field:")
        before = {
            key: value
            for key, value in state(face.client).items()
            if key.startswith(values) and not key.endswith(b":d")
        }
        moved = await face.do(new.rename_from("blog:old"))
        assert moved.objects == 1
        assert moved.kept == []
        errors = {conflict.pk: conflict.error for conflict in moved.conflicts}
        assert {pk: type(error) for pk, error in errors.items()} == {
            "a": MoveConflict,
            "b": UniquenessError,
            "c": MoveConflict,
        }
        assert "another object already has this primary key" in str(errors["a"])
        assert "'other'" in str(errors["b"])
        assert "{new}:field:tags:c" in str(errors["c"])
        assert wrong_with(face, old) == []
        assert before.items() <= state(face.client).items()
        # Once that is cured, the rest follows.
        await face.do((await face.do(new.get("other"))).delete())
        await face.do((await face.do(new.get("a"))).delete())
        face.client.delete("{new}:field:tags:c")
        assert await face.do(new.rename_from("blog:old")) == (3, [], [])
        assert inconsistencies(face.client, new) == []
        assert face.client.keys("{blog:old}*") == []

    @pytest.mark.parametrize("server", FEW, indirect=True)
    async def test_nothing_is_left_of_an_object_that_could_not_be_moved(self, face, two):
        """Refused at the very end, by the last index, after keys were renamed and entries moved."""
        old, new = two(face)
        await fill(face, old, ["b"])
        await face.do(new.create(key="other", name="b"))
        before = state(face.client)
        moved = await face.do(new.rename_from("blog:old"))
        assert [type(conflict.error) for conflict in moved.conflicts] == [UniquenessError]
        assert state(face.client) == before

    async def test_a_key_of_another_type_is_told(self, any_face, two):
        face = any_face
        old, new = two(face)
        await fill(face, old, ["b", "c"])
        face.client.set("{new}:eq:tags:c", "no set")
        moved = await face.do(new.rename_from("blog:old"))
        assert [(conflict.pk, type(conflict.error)) for conflict in moved.conflicts] == [("c", WrongTypeError)]
        assert wrong_with(face, old) == []

    async def test_what_no_field_is_declared_for_is_moved_too(self, any_face, two):
        face = any_face
        old, new = two(face)
        await fill(face, old, ["a"])
        face.client.set("{blog:old}:field:gone:a", "kept")
        face.client.set("{blog:old}:field:there:a", "kept")
        face.client.set("{new}:field:there:a", "first")
        face.client.set("{blog:old}:lex:gone", "an index that is declared no more")
        moved = await face.do(new.rename_from("blog:old"))
        assert moved == (1, [], ["{blog:old}:field:there:a"])
        assert face.client.get("{new}:field:gone:a") == b"kept"
        assert face.client.get("{new}:field:there:a") == b"first"
        assert face.client.keys("{blog:old}*") == [b"{blog:old}:field:there:a"]

    async def test_keys_and_references_that_only_others_declare_stay_known(self, any_face, another):
        """As before the move, a deletion takes keys of unknown fields along, and is refused by unknown references."""
        base, others = any_face.Model, another(any_face)
        old = type(base)("Old", (base,), {"database": others, "name": StringField(), "bio": StringField()})
        article = type(base)("Article", (base,), {"database": others, "by": FKStringField(old)})
        for bio in ("long", "short"):
            await any_face.do(old.create(name="Ada", bio=bio))
        await any_face.do(article.create(by=1))
        new = type(base)("New", (base,), {"database": any_face.database, "name": StringField()})
        await any_face.do(new.rename_from("old"))
        assert any_face.client.exists("{new}:field:bio:2") == 1
        await any_face.refused(UndeclaredReference, lambda: new.lazy_connect(1).delete(), match=r"Article\.by")
        await any_face.do(new.lazy_connect(2).delete())
        assert any_face.client.exists("{new}:field:bio:2") == 0

    async def test_the_last_automatic_primary_key_is_the_larger_one(self, any_face, another):
        face = any_face
        fields = {"pk": AutoPKField(), "name": StringField(unique=True)}
        other = another(face)
        old = type("Old", (face.Model,), {**fields, "database": other})
        new = type("New", (face.Model,), {**fields, "database": face.database})
        for number in range(12):
            await face.do(old.create(name=str(number)))
        await face.do((await face.do(old.get("12"))).delete())
        await face.do(new.rename_from("old"))
        assert face.client.get("{new}:seq") == b"12"
        made = await face.do(new.create(name="next"))
        assert await face.do(made.pk.get()) == "13"
        await face.do(old.create(name="late"))  # by a process that has the old class still: it counts anew
        moved = await face.do(new.rename_from("old"))
        assert [conflict.pk for conflict in moved.conflicts] == ["1"]
        assert face.client.get("{new}:seq") == b"13"

    @pytest.mark.parametrize("server", FEW, indirect=True)
    async def test_references_hold(self, face, another):
        def models(database, name):
            person = type(
                name,
                (face.Model,),
                {"database": database, "name": StringField(indexable=True), "boss": FKStringField("self")},
            )
            fields = {"owner": FKStringField(name), "members": M2MSetField(name, related_name="groups")}
            return person, type("Group", (face.Model,), {"database": database, **fields})

        other = another(face)
        person, group = models(other, "Person")
        ada = await face.do(person.create(name="Ada"))
        bob = await face.do(person.create(name="Bob", boss=ada))
        await face.do(group.create(owner=ada, members=[ada, bob]))
        human, group = models(face.database, "Human")
        assert (await face.do(human.rename_from("person"))).objects == 2
        ada = await face.do(human.get(name="Ada"))
        assert await face.do(ada.human_set().count()) == 1
        assert await face.do(ada.groups().count()) == 1
        assert await face.do(group.collection(owner__name="Ada").count()) == 1
        assert await face.do(human.collection(boss=ada).count()) == 1
        await face.do(group.create(owner=ada))
        await face.do(ada.delete())
        assert await face.do(group.collection(owner__isnull=False).count()) == 0
        assert wrong_with(face, human) == wrong_with(face, group) == []

    async def test_the_data_of_others_stays_untouched(self, any_face, two):
        face = any_face
        near = ["{blog:older}:pks", "{blog:ol}:pks", "blog:old", "{*}:pks", "{blog:old}"]
        old, new = two(face)
        await fill(face, old, ["a"])
        for key in near:
            face.client.set(key, "x")
        await face.do(new.rename_from("blog:old"))
        assert [face.client.get(key) for key in near] == [b"x"] * len(near)

    async def test_round_trips(self, any_face, two, monkeypatch):
        monkeypatch.setattr("limpyd.migrations.requests.MILLISECONDS", 60_000)
        face = any_face
        old, new = two(face)
        await fill(face, old, ["a", "b"])
        await face.do(new.rename_from("blog:old"))
        await fill(face, old, ["c", "d"])
        with face.sent() as sent:
            await face.do(new.rename_from("blog:old"))
        # the number of partitions; which indexes are built; the objects, once more with what Python knows of them; what
        # is left, per 500 keys
        sweeps = face.client.dbsize() // 500 + 1
        assert sent.names == ["EVALSHA"] * (1 + 1 + 2 + sweeps)

    async def test_progress_and_small_steps(self, any_face, another):
        face = any_face
        fields = {"name": StringField(unique=True), "tags": SetField(indexable=True)}
        other = another(face)
        old = type("Old", (face.Model,), {**fields, "database": other})
        new = type("New", (face.Model,), {**fields, "database": face.database})
        await face.do(old.bulk_create({"name": str(n), "tags": [str(n), "a"]} for n in range(3000)))
        seen, spent = [], [processor_seconds(face.client)]

        def note(done, of):
            seen.append((done, of))
            spent.append(processor_seconds(face.client))

        moved = await face.do(new.rename_from("old", progress=note))
        assert moved.objects == 3000
        assert seen[-1] == (3000, 3000)
        assert len(seen) > 10
        assert seen == sorted(seen)
        assert max(after - before for before, after in itertools.pairwise(spent)) < 0.04
        assert inconsistencies(face.client, new) == []


class TestMistakes:
    async def test_names(self, any_face):
        face = any_face
        new = declare(face.Model, face.database, "New", "blog")
        declare(face.Model, face.database, "Other", "blog")
        with face.sent() as sent:
            await face.refused(InvalidValue, lambda: new.rename_from("NEW"), match="now")
            for name in ("", "a{b}", "blog:", 7, None):
                await face.refused(InvalidValue, lambda name=name: new.rename_from(name), match="name")
            await face.refused(InvalidValue, lambda: new.rename_from("blog:new"), match="now")
            await face.refused(InvalidValue, lambda: new.rename_from("blog:other"), match="still")
            await face.refused(UnknownField, lambda: new.rename_field("was", "nowhere"))
            await face.refused(InvalidValue, lambda: new.rename_field("id", "key"), match="primary key")
            await face.refused(InvalidValue, lambda: new.rename_field("body", "name"), match="still a field")
            await face.refused(InvalidValue, lambda: new.rename_field("a:b", "name"), match="cannot have been the name")
        assert sent.commands == []

    async def test_a_name_under_which_nothing_is(self, any_face, another):
        face = any_face
        old = declare(face.Model, another(face), "Old", "blog")
        await fill(face, old, ["1", "2"])
        new = declare(face.Model, face.database, "New", "blog")
        for name in ("odl", "blog:odl", "blog:Old", ":old"):
            with pytest.raises(InvalidValue, match="no objects under that name"):
                await face.do(new.rename_from(name))
        assert (await face.do(new.rename_from("OLD"))).objects == 2
        for again in ("Old", "old", "blog:old"):  # what is done may be done again
            assert await face.do(new.rename_from(again)) == (0, [], [])

    async def test_a_former_name_with_capitals(self, any_face, another):
        face = any_face
        names = {"namespace": "blog", "text": StringField()}
        old = type("Old", (face.Model,), {**names, "database": another(face), "model_name": "OlD"})
        await face.do(old.create(text="x"))
        new = type("New", (face.Model,), {**names, "database": face.database, "text": StringField()})
        assert (await face.do(new.rename_from("OlD"))).objects == 1

    async def test_not_in_a_pipeline(self, any_face):
        face = any_face
        new = declare(face.Model, face.database, "New")
        pipe = face.database.pipeline()
        if face.is_async:
            async with pipe:
                with pytest.raises(NotInPipeline):
                    new.rename_from("old")
        else:
            with pipe, pytest.raises(NotInPipeline):
                new.rename_from("old")

    @pytest.mark.parametrize("name", NEWEST_AND_OLDEST)
    def test_two_nodes_of_a_cluster(self, name):
        from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415

        nodes = [Server(BINARIES[name], "--cluster-enabled", "yes") for _ in range(2)]
        try:
            one, other = (node.client() for node in nodes)
            slot = one.execute_command("CLUSTER", "KEYSLOT", "{new}:pks")
            slots = [slot] if slot in {0, 16383} else [0, slot - 1, slot + 1, 16383]
            other.execute_command("CLUSTER", "ADDSLOTSRANGE", slot, slot)
            one.execute_command("CLUSTER", "ADDSLOTSRANGE", *slots)
            one.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[1].port)
            until = time.monotonic() + 20
            while time.monotonic() < until:
                if all("'cluster_state': 'ok'" in str(each.execute_command("CLUSTER INFO")) for each in (one, other)):
                    break
                time.sleep(0.05)
            database = RedisDatabase(port=nodes[0].port)
            old = declare(RedisModel, RedisDatabase(port=nodes[0].port), "Old")
            new = declare(RedisModel, database, "New")
            thing = old.create(key="a", name="x")
            with pytest.raises(UnsupportedCommand, match="both names of a renaming"):
                new.rename_from("old")
            assert thing.name.hget() == "x"
            assert old.get(name="x") == thing  # scripts still run
            one.close()
            other.close()
            database.close()
            old.database.close()
        finally:
            for node in nodes:
                node.stop()


class TestFields:
    @pytest.mark.parametrize("server", FEW, indirect=True)
    @pytest.mark.parametrize("names", [("first", "name", "title"), ("body", "body", "text")], ids=["hash", "key"])
    async def test_values_entries_and_expiries_are_moved(self, face, names, another):
        argument, before, after = names
        old = declare(face.Model, another(face), "Thing")
        await fill(face, old, ODD)
        new = declare(face.Model, face.database, "Thing", **{argument: after})
        await face.refused(IndexNotBuilt, lambda: new.get(**{after: "x"}))
        expected = {
            key.replace(b":%s:" % before.encode(), b":%s:" % after.encode())
            for key in state(face.client)
            if b"}:field" in key
        }
        moved = await face.do(new.rename_field(before, after))
        assert moved == (len(ODD), [], [])
        assert inconsistencies(face.client, new) == []
        assert {key for key in state(face.client) if b"}:field" in key} == expected
        assert await face.do(new.get(**{after: "*" if argument == "first" else "É*"})) == await face.do(new.get("*"))
        assert not [name for name in face.client.hkeys("{thing}:meta") if before.encode() in name]
        assert await face.do(new.rename_field(before, after)) == (0, [], [])

    async def test_the_expiry_of_an_entry_goes_with_it(self, any_face, another):
        face = any_face
        fields = {"database": another(face), "name": InstanceHashField()}
        old = type("Thing", (face.Model,), fields)
        thing = await face.do(old.create(name="x"))
        await face.do(thing.name.hexpire(5000))
        expires = face.client.hpexpiretime("{thing}:hash:1", "name")
        new = type("Thing", (face.Model,), {"database": face.database, "title": InstanceHashField()})
        await face.do(new.rename_field("name", "title"))
        assert face.client.hpexpiretime("{thing}:hash:1", "title") == expires
        assert face.client.hgetall("{thing}:hash:1") == {b"title": b"x"}

    async def test_what_has_both_values_stays(self, any_face, another):
        face = any_face
        old = declare(face.Model, another(face), "Thing")
        await fill(face, old, ["a", "b"])
        new = declare(face.Model, face.database, "Thing", first="title", body="text")
        await face.do((await face.do(new.get("a"))).title.hset("new"))
        await face.do((await face.do(new.get("a"))).text.set("new"))
        moved = [await face.do(new.rename_field(*names)) for names in (("name", "title"), ("body", "text"))]
        for each in moved:
            assert each.objects == 1
            assert [(conflict.pk, type(conflict.error)) for conflict in each.conflicts] == [("a", MoveConflict)]
        assert face.client.hmget("{thing}:hash:a", "name", "title") == [b"a", b"new"]
        assert face.client.mget("{thing}:field:body:a", "{thing}:field:text:a") == ["Éa".encode(), b"new"]
        assert await face.do(new.get(title="b", text="Éb")) == await face.do(new.get("b"))
        assert await face.do(new.collection(title="new").count()) == 1
