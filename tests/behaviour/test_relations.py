"""References between objects: what is stored, found, refused and deleted with them."""

from __future__ import annotations

import copy

import pytest

from limpyd import EqualIndexWith, HashField, InstanceHashField, PKField, StringField, TextRangeIndex
from limpyd.exceptions import (
    BulkError,
    DeclarationError,
    DoesNotExist,
    IndexNotBuilt,
    InvalidValue,
    LimpydError,
    NotInPipeline,
    RelatedDoesNotExist,
    RestrictedError,
    UniquenessError,
    UnknownField,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.relations import (
    FKInstanceHashField,
    FKStringField,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
)
from tests.support.expected_indexes import state
from tests.support.servers import FEW


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: what is the same on all is shown on all elsewhere."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


ODD = ["a b", "a:b", "*", "{x}", "nul\0", "🎉", "10"]


def models(face, **options):
    class Person(face.Model):
        database = face.database
        name = PKField()
        city = InstanceHashField(indexable=True)

    class Group(face.Model):
        database = face.database
        name = PKField()
        private = InstanceHashField(type=bool, indexable=True)
        owner = FKStringField(Person, related_name="owned_groups", **options)
        boss = FKInstanceHashField("Person", related_name="bossed", **options)
        members = M2MSetField("Person", related_name="groups", **options)
        queue = M2MListField(Person, related_name="queued", **options)
        ranks = M2MSortedSetField(Person, related_name="ranked", **options)

    return Person, Group


async def make(face, model, **values):
    return await face.do(model.create(**values)) if face.is_async else model(**values)


async def keys(face):
    return sorted([key async for key in face.database.scan_keys()] if face.is_async else face.database.scan_keys())


class TestWhatIsReferredTo:
    async def test_is_given_as_an_object_or_by_its_primary_key(self, face):
        person, group = models(face)
        people = [await make(face, person, name=name) for name in ODD]
        for one, name in zip(people, ODD, strict=True):
            made = await make(face, group, name=f"of {name}", owner=one, boss=name, members=[one, name])
            assert await face.do(made.owner.get()) == name
            assert await face.do(made.owner.instance()) == one
            assert await face.do(made.boss.instance(lazy=True)) == one
            assert await face.do(made.members.smembers()) == {name}
            assert await face.all(one.owned_groups()) == [f"of {name}"]
            assert await face.all(one.bossed()) == [f"of {name}"]
            assert await face.all(one.groups()) == [f"of {name}"]
            assert await face.all(made.members()) == [name]
        assert await face.all(people[0].queued()) == []

    async def test_can_be_set_and_taken_away(self, face):
        person, group = models(face)
        ann, bob = await make(face, person, name="ann"), await make(face, person, name="bob")
        made = await make(face, group, name="g")
        assert await face.do(made.owner.instance()) is None
        assert await face.do(made.owner.set(ann))
        assert await face.all(ann.owned_groups()) == ["g"]
        assert await face.do(made.owner.set("bob"))
        assert await face.all(ann.owned_groups()) == []
        assert await face.all(bob.owned_groups()) == ["g"]
        await face.do(made.owner.delete())
        assert await face.all(bob.owned_groups()) == []
        await face.do(made.ranks.zadd({"ann": 1, "bob": 2}))
        assert sorted(await face.all(made.ranks())) == ["ann", "bob"]
        assert await face.all(bob.ranked()) == ["g"]

    async def test_is_narrowed_by_filters(self, face):
        person, group = models(face)
        ann = await make(face, person, name="ann", city="Paris")
        await make(face, person, name="bob", city="Rome")
        await make(face, group, name="open", owner=ann, private=False, members=["ann", "bob"])
        secret = await make(face, group, name="secret", owner=ann, private=True, members=["ann", "bob"])
        assert await face.all(ann.owned_groups(private=True)) == ["secret"]
        assert sorted(await face.all(ann.groups())) == ["open", "secret"]
        assert await face.all(secret.members(city="Rome")) == ["bob"]
        assert await face.all(secret.members(person.city == "Paris").instances()) == [ann]
        assert await face.do(ann.owned_groups().count()) == 2
        assert sorted(await face.all(group.collection(owner=ann))) == ["open", "secret"]
        assert await face.all(group.collection(group.owner == ann, private=False)) == ["open"]
        assert sorted(await face.all(group.collection(members__in=[ann, "nobody"]))) == ["open", "secret"]


class TestAReferenceToNobody:
    @pytest.mark.parametrize(
        "values",
        [
            {"owner": "nobody"},
            {"boss": "nobody"},
            {"members": ["ann", "nobody"]},
            {"queue": ["ann", "nobody"]},
            {"ranks": {"nobody": 1}},
        ],
        ids=lambda values: next(iter(values)),
    )
    async def test_is_refused_with_the_whole_object(self, face, values):
        person, group = models(face)
        await make(face, person, name="ann")
        before = await keys(face)
        with pytest.raises(RelatedDoesNotExist, match="no Person\\('nobody'\\)") as refused:
            await make(face, group, name="g", private=True, **values)
        assert (refused.value.model, refused.value.field, refused.value.pk) == ("Group", next(iter(values)), "nobody")
        assert [key for key in await keys(face) if "meta" not in key] == [key for key in before if "meta" not in key]

    async def test_is_refused_by_each_command_and_leaves_what_was_there(self, face):
        person, group = models(face)
        await make(face, person, name="ann")
        made = await make(
            face, group, name="g", owner="ann", boss="ann", members=["ann"], queue=["ann"], ranks={"ann": 1}
        )
        before = state(face.client)
        for write in (
            lambda: made.owner.set("nobody"),
            lambda: made.owner.getset("nobody"),
            lambda: made.boss.hset("nobody"),
            lambda: made.hmset(private=True, boss="nobody"),
            lambda: made.members.sadd("ann", "nobody"),
            lambda: made.queue.rpush("nobody"),
            lambda: made.queue.lset(0, "nobody"),
            lambda: made.queue.linsert("BEFORE", "ann", "nobody"),
            lambda: made.ranks.zadd({"ann": 2, "nobody": 1}),
            lambda: made.ranks.zincrby(1, "nobody"),
            lambda: group.collection().update(owner="nobody"),
        ):
            with pytest.raises(RelatedDoesNotExist):
                await face.do(write())
            assert state(face.client) == before

    async def test_may_be_allowed(self, face):
        _, group = models(face, check=False)
        made = await make(face, group, name="g", owner="nobody", members=["nobody"])
        found = await face.do(made.owner.instance())
        with pytest.raises(DoesNotExist):
            await face.do(found.city.hget())
        assert await face.all(made.members()) == []
        assert await face.all(group.collection(owner="nobody")) == ["g"]

    async def test_is_no_object_of_another_model_nor_one_that_is_not_stored(self, any_face):
        person, group = models(any_face)
        await make(any_face, person, name="ann")
        made = await make(any_face, group, name="g")
        for wrong in (made, None, True, object()):
            with pytest.raises(InvalidValue):
                await any_face.do(made.owner.set(wrong))
        with pytest.raises(InvalidValue, match="refers to objects of Person"):
            group.collection(owner=made)


class TestDeletingWhatIsReferredTo:
    async def test_takes_the_references_away(self, face):
        person, group = models(face)
        ann, bob = await make(face, person, name="ann"), await make(face, person, name="bob")
        made = await make(
            face,
            group,
            name="g",
            owner=ann,
            boss=ann,
            members=[ann, bob],
            queue=["ann", "bob", "ann"],
            ranks={"ann": 1, "bob": 2},
        )
        await face.do(ann.delete())
        assert await face.do(made.owner.get()) is None
        assert await face.do(made.boss.hget()) is None
        assert await face.do(made.members.smembers()) == {"bob"}
        assert await face.do(made.queue.lrange(0, -1)) == ["bob"]
        assert await face.do(made.ranks.zrange(0, -1)) == ["bob"]
        assert await face.all(group.collection(owner="ann")) == []
        assert await face.all(bob.ranked()) == ["g"]
        with pytest.raises(DoesNotExist):
            await face.do(ann.delete())
        assert not [key for key in await keys(face) if "ann" in key]

    async def test_takes_those_who_refer_along(self, face):
        person, group = models(face, on_delete="cascade")
        ann = await make(face, person, name="ann")
        await make(face, person, name="bob")
        for name, values in {
            "a": {"owner": "ann"},
            "b": {"boss": "ann"},
            "c": {"members": ["ann", "bob"]},
            "d": {"queue": ["bob"]},
            "e": {"ranks": {"ann": 1}, "owner": "bob"},
        }.items():
            await make(face, group, name=name, **values)
        await face.do(ann.delete())
        assert await face.all(group.collection()) == ["d"]
        assert await face.all(person.collection()) == ["bob"]
        assert not [key for key in await keys(face) if "ann" in key]

    async def test_is_refused_and_changes_nothing(self, face):
        person, group = models(face, on_delete="restrict")
        ann = await make(face, person, name="ann")
        for name, values in {
            "a": {"owner": "ann"},
            "b": {"boss": "ann"},
            "c": {"members": ["ann"]},
            "d": {"queue": ["ann"]},
            "e": {"ranks": {"ann": 1}},
        }.items():
            made = await make(face, group, name=name, **values)
            before = state(face.client)
            with pytest.raises(RestrictedError, match="refers to it") as refused:
                await face.do(ann.delete())
            assert (refused.value.model, refused.value.pk, refused.value.target) == ("Group", name, "ann")
            assert state(face.client) == before
            await face.do(made.delete())
        await face.do(ann.delete())

    async def test_in_a_circle_ends(self, face):
        class Node(face.Model):
            database = face.database
            name = PKField()
            next = FKStringField("self", related_name="previous", on_delete="cascade")
            friends = M2MSetField("self", related_name="friend_of")
            guard = FKInstanceHashField("self", related_name="guarded", on_delete="restrict")

        nodes = [await make(face, Node, name=str(number)) for number in range(5)]
        for number, node in enumerate(nodes[:4]):
            await face.do(node.next.set(nodes[(number + 1) % 4]))
            await face.do(node.friends.sadd(*nodes))
            await face.do(node.guard.set(nodes[(number + 2) % 4]))
        await face.do(nodes[4].friends.sadd(*nodes))
        await face.do(nodes[2].delete())
        assert await face.all(Node.collection()) == ["4"]
        assert await face.do(nodes[4].friends.smembers()) == {"4"}
        await face.do(nodes[4].delete())
        assert [key for key in await keys(face) if not key.endswith((":meta", ":seq"))] == []

    async def test_is_the_same_for_all_that_a_collection_finds(self, face):
        person, group = models(face)
        for number in range(10):
            await make(face, person, name=str(number), city="Paris" if number % 2 else "Rome")
        made = await make(face, group, name="g", owner="1", members=map(str, range(10)))
        assert await face.do(person.collection(city="Paris").delete(chunk=2)) == 5
        assert await face.do(made.owner.get()) is None
        assert await face.do(made.members.smembers()) == {"0", "2", "4", "6", "8"}


class TestOneToOne:
    async def test_nobody_else_may_refer_to_the_same(self, face):
        person, group = models(face, unique=True)
        ann = await make(face, person, name="ann")
        made = await make(face, group, name="g", owner=ann)
        with pytest.raises(UniquenessError):
            await make(face, group, name="h", owner=ann)
        assert await face.all(ann.owned_groups()) == ["g"]
        await face.do(ann.delete())
        assert await face.do(made.owner.get()) is None
        await make(face, person, name="ann")
        await make(face, group, name="h", owner="ann")


class TestTheReverseSide:
    async def test_of_many_can_be_written_to(self, face):
        person, group = models(face)
        ann = await make(face, person, name="ann")
        first, second = await make(face, group, name="1"), await make(face, group, name="2")
        assert await face.do(ann.groups.sadd(first, "2")) == 2
        assert await face.do(ann.groups.sadd(first)) == 0
        assert await face.do(second.members.smembers()) == {"ann"}
        assert sorted(await face.all(ann.groups())) == ["1", "2"]
        assert await face.do(ann.groups.srem(second, first)) == 2
        assert await face.all(ann.groups()) == []
        assert await face.do(ann.queued.rpush(first, second)) == 2
        assert await face.do(ann.queued.lpush(first)) == 1
        assert await face.do(first.queue.lrange(0, -1)) == ["ann", "ann"]
        assert await face.do(ann.queued.lrem(0, first, second)) == 3
        assert await face.do(ann.ranked.zadd(2.5, first)) == 1
        assert await face.do(first.ranks.zscore("ann")) == 2.5
        assert await face.do(ann.ranked.zrem(first)) == 1

    async def test_refuses_what_is_not_there(self, face):
        person, group = models(face)
        ann = await make(face, person, name="ann")
        first = await make(face, group, name="1")
        with pytest.raises(DoesNotExist):
            await face.do(ann.groups.sadd(first, "nobody"))
        assert await face.do(first.members.scard()) == 0
        with pytest.raises(UnsupportedCommand):
            await face.do(ann.groups.rpush(first))
        with pytest.raises(UnsupportedCommand):
            await face.do(ann.owned_groups.rpush(first))
        with pytest.raises(InvalidValue):
            await face.do(ann.groups.sadd(ann))


class TestNamesOfModels:
    def test_are_found_when_the_model_is_declared_later(self, any_face):
        class Early(any_face.Model):
            database = any_face.database
            namespace = "Shop"
            other = FKStringField("Late")
            far = FKStringField("WareHouse:Place", related_name="%(namespace)s_%(model)s_far")

        with pytest.raises(DeclarationError, match=r"Early\.other refers to 'Late', which is not a model"):
            Early.collection(other="1")

        class Late(any_face.Model):
            database = any_face.database
            namespace = "Shop"

        class Place(any_face.Model):
            database = any_face.database
            namespace = "WareHouse"

        assert Early.get_field("other").target is Late._schema
        assert Early.get_field("far").target is Place._schema
        assert hasattr(Late, "early_set")
        assert hasattr(Place, "shop_early_far")

    @pytest.mark.parametrize(
        ("namespace", "name"),
        [("Shop", "shop_order_set"), ("shop:eu-west", "shop_eu_west_order_set"), ("", "_order_set")],
    )
    def test_of_the_reverse_side_may_hold_any_namespace(self, any_face, namespace, name):
        class Person(any_face.Model):
            database = any_face.database

        class Base(any_face.Model):
            abstract = True
            database = any_face.database
            buyer = FKStringField(Person, related_name="%(namespace)s_%(model)s_set")

        order = type(any_face.Model)("Order", (Base,), {"namespace": namespace})
        assert getattr(Person, name).field is order.get_field("buyer")

    def test_are_not_taken_from_another_namespace(self, any_face):
        class Early(any_face.Model):
            database = any_face.database
            other = FKStringField("Late")

        class Late(any_face.Model):
            database = any_face.database
            namespace = "elsewhere"

        with pytest.raises(DeclarationError, match="not a model of this database"):
            Early.collection(other="1")

    def test_of_the_reverse_side_must_be_free(self, any_face):
        class Target(any_face.Model):
            database = any_face.database
            title = StringField()

        with pytest.raises(DeclarationError, match=r"would be Target\.title, which is already a field"):

            class Clash(any_face.Model):
                database = any_face.database
                other = FKStringField(Target, related_name="title")

        for name in ("delete", "_schema", "_pk"):
            with pytest.raises(DeclarationError, match="already something else"):

                class Hides(any_face.Model):
                    database = any_face.database
                    other = FKStringField(Target, related_name=name)

        with pytest.raises(DeclarationError, match="cannot be the name of the reverse side"):

            class NoName(any_face.Model):
                database = any_face.database
                other = FKStringField(Target, related_name="a b")

    def test_settings_that_make_no_sense_are_refused(self):
        with pytest.raises(DeclarationError, match="on_delete is one of"):
            FKStringField("X", on_delete="nothing")
        for wrong in (None, "", 5, int):
            with pytest.raises(DeclarationError, match="a reference takes a model"):
                FKStringField(wrong)

    def test_on_another_database_are_refused(self, any_face):
        class Target(any_face.Model):
            database = any_face.database

        with pytest.raises(DeclarationError, match="another database"):

            class Other(any_face.Model):
                database = any_face.Database(port=any_face.server.port)
                target = FKStringField(Target)


def chain(face):
    class Country(face.Model):
        database = face.database
        code = PKField()
        name = StringField(indexable=True)
        size = InstanceHashField(type=int, indexable=True)

    class Person(face.Model):
        database = face.database
        name = PKField()
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        home = FKInstanceHashField(Country)

    class Group(face.Model):
        database = face.database
        name = PKField()
        private = InstanceHashField(type=bool, indexable=True)
        rank = InstanceHashField(type=int, indexable=True)
        owner = FKStringField(Person, related_name="owned")
        twin = FKInstanceHashField(Person, related_name="twinned", unique=True)
        members = M2MSetField(Person, related_name="groups")
        queue = M2MListField(Person, related_name="queued")
        ranks = M2MSortedSetField(Person, related_name="ranked")
        parent = FKStringField("self", related_name="children")

    return Country, Person, Group


async def fill(face):
    country, person, group = chain(face)
    for code, size in (("fr", 3), ("it", 2)):
        await make(face, country, code=code, name=f"name of {code}", size=size)
    for name, city, age, home in (
        ("ann", "Paris", 30, "fr"),
        ("bob", "Rome", 40, "it"),
        ("cem", "Paris", 50, None),
        ("dan", None, None, "it"),
    ):
        values = {key: value for key, value in {"city": city, "age": age, "home": home}.items() if value}
        await make(face, person, name=name, **values)
    for name, values in {
        "a": {
            "owner": "ann",
            "members": ["ann", "bob"],
            "queue": ["bob", "bob"],
            "ranks": {"cem": 1},
            "twin": "ann",
        },
        "b": {"owner": "bob", "members": ["bob"], "private": True, "parent": "a", "rank": 3},
        "c": {"owner": "cem", "members": ["cem", "dan"], "ranks": {"ann": 1, "dan": 2}, "rank": 1, "parent": "b"},
        "d": {"private": True, "rank": 2},
        "e": {"owner": "dan", "twin": "bob", "queue": ["ann"]},
    }.items():
        await make(face, group, name=name, **values)
    return country, person, group


ACROSS = [
    ({"owner__city": "Paris"}, "ac"),
    ({"owner__city__in": ["Rome", "Oslo"]}, "b"),
    ({"owner__city__ne": "Paris"}, "be"),
    ({"owner__city__isnull": True}, "e"),
    ({"owner__age__gte": 40}, "bc"),
    ({"owner__age__between": (30, 40)}, "ab"),
    ({"owner__pk": "bob"}, "b"),
    ({"owner__name__in": ["bob", "cem", "nobody"]}, "bc"),
    ({"owner__home__name": "name of it"}, "be"),
    ({"owner__home__size__gt": 2}, "a"),
    ({"owner__home": "it"}, "be"),
    ({"owner__city": "Paris", "owner__age__gt": 40}, "c"),
    ({"owner__city": "Paris", "rank": 1}, "c"),
    ({"owner__city": "Paris", "private": True}, ""),
    ({"members__city": "Rome"}, "ab"),
    ({"members__city": "Paris", "members__age": 40}, ""),
    ({"queue__city": "Rome"}, "a"),
    ({"ranks__city": "Paris"}, "ac"),
    ({"ranks__home__name": "name of it"}, "c"),
    ({"twin__city": "Rome"}, "e"),
    ({"twin__age__lt": 100}, "ae"),
    ({"parent__owner__city": "Paris"}, "b"),
    ({"parent__parent__twin__city": "Paris"}, "c"),
    ({"owner__city": "nowhere"}, ""),
]
"""Filters across references, and whom they find."""


class TestFiltersAcrossReferences:
    async def test_find_who_refers_to_those_who_match(self, face):
        _, _, group = await fill(face)
        for filters, expected in ACROSS:
            found = group.collection(**filters)
            assert "".join(sorted(await face.all(found))) == expected, filters
            assert await face.do(found.count()) == len(expected), filters
            in_order = found.sort("rank")
            assert "".join(sorted(await face.all(in_order))) == expected, filters
            left = group.collection().exclude(**filters)
            assert "".join(sorted(await face.all(left))) == "".join(sorted(set("abcde") - set(expected))), filters

    async def test_are_one_request(self, any_face):
        _, _, group = await fill(any_face)
        found = group.collection(owner__home__name="name of it", private=True).values("owner", "rank")
        await any_face.all(found)
        with any_face.sent() as sent:
            assert await any_face.all(found) == [{"owner": "bob", "rank": 3}]
        assert sent.names == ["EVALSHA"]

    async def test_can_be_written_as_expressions(self, any_face):
        _, person, group = await fill(any_face)

        async def found(*expressions, **filters):
            return "".join(sorted(await any_face.all(group.collection(*expressions, **filters))))

        assert await found(group.owner.city == "Paris") == "ac"
        assert await found((group.owner.city == "Rome") | (group.owner.home.size > 2)) == "ab"
        assert await found(~(group.owner.city == "Paris")) == "bde"
        assert await found(group.owner["name"] == "bob") == "b"
        assert await found(group.owner["home"]["name"] == "name of it", private=True) == "b"
        assert await found(group.members.age >= 40, group.members.city == "Paris") == "c"
        assert await found(group.owner.city.in_(["Rome"]), rank__gt=2) == "b"
        assert await found(group.owner.home == "fr") == "a"
        bob = await any_face.do(person.get("bob"))
        assert await found(group.owner.city == bob.city) == "b"
        assert await found(group.owner.pk == "bob") == "b"

    async def test_go_with_changes_of_what_is_found(self, any_face):
        _, _, group = await fill(any_face)
        assert await any_face.do(group.collection(owner__city="Paris").update(private=True)) == 2
        assert "".join(sorted(await any_face.all(group.collection(private=True)))) == "abcd"
        assert await any_face.do(group.collection(owner__city="Rome").delete()) == 1
        assert "".join(sorted(await any_face.all(group.collection()))) == "acde"

    async def test_that_nothing_serves_are_refused_at_the_call(self, any_face):
        _, _, group = await fill(any_face)
        for name, error in (
            ("owner__nothing", "no field 'nothing'"),
            ("owner__home__nothing", "no field 'nothing'"),
            ("owner__city__gt", "no index that supports 'gt'"),
            ("owner__city__startswith", "no index that supports 'startswith'"),
        ):
            with pytest.raises(LimpydError, match=error):
                group.collection(**{name: 1})
        with pytest.raises(AttributeError, match="no field 'nothing'"):
            _ = group.owner.nothing
        with pytest.raises(AttributeError):
            _ = group.owner.city.nothing

    async def test_are_explained(self, any_face):
        _, _, group = await fill(any_face)
        shown = str(await any_face.do(group.collection(owner__city="Paris", rank__gte=1).explain()))
        assert "for objects with {person}:eq:city:Paris" in shown
        assert "owner__city='Paris'" in shown


class TestPrefetchingAcrossReferences:
    async def test_gives_the_objects_with_their_values(self, face):
        _, person, group = await fill(face)
        found = await face.all(
            group.collection().sort(alpha=True).instances(prefetch=["rank", "owner", "members__city"])
        )
        assert [each.prefetched["rank"] for each in found] == [None, 3, 1, 2, None]
        owners = [each.prefetched["owner"] for each in found]
        assert [owner and owner.prefetched["city"] for owner in owners] == ["Paris", "Rome", "Paris", None, None]
        assert owners[0].prefetched == {"city": "Paris", "age": 30, "home": "fr"}
        assert [type(owner) for owner in owners] == [person, person, person, type(None), person]
        members = [sorted(one.prefetched["city"] or "" for one in each.prefetched["members"]) for each in found]
        assert members == [["Paris", "Rome"], ["Rome"], ["", "Paris"], [], []]
        assert await face.do(owners[0].city.hget()) == "Paris"

    async def test_takes_one_request_more_for_each_reference(self, any_face):
        _, _, group = await fill(any_face)
        wanted = ["owner__home__name", "owner__city", "queue", "ranks__age", "twin", "parent__owner"]
        found = group.collection().sort(alpha=True).instances(prefetch=wanted)
        await any_face.all(found)
        with any_face.sent() as sent:
            first, second, third, *_ = await any_face.all(found)
        assert len(sent.names) == 8  # groups, owners, their homes, queues, ranks, twins, parents, their owners
        assert first.prefetched["owner"].prefetched["home"].prefetched == {"name": "name of fr"}
        assert [each.prefetched["age"] for each in first.prefetched["queue"]] == [40, 40]
        assert [each.prefetched["age"] for each in third.prefetched["ranks"]] == [30, None]
        assert second.prefetched["parent"].prefetched["owner"].prefetched["city"] == "Paris"

    async def test_works_for_pages_single_items_and_walks(self, any_face):
        _, _, group = await fill(any_face)
        found = group.collection(rank__gte=1).sort("rank").instances(prefetch=["owner__city"])

        def cities(items):
            return [each.prefetched["owner"] and each.prefetched["owner"].prefetched["city"] for each in items]

        assert cities(await any_face.all(found)) == ["Paris", None, "Rome"]
        assert cities([await any_face.do(found.first())]) == ["Paris"]
        page = await any_face.do(found.page(size=2))
        assert cities(page.items) == ["Paris", None]
        assert cities((await any_face.do(found.page(size=2, after=page.cursor))).items) == ["Rome"]
        walked = [each async for each in found.iterate(chunk=2)] if any_face.is_async else list(found.iterate(chunk=2))
        assert cities(walked) == ["Paris", None, "Rome"]
        assert await any_face.all(group.collection(rank=99).instances(prefetch=["owner"])) == []

    async def test_leaves_out_who_does_not_exist(self, any_face):
        _, group = models(any_face, check=False)
        await make(any_face, group, name="g", owner="nobody", members=["nobody"])
        (found,) = await any_face.all(group.collection().instances(prefetch=["owner", "members"]))
        assert found.prefetched == {"owner": None, "members": []}


async def test_each_operation_is_one_request(any_face):
    person, group = models(any_face)

    async def requests(name):
        """How many requests each operation takes, on objects of its own."""
        ann, bob = await make(any_face, person, name=f"ann {name}"), await make(any_face, person, name=f"bob {name}")
        made = await make(any_face, group, name=name, owner=ann)
        counts = []
        for call in (
            lambda: made.owner.set(bob),
            lambda: made.owner.instance(),
            lambda: made.members.sadd(ann, bob),
            lambda: bob.groups.srem(made),
            lambda: bob.groups.sadd(made),
            lambda: made.members().count(),
            lambda: bob.owned_groups(private=True).count(),
            lambda: bob.delete(),
        ):
            with any_face.sent() as sent:
                await any_face.do(call())
            counts.append(len(sent.names))
        return counts

    await requests("first")  # when the server learns the scripts
    assert await requests("second") == [1] * 8


class TestManyAtOnce:
    async def test_are_created_with_references_that_are_checked(self, face):
        person, group = models(face)
        await face.do(person.bulk_create([{"name": "ann"}, {"name": "bob"}]))
        facts = [{"name": str(number), "owner": "ann" if number % 2 else "bob", "boss": "bob"} for number in range(50)]
        assert (await face.do(group.bulk_create(facts))).created == 50
        bob = await face.do(person.get("bob"))
        assert await face.do(bob.owned_groups().count()) == 25
        assert await face.do(bob.bossed().count()) == 50
        with pytest.raises(BulkError, match="no Person\\('nobody'\\)") as refused:
            await face.do(
                group.bulk_create(
                    {"name": f"more {number}", "owner": bob if number < 5 else "nobody"} for number in range(9)
                )
            )
        assert refused.value.position == 5
        assert isinstance(refused.value.__cause__, RelatedDoesNotExist)
        assert await face.do(group.collection().count()) == 55
        many = [{"name": f"m{number}", "members": ["ann", "bob"], "queue": ["bob"]} for number in range(5)]
        assert (await face.do(group.bulk_create(many))).created == 5
        with pytest.raises(BulkError, match="no Person"):
            await face.do(group.bulk_create([{"name": "n", "members": ["ann", "nobody"]}]))

    async def test_are_updated_with_references_that_are_checked(self, face):
        person, group = models(face)
        await face.do(person.bulk_create([{"name": "ann"}, {"name": "bob"}]))
        await face.do(group.bulk_create([{"name": "g"}, {"name": "h"}]))
        await face.do(group.update("g", owner="ann", members=["ann", "bob"], boss="bob"))
        ann = await face.do(person.get("ann"))
        assert await face.all(ann.owned_groups()) == ["g"]
        assert await face.all(ann.groups()) == ["g"]
        before = state(face.client)
        for values in ({"owner": "nobody"}, {"private": True, "members": ["ann", "nobody"]}):
            with pytest.raises(RelatedDoesNotExist):
                await face.do(group.update("g", **values))
            assert state(face.client) == before
        with pytest.raises(BulkError, match="no Person"):
            await face.do(group.bulk_update([("g", {"owner": "bob"}), ("h", {"owner": "nobody"})]))
        assert await face.all(ann.owned_groups()) == []

    async def test_are_deleted_with_all_that_comes_of_it(self, face):
        person, group = models(face)

        class Guard(face.Model):
            database = face.database
            name = PKField()
            person = FKStringField("Person", on_delete="restrict")
            group = FKStringField("Group", on_delete="cascade")

        names = [f"p{number}" for number in range(10)]
        await face.do(person.bulk_create({"name": name} for name in names))
        await face.do(group.bulk_create([{"name": "g", "owner": "p1", "members": names}, {"name": "h", "boss": "p7"}]))
        await make(face, Guard, name="1", person="p5", group="g")
        with pytest.raises(BulkError, match="refers to it") as refused:
            await face.do(person.bulk_delete(names))
        assert refused.value.position == 5
        assert sorted(await face.all(person.collection())) == names[5:]
        found = await face.do(group.get("g"))
        assert await face.do(found.owner.get()) is None
        assert await face.do(found.members.smembers()) == set(names[5:])
        assert (await face.do(group.bulk_delete(["g", "h"]))).deleted == 2
        assert await face.do(Guard.collection().count()) == 0
        gone = await face.do(person.bulk_delete([*names, "p5"], on_missing="skip"))
        assert (gone.deleted, gone.missing) == (6, 5)
        assert not [key for key in await keys(face) if not key.endswith((":meta", ":seq"))]


class TestInPipelinesAndTransactions:
    async def together(self, face, act, *, whole):
        """What `act` asked for, collected and done together."""
        collector = face.database.transaction() if whole else face.database.pipeline()
        if face.is_async:
            async with collector:
                pendings = act()
        else:
            with collector:
                pendings = act()
        return [pending.value for pending in pendings]

    @pytest.mark.parametrize("whole", [True, False], ids=["transaction", "pipeline"])
    async def test_references_are_written_and_read(self, any_face, whole):
        person, group = models(any_face)
        ann, bob = await make(any_face, person, name="ann"), await make(any_face, person, name="bob")
        made = await make(any_face, group, name="g", owner=ann)

        def act():
            return [
                made.owner.instance(),
                made.members.sadd(ann, bob),
                bob.groups.srem(made),
                made.update(boss=bob, ranks={"ann": 1}),
                ann.delete(),
                made.owner.get(),
                group.collection(boss=bob).count(),
            ]

        found = await self.together(any_face, act, whole=whole)
        assert found == [ann, 2, 1, None, None, None, 1]
        assert await any_face.do(made.ranks.zcard()) == 0

    async def test_a_refusal_takes_all_of_a_transaction_back(self, any_face):
        person, group = models(any_face)
        ann, bob = await make(any_face, person, name="ann"), await make(any_face, person, name="bob")
        made = await make(
            any_face, group, name="g", owner=ann, boss=bob, members=[ann, bob], queue=[ann, ann, bob], ranks={"ann": 1}
        )
        before = state(any_face.client)
        for act in (
            lambda: [ann.delete(), made.boss.hset("nobody")],
            lambda: [made.update(members=["bob"], owner=None, queue=[]), bob.delete(), ann.groups.sadd("absent")],
            lambda: [made.delete(), ann.delete(), bob.delete(), made.owner.set("ann")],
        ):
            with pytest.raises(DoesNotExist):
                await self.together(any_face, act, whole=True)
            assert state(any_face.client) == before

    async def test_a_prefetch_goes_on_after_a_pipeline_and_not_within_a_transaction(self, any_face):
        person, group = models(any_face)
        await make(any_face, person, name="ann", city="Paris")
        await make(any_face, group, name="g", owner="ann")
        found = group.collection().instances(prefetch=["owner__city"])
        ((one,),) = await self.together(any_face, lambda: [found.all()], whole=False)
        assert one.prefetched["owner"].prefetched == {"city": "Paris"}
        with pytest.raises(NotInPipeline, match="takes several requests"):
            await self.together(any_face, lambda: [found.all()], whole=True)


class TestWhatMayGoWrong:
    async def test_a_field_is_not_taken_for_its_object(self, any_face):
        person, group = models(any_face)
        ann = await make(any_face, person, name="ann")
        made = await make(any_face, group, name="g", owner=ann)
        other = await make(any_face, group, name="h")
        for wrong in (ann.city, made.members):
            with pytest.raises(InvalidValue, match="is a field; get its value first"):
                await any_face.do(other.owner.set(wrong))
        assert await any_face.do(other.owner.set(ann.pk))
        assert await any_face.do(other.owner.get()) == "ann"

    def test_a_declaration_that_fails_leaves_nothing_behind(self, any_face):
        class Target(any_face.Model):
            database = any_face.database

        class First(any_face.Model):
            database = any_face.database
            target = FKStringField(Target, related_name="taken")

        with pytest.raises(DeclarationError, match=r"is already that of First\.target"):

            class Second(any_face.Model):
                database = any_face.database
                free = FKStringField(Target, related_name="free")
                clash = FKStringField(Target, related_name="taken")

        assert not hasattr(Target, "free")
        assert [field.name for field in Target._schema.incoming] == ["target"]

        class Second(any_face.Model):
            database = any_face.database
            free = FKStringField(Target, related_name="free")
            same = FKStringField(Target, related_name="other")

        assert len(Target._schema.incoming) == 3
        with pytest.raises(DeclarationError, match="is already that of another field"):

            class Third(any_face.Model):
                database = any_face.database
                one = FKStringField(Target)
                two = FKStringField(Target)

    async def test_sub_keys_and_indexes_of_several_fields_mean_the_same_across_references(self, any_face):
        class Person(any_face.Model):
            database = any_face.database
            name = PKField()
            note = HashField(indexes=[TextRangeIndex])
            first = InstanceHashField(indexes=[EqualIndexWith(other_fields=["last"])])
            last = InstanceHashField()

        class Group(any_face.Model):
            database = any_face.database
            name = PKField()
            owner = FKStringField(Person, related_name="owned", indexes=[EqualIndexWith(other_fields=["title"])])
            title = InstanceHashField()

        p = await make(any_face, Person, name="p", note={"x": "m", "x__gte": "zzz", b"\xff": "v"}, first="a", last="b")
        await make(any_face, Group, name="g", owner="p", title="t")
        for expression, expected in (
            (Group.owner["note"]["x__gte"] == "a", []),
            (Group.owner["note"]["x__gte"] == "zzz", ["g"]),
            (Group.owner["note"][b"\xff"] == "v", ["g"]),
            (Group.owner["note"]["x"] >= "a", ["g"]),
            ((Group.owner.first == "a") & (Group.owner["last"] == "b"), ["g"]),
        ):
            assert await any_face.all(Group.collection(expression)) == expected
        assert await any_face.all(Group.collection(owner__note__x__gte="a")) == ["g"]
        assert await any_face.all(Group.collection(owner__first="a", owner__last="b")) == ["g"]
        assert await any_face.all(Group.collection(owner__first="a", owner__last="c")) == []
        assert await any_face.all(Group.collection(owner=p, title="t")) == ["g"]
        assert await any_face.all(p.owned(title="t")) == ["g"]

    def test_fields_of_what_is_referred_to_are_no_sequences(self, any_face):
        _, group = models(any_face)
        for each in (group.owner, group.owner.city):
            with pytest.raises(TypeError):
                iter(each)
            with pytest.raises(TypeError):
                _ = "x" in each
            with pytest.raises(TypeError):
                _ = each[0]
        again = copy.deepcopy(group.owner.city == "Paris")
        assert repr(again) == "owner__city='Paris'"
        assert repr(copy.copy(group.owner.city)) == "owner__city"

    async def test_names_of_what_is_prefetched_are_checked_at_the_call(self, any_face):
        _, group = models(any_face)
        for name in ("owner__zzz", "members__owner", "nothing"):
            with pytest.raises(UnknownField):
                group.collection().instances(prefetch=[name])

    async def test_a_broken_key_of_who_refers_is_named(self, any_face):
        person, group = models(any_face)
        ann = await make(any_face, person, name="ann")
        await make(any_face, group, name="g", members=[ann])
        any_face.client.set("{group}:field:members:g", "broken")
        before = state(any_face.client)
        with pytest.raises(WrongTypeError, match="Group objects that refer") as refused:
            await any_face.do(ann.delete())
        assert (refused.value.expected, refused.value.found) == ("set", "string")
        assert state(any_face.client) == before

    async def test_both_sides_move_to_another_database_together(self, any_face):
        person, group = models(any_face)
        elsewhere = any_face.Database(port=any_face.server.port)
        person.use_database(elsewhere)
        ann = await make(any_face, person, name="ann")
        for call in (ann.delete, lambda: group.collection(owner="ann")):
            with pytest.raises(DeclarationError, match="on another database"):
                await any_face.do(call())
        group.use_database(elsewhere)
        await make(any_face, group, name="g", owner=ann)
        await any_face.do(ann.delete())
        assert await any_face.do(group.collection(owner="ann").count()) == 0
        await any_face.do(elsewhere.close())

    def test_a_name_is_found_once_its_model_moves_there(self, any_face):
        elsewhere = any_face.Database(port=any_face.server.port)

        class Holder(any_face.Model):
            database = any_face.database
            other = FKStringField("Other")

        class Other(any_face.Model):
            database = elsewhere

        Holder.use_database(elsewhere)
        assert Holder.get_field("other").target is Other._schema


async def test_a_deletion_notices_that_another_process_cleared_the_index(any_face):
    person, group = models(any_face, on_delete="restrict")
    ann = await make(any_face, person, name="ann")
    await make(any_face, group, name="g", owner=ann)
    await make(any_face, person, name="bob")
    await any_face.do((await any_face.do(person.get("bob"))).delete())  # so this process knows that all are built
    any_face.client.hset("{group}:meta", "eq:owner", "-")  # as clear_indexes notes it
    any_face.client.delete("{group}:eq:owner:ann")
    before = state(any_face.client)
    for delete in (ann.delete, person.collection().delete, lambda: person.bulk_delete(["ann"])):
        with pytest.raises(IndexNotBuilt, match=r"Group\.owner"):
            await any_face.do(delete())
        assert state(any_face.client) == before
