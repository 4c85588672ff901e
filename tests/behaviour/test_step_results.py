"""Results of earlier operations of a transaction as arguments of later ones."""

from __future__ import annotations

import asyncio
import enum
import random
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    M2MListField,
    M2MSetField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    VersionField,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import (
    ConditionFailed,
    ConstraintError,
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    LimpydError,
    NotExecuted,
    NotInPipeline,
    RelatedDoesNotExist,
    ServerError,
    UniquenessError,
)
from limpyd.pipelines.atomic_script import one_request
from tests.support.blocks import block
from tests.support.expected_indexes import inconsistencies, state
from tests.support.servers import FEW


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


def declare(face):
    class Link(face.Model):
        database = face.database
        title = StringField(indexable=True)
        slug = InstanceHashField(unique=True)
        votes = InstanceHashField(type=int, indexes=[NumberRangeIndex, EqualIndexWith(other_fields=["day"])])
        score = InstanceHashField(type=float, indexable=True)
        day = InstanceHashField(type=date, indexable=True)
        total = StringField(type=int)
        voters = SetField(indexable=True)
        queue = ListField()
        board = SortedSetField(indexable=True)
        counts = HashField(type=int, indexable=True)
        parent = FKInstanceHashField("self", related_name="children", unique=True)
        related = M2MSetField("self", related_name="related_to")
        order = M2MListField("self", related_name="ordered_by")

    return Link


@pytest.fixture
def link_model(any_face):
    return declare(any_face)


class Sync:
    """What a model needs of a face, on the sync side."""

    Model = RedisModel

    def __init__(self, database):
        self.database = database


@pytest.fixture
def database(one_server):
    database = RedisDatabase(port=one_server.port)
    yield database
    database.close()


@pytest.fixture
def sync_model(database):
    return declare(Sync(database))


@pytest.fixture
def client(one_server):
    with one_server.client() as client:
        yield client


class TestOnEachServer:
    @pytest.fixture(params=FEW)
    def server(self, request, servers):
        server = servers(request.param)
        with server.client() as client:
            client.flushall()
        return server

    async def test_a_vote_counts_once_in_one_request(self, face):
        do, link = face.do, await face.do(declare(face).create(votes=0, title="a"))

        async def vote(user):
            async with block(face, face.database.transaction()):
                added = link.voters.sadd(user)
                votes = link.votes.hincrby(added)
            return added.value, votes.value

        assert await vote("ada") == (1, 1)
        with face.sent() as sent:
            assert await vote("ada") == (0, 1)
            assert await vote("bob") == (1, 2)
        assert sent.names == ["EVALSHA", "EVALSHA"]
        assert await do(type(link).collection(votes=2).all()) == ["1"]

    async def test_a_new_object_is_referred_to(self, face):
        model = declare(face)
        link = await face.do(model.create(title="first"))
        async with block(face, face.database.transaction()):
            new = model.create(title="second", slug="s")
            child = model.create(parent=new, related=[new, link], order=[new])
            link.parent.hset(child)
            link.related.sadd(new, child)
            link.order.rpush(child)
            link.queue.rpush(new)
            link.update(title="third", order=[child, new])
        first, second, third = "123"
        assert await face.do(link.parent.get()) == third
        assert await face.do(link.related.smembers()) == {second, third}
        assert await face.do(link.order.lrange(0, -1)) == [third, second]
        assert await face.do(link.queue.lrange(0, -1)) == [second]
        assert await face.do(model.collection(parent=second).all()) == [third]
        assert await face.do(model.collection(related=first).all()) == [third]
        assert inconsistencies(face.client, model) == []

    async def test_a_refused_operation_leaves_no_trace(self, face):
        """Whichever of the operations is refused: each uses the result of the one before."""
        do, model = face.do, declare(face)
        link = await do(model.create(title="a", slug="taken", votes=3, score=2.5, board={"x": 1.0}, counts={"n": 1}))
        other = await do(model.create(title="b"))
        gone = await do(model.create(title="c"))
        await do(gone.delete())
        operations = [
            lambda _: link.votes.hincrby(2),
            link.score.hincrbyfloat,
            lambda result: link.board.zincrby(result, "x"),
            lambda result: link.score.hset(-result),
            lambda result: link.total.incrby(result),
            lambda result: link.counts.hincrby("n", result),
            lambda result: model.create(votes=result, counts={"n": result, "m": 3}),
            lambda result: other.parent.hset(result),
            lambda result: link.total.set(result),
            lambda result: link.queue.rpush(result),
            lambda result: other.update(title="changed", votes=result),
        ]
        before = state(face.client)
        for count in range(len(operations) + 1):
            with pytest.raises(LimpydError) as caught:
                async with block(face, face.database.transaction()):
                    result = 1
                    for operation in operations[:count]:
                        result = operation(result)
                    gone.title.set("x")
            assert type(caught.value) is DoesNotExist
            assert f"operation {count + 1} of {count + 1}" in caught.value.__notes__[0]
            assert state(face.client) == before


def test_the_primary_key_of_a_new_object(database, sync_model):
    """On the sync face, where an instance is there from the start, it is asked for as ever."""
    link = sync_model(title="a")
    with database.transaction() as transaction:
        new = sync_model(title="b")
        pk = new.pk.get()
        link.queue.rpush(pk, new)
        link.parent.hset(new.pk.get())
        assert transaction.execute()[1] == "2"
        link.queue.rpush(pk, new.pk.get())
    assert pk.value == "2"
    assert link.queue.lrange(0, -1) == ["2"] * 4
    assert link.parent.get() == "2"
    with database.pipeline():
        with pytest.raises(NotExecuted, match="when its pipeline is executed"):
            sync_model(title="c").pk.get()
        sync_model(title="d")


class TestIndexes:
    async def test_all_follow(self, any_face, link_model):
        do = any_face.do
        one = await do(link_model.create(title="Ab", slug="s", votes=7, score=1.5, day=date(2024, 2, 29)))
        two = await do(link_model.create(title="two"))
        async with block(any_face, any_face.database.transaction()):
            title, votes, day = one.title.get(), one.votes.hget(), one.day.get()
            two.day.hset(day)
            two.votes.hset(votes)
            two.score.hset(votes)
            two.voters.sadd(title, title, "x")
            two.board.zadd({title: votes})
            two.counts.hset("n", votes)
            three = link_model.create(title=title, day=day, votes=votes, voters=[title, "y"], board={"m": votes})
            two.related.sadd(three)
        assert await do(link_model.collection(day__gte=date(2024, 2, 29), votes=7).sort(by="pk").all()) == [*"123"]
        assert await do(link_model.collection(score=7.0).all()) == ["2"]
        assert await do(link_model.collection(voters="Ab").sort(by="pk").all()) == ["2", "3"]
        assert await do(two.board.zscore("Ab")) == 7.0
        assert inconsistencies(any_face.client, link_model) == []

    async def test_uniqueness_and_references_are_checked(self, any_face, link_model):
        do, database = any_face.do, any_face.database
        one = await do(link_model.create(slug="s", title="s", queue=["99"]))
        two = await do(link_model.create(slug="t"))
        before = state(any_face.client)

        def set_slug(text):
            two.slug.hset(text)

        def create(text):
            link_model.create(votes=1, queue=["x"], slug=text)

        def update(text):
            two.update(votes=1, slug=text)

        for write in (set_slug, create, update):
            with pytest.raises(UniquenessError, match="slug is unique and 's' already belongs to Link"):
                async with block(any_face, database.transaction()):
                    write(one.title.get())
        for refer in (two.parent.hset, lambda pk: link_model.create(title="z", parent=pk), two.related.sadd):
            with pytest.raises(RelatedDoesNotExist, match=r"no Link\('99'\)"):
                async with block(any_face, database.transaction()):
                    refer(one.queue.lindex(0))
        assert state(any_face.client) == before

    async def test_a_python_transform_is_asked_once_more(self, any_face):
        class Word(any_face.Model):
            database = any_face.database
            text = StringField(indexes=[EqualIndex(transform=str.upper)])
            loud = StringField(indexes=[EqualIndex(transform=lambda value: value[::-1])], unique=True)

        do = any_face.do
        word = await do(Word.create(text="abc"))
        with any_face.sent() as sent:
            async with block(any_face, any_face.database.transaction()):
                text = word.text.get()
                word.loud.set(text)
                Word.create(text=text)
        assert len(sent.names) == 2
        assert await do(Word.collection(text="ABC").sort(by="pk").all()) == ["1", "2"]
        assert await do(Word.collection(loud="cba").all()) == ["1"]

    def test_constraints_are_checked(self, database, client):
        owner = database

        class Stock(RedisModel):
            database = owner
            left = InstanceHashField(type=int, ge=0, le=10, required=True)
            name = StringField(type=str, max_length=3)
            even = InstanceHashField(type=int, validator=lambda value: value % 2 == 0)
            tags = SetField(type=int, lt=9, max_members=2)
            plain = InstanceHashField(type=int)
            text = InstanceHashField(type=str)

        one = Stock(left=5, plain=11, text="long")
        two = Stock(left=7)
        before = state(client)
        for write, broken in (
            (lambda: two.left.hset(one.plain.get()), "left"),
            (lambda: two.left.hincrby(-one.plain.get()), "left"),
            (lambda: two.update(left=one.plain.get()), "left"),
            (lambda: Stock(left=one.plain.get()), "left"),
            (lambda: two.name.set(one.text.get()), "name"),
            (lambda: two.tags.sadd(one.plain.get()), "tags"),
            (lambda: two.update(tags=[one.left.get(), two.left.get(), one.tags.scard()]), "tags"),
            (lambda: Stock(left=1, tags=[one.plain.get()]), "tags"),
        ):
            with pytest.raises(ConstraintError, match=f"Stock.{broken}"), database.transaction():
                write()
        with pytest.raises(InvalidValue, match="only Python can check"), database.transaction():
            two.even.hset(one.left.get())
        assert state(client) == before
        with database.transaction():
            three = Stock(left=one.left.get(), tags=[one.left.get()])
            two.left.hset(one.left.get())
        assert (three.left.get(), three.tags.smembers(), two.left.get()) == (5, {5}, 5)

    async def test_versions_and_defaults_of_new_objects(self, any_face):
        class Doc(any_face.Model):
            database = any_face.database
            version = VersionField()
            size = InstanceHashField(type=int, default=9, indexes=[NumberRangeIndex])
            kind = InstanceHashField(default="text", indexable=True)

        do = any_face.do
        doc = await do(Doc.create(size=4))
        async with block(any_face, any_face.database.transaction()):
            Doc.create(size=doc.size.get())
            doc.update(kind="x", size=doc.size.get())
        assert await do(Doc.collection().sort(by="pk").values_list("version", "size", "kind")[:]) == [
            (2, 4, "x"),
            (1, 4, "text"),
        ]
        assert await do(Doc.collection(size__gt=3, kind="text").all()) == ["2"]


async def test_operands_of_updates_and_values_of_their_conditions(any_face):
    class Post(any_face.Model):
        database = any_face.database
        votes = InstanceHashField(type=int, le=100, indexable=True)
        limit = InstanceHashField(type=int)
        price = InstanceHashField(type=Decimal)
        title = InstanceHashField(type=str)
        day = InstanceHashField(type=date)
        tags = SetField()

    do, database = any_face.do, any_face.database
    post = await do(Post.create(votes=3, limit=5, price=Decimal("1.5"), title="a", day=date(2024, 2, 28)))
    with any_face.sent() as sent:
        async with block(any_face, database.transaction()):
            limit, added, title, day = post.limit.get(), post.tags.sadd("x"), post.title.get(), post.day.get()
            made = Post.create(limit=1)
            pk = "2" if any_face.is_async else made.pk.get()  # there a Pending of the object
            post.update(
                votes=limit + Post.votes - -added,
                price=Post.price * limit,
                title=title + Post.title + pk,
                if_=(Post.votes < limit) & (Post.limit == limit) & (Post.day - day == timedelta()),
            )
    assert sent.names.count("EVALSHA") == 1
    assert await do(post.values("votes", "price", "title")) == {"votes": 9, "price": Decimal("7.5"), "title": "aa2"}
    await do(post.limit.hset(92))
    any_face.client.hset("{post}:hash:2", "price", "x")
    before = state(any_face.client)
    other = Post.lazy_connect(2)
    for error, read, update, message in (
        (ConstraintError, post.limit.get, lambda p: post.update(votes=Post.votes + p), "cannot be 101"),
        (ConditionFailed, post.limit.get, lambda p: post.update(votes=1, if_=Post.votes >= p), "condition"),
        (ConditionFailed, post.limit.get, lambda p: post.update(votes=1, if_=Post.votes + 1 >= p), "condition"),
        (InvalidValue, post.title.get, lambda p: post.update(votes=Post.votes + p), "an int and a str"),
        (InvalidValue, post.tags.smembers, lambda p: post.update(votes=Post.votes + p), "result of smembers"),
        (InvalidValue, other.price.get, lambda p: post.update(price=Post.price + p), "result that is no Decimal"),
        (InvalidValue, post.limit.get, lambda p: Post.collection().update(votes=Post.votes + p), "operands of update"),
    ):
        with pytest.raises(error, match=message):
            async with block(any_face, database.transaction()):
                await any_face.do(update(read()))
    assert state(any_face.client) == before


FLOATS = [0.0, -0.0, 1.5, 1e16, 123456789012345680.0, 1e-5, 0.0001, -2.5e-7, 5e-324, 1.7976931348623157e308, 2.0**-44]
VALUES = {
    None: ["", "text", "7", "-3", "é", "\udcff", "1.50"],
    str: ["", "text", "7", "é"],
    bytes: [b"", b"\xff\x00", b"7"],
    int: [0, -5, 2**53 + 1, -(2**63), 2**63 - 1],
    float: [*FLOATS, *(random.Random(5).uniform(-1, 1) * 10.0**power for power in range(-30, 30, 3)), 2.0**70],
    bool: [True, False],
    Decimal: [Decimal("1.50"), Decimal("-0"), Decimal(100), Decimal("1E+3"), Decimal("0.000001")],
    UUID: [UUID(int=7)],
    date: [date(2024, 2, 29)],
    datetime: [datetime(2024, 2, 29, 12, tzinfo=UTC)],
    timedelta: [timedelta(seconds=3)],
    Color: [Color.RED],
}


class TestConversions:
    @pytest.fixture
    def model(self, database):
        fields = {}
        for number, kind in enumerate(VALUES):
            options = {} if kind is None else {"type": kind}
            fields[f"one{number}"] = InstanceHashField(**options)
            fields[f"many{number}"] = SetField(**options)
        return type("Typed", (RedisModel,), {"database": database, **fields})

    @staticmethod
    def stored(client, thing, name):
        key = thing.get_field(name).key
        return client.hget(key, name) if name.startswith("one") else client.smembers(key)

    def test_each_type_into_each(self, model, client):
        """The text is that which the other field stores of the value; what that refuses is refused."""
        accepted = 0
        for number, (kind, values) in enumerate(VALUES.items()):
            for value in values:
                one, two = (model(**{f"one{number}": value}) for _ in range(2))
                given = one.get_field(f"one{number}").get()
                for target, target_kind in enumerate(VALUES):
                    for name, method in ((f"one{target}", "hset"), (f"many{target}", "sadd")):
                        counted = int(given) if kind is bool and target_kind is not bool else given
                        try:
                            getattr(one.get_field(name), method)(counted)
                            expected = self.stored(client, one, name)
                        except InvalidValue:
                            expected = None
                        try:
                            with model.database.transaction():
                                getattr(two.get_field(name), method)(two.get_field(f"one{number}").get())
                            found = self.stored(client, two, name)
                        except InvalidValue:
                            found = None
                        assert found == expected, (kind, value, target_kind, name)
                        accepted += found is not None
        assert accepted > 250

    async def test_results_of_commands(self, any_face, link_model):
        do = any_face.do
        link = await do(link_model.create(title="ab", votes=2, board={"a": 1.5, "b": 2.0}, voters=["x", "y"]))
        sources = {
            "hset": lambda: link.slug.hset("new"),
            "hset again": lambda: link.slug.hset("new"),
            "set": lambda: link.title.set("cd"),
            "exists": link.score.exists,
            "scard": link.voters.scard,
            "zrank": lambda: link.board.zrank("b"),
            "zscore": lambda: link.board.zscore("a"),
            "zincrby": lambda: link.board.zincrby(1.25, "a"),
            "append": lambda: link.title.append("e"),
            "spop": link.voters.spop,
            "count": link_model.collection(votes=2).count,
            "version": lambda: link.votes.hincrby(3),
            "large": lambda: link.total.incrby(2**62),
        }
        async with block(any_face, any_face.database.transaction()):
            results = {name: source() for name, source in sources.items()}
            link.queue.rpush(*results.values())
            link.counts.hincrby("negative", -results["scard"])
        values = [result.value for result in results.values()]
        shown = [str(int(value)) if isinstance(value, bool) else str(value) for value in values]
        assert await do(link.queue.lrange(0, -1)) == shown
        assert await do(link.counts.hget("negative")) == -2


class TestRefused:
    @pytest.mark.parametrize(
        ("use", "error", "message"),
        [
            (lambda link: link.votes.hset(link.title.get()), InvalidValue, "get of Link.title, which is str"),
            (lambda link: link.votes.hset(link.score.get()), InvalidValue, "declare both with the same type"),
            (lambda link: link.day.hset(link.votes.get()), InvalidValue, "which is int"),
            (lambda link: link.total.incrby(link.score.hget()), InvalidValue, "INCRBY's amount cannot be .*float"),
            (lambda link: link.queue.rpush(link.queue.lrange(0, -1)), InvalidValue, "one value of a field"),
            (lambda link: link.queue.rpush(link.voters.smembers()), InvalidValue, "read anything else before"),
            (lambda link: link.queue.rpush(-link.title.get()), InvalidValue, "which is str"),
            (lambda link: link.queue.lpop(link.votes.get()), InvalidValue, "LPOP's count cannot be .*nothing else"),
            (lambda link: link.queue.lindex(link.votes.get()), InvalidValue, "LINDEX's index cannot be"),
            (lambda link: link.counts.hset(link.title.get(), 1), InvalidValue, "not <Pending"),
            (lambda link: type(link).collection(votes=link.votes.get()).count(), InvalidValue, "nothing else"),
            (lambda link: type(link).get_or_create(votes=link.votes.get()), InvalidValue, "nothing else"),
            (lambda link: type(link).get(link.title.get()), InvalidPrimaryKey, "not <Pending"),
            (lambda link: bool(link.votes.get()), NotInPipeline, "votes.hincrby"),
        ],
    )
    def test_when_it_is_given(self, database, sync_model, client, use, error, message):
        link = sync_model(title="a", votes=1, score=1.5)
        scripts = client.info("commandstats")["cmdstat_evalsha"]
        with pytest.raises(error, match=message), database.transaction():
            use(link)
        assert client.info("commandstats")["cmdstat_evalsha"] == scripts

    @pytest.mark.parametrize(
        ("use", "error", "message"),
        [
            (
                lambda link: link.votes.hincrby(link.total.get()),
                InvalidValue,
                "operation 1, get of .* is None",
            ),
            (
                lambda link: link.voters.sadd(link.queue.lpop()),
                InvalidValue,
                "sadd of Link.voters takes .*None",
            ),
            (
                lambda link: link.board.zadd({"x": link.score.get()}),
                InvalidValue,
                "zadd of Link.board takes .*None",
            ),
            (
                lambda link: type(link)(title="x", slug=link.slug.get()),
                InvalidValue,
                "create of Link takes .*None",
            ),
            (lambda link: link.votes.hincrby(link.title.get()), ServerError, "not an integer"),
        ],
    )
    def test_when_it_is_known(self, database, sync_model, client, use, error, message):
        link = sync_model(title="a", votes=1)
        before = state(client)
        with pytest.raises(error, match=message) as caught, database.transaction():
            use(link)
        assert "operation 2 of 2" in caught.value.__notes__[0]
        assert state(client) == before

    async def test_calls_that_mistake_them_for_values(self, any_face, link_model):
        link = await any_face.do(link_model.create(title="a", votes=0))
        async with block(any_face, any_face.database.transaction()) as transaction:
            added = transaction.add(link.voters.sadd, "ada")
            for compute in (lambda: added + 1, lambda: 2 * added, lambda: added / 2):
                with pytest.raises(TypeError, match="is not known yet, so Python cannot compute with it"):
                    compute()
            with pytest.raises(NotInPipeline, match="this is the result of one"):
                transaction.add(added)
            with pytest.raises(InvalidPrimaryKey, match="call the method of the instance"):
                link_model.update(link.pk.get(), votes=3)
            link.update(votes=added + link_model.votes)
        assert await any_face.do(link.votes.hget()) == 1

    async def test_elsewhere_than_in_its_transaction(self, any_face, link_model):
        do, database = any_face.do, any_face.database
        link = await do(link_model.create(votes=1))
        async with block(any_face, database.pipeline()):
            votes = link.votes.hincrby(1)
            with pytest.raises(NotInPipeline, match="in a pipeline, whose operations are separate"):
                link.total.set(votes)
        assert await do(link.total.set(votes)) is True  # its value is known now
        assert await do(link.total.get()) == 2
        async with block(any_face, database.transaction()) as outer:
            earlier = link.votes.get()
            async with block(any_face, database.transaction()):
                with pytest.raises(NotInPipeline, match="not an earlier operation of this transaction"):
                    link.total.set(earlier)
                link.votes.get()
            await do(outer.execute())
            link.total.set(earlier)
            later = link.votes.get()
            await do(outer.reset())
            with pytest.raises(NotExecuted):
                link.total.set(later)
        other = any_face.Database(port=any_face.server.port)
        async with block(any_face, other.transaction()):
            pending = link.votes.get()  # of a model of another database, so it is done at once
            assert await do(pending) == 2
        await do(other.close())


class TestConcurrently:
    COUNT = 200

    def test_votes_of_threads(self, database, sync_model, client):
        link, failures = sync_model(votes=0), []

        def vote(first):
            try:
                for user in range(first, self.COUNT, 10):
                    for _ in range(2):  # the second one does not count
                        with database.transaction():
                            link.votes.hincrby(link.voters.sadd(user))
            except LimpydError as error:
                failures.append(error)

        client.config_resetstat()
        threads = [threading.Thread(target=vote, args=(first,)) for first in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = client.info("commandstats")
        assert failures == []
        assert link.votes.get() == self.COUNT
        sent = stats["cmdstat_evalsha"]["calls"] + stats.get("cmdstat_eval", {"calls": 0})["calls"]
        assert 2 * self.COUNT <= sent <= 2 * self.COUNT + 20  # at first, each thread may bring the source
        assert "cmdstat_watch" not in stats

    async def test_votes_of_tasks(self, one_server, client):
        database = AsyncRedisDatabase(port=one_server.port)

        class Face:
            Model = AsyncRedisModel

        Face.database = database
        link = await declare(Face).create(votes=0)
        await self._vote(link, 0)
        client.config_resetstat()
        await asyncio.gather(*(self._vote(link, user % self.COUNT) for user in range(2 * self.COUNT)))
        assert await link.votes.get() == self.COUNT
        stats = client.info("commandstats")
        assert stats["cmdstat_evalsha"]["calls"] == 2 * self.COUNT
        assert "cmdstat_watch" not in stats
        await database.close()

    @staticmethod
    async def _vote(link, user):
        async with link.database.transaction():
            added = link.voters.sadd(user)
            link.votes.hincrby(added)

    def test_a_chain_takes_time_by_its_length(self, database, sync_model, client):
        link = sync_model(votes=1)

        def spent():
            return time.process_time() + client.info("cpu")["used_cpu_user"]

        def chain(length):
            best = 1e9
            for _ in range(5):
                link.counts.hset("n", 0)
                start = spent()
                with database.transaction():
                    result = link.voters.scard()
                    for _ in range(length):
                        result = link.counts.hincrby("n", result)
                best = min(best, spent() - start)
            return best

        assert chain(1000) < 100 * 4 * chain(10)


class Item(RedisModel):
    """An object of the random transactions."""

    abstract = True
    id = PKField()
    number = InstanceHashField(type=int, indexable=True)
    code = StringField(type=int, unique=True)
    seen = SetField(type=int, indexable=True)
    log = ListField(type=int)


class TestRandomly:
    def test_against_plain_python(self, database, client):
        """Random transactions, in which values and amounts are often results; some of them are refused."""
        chance = random.Random(11)
        model = type("Random", (Item,), {"database": database, "abstract": False})
        items = [model(id=str(number), number=number) for number in range(4)]
        plain = [{"number": number, "code": None, "seen": set(), "log": []} for number in range(4)]
        refused = 0
        for _ in range(400):
            new = [{**one, "seen": set(one["seen"]), "log": list(one["log"])} for one in plain]
            known, ok = [], True
            try:
                with database.transaction():
                    for _ in range(chance.randint(1, 6)):
                        given = chance.choice(known) if known and chance.random() < 0.7 else (2, 2)
                        ok = self._one(chance, items, new, *given, known)
                        if not ok:
                            break
            except (UniquenessError, InvalidValue, ServerError):
                assert not ok
                refused += 1
            else:
                assert ok
                plain = new
                assert [pending.value for pending, _ in known] == [value for _, value in known]
        assert 20 < refused < 200
        for item, one in zip(items, plain, strict=True):
            stored = {"number": item.number.get(), "code": item.code.get(), "seen": item.seen.smembers()}
            assert {**stored, "log": item.log.lrange(0, -1)} == one
        assert inconsistencies(client, model) == []

    @staticmethod
    def _one(chance, items, plain, given, value, known):
        """Collects an operation, and does the same in plain Python; returns whether it will be done."""
        number = chance.randrange(len(items))
        item, one = items[number], plain[number]
        kind = chance.choice(["add", "subtract", "member", "push", "code", "copy", "count"])
        if kind == "copy":
            known.append((item.code.get(), one["code"]))
        elif kind == "count":
            known.append((item.seen.scard(), len(one["seen"])))
        elif kind == "code":
            item.code.set(given)
            taken = any(other["code"] == value for other in plain if other is not one)
            one["code"] = value
            return value is not None and not taken
        else:
            commands = {"add": item.number.hincrby, "subtract": item.number.hincrby, "member": item.seen.sadd}
            pending = commands.get(kind, item.log.rpush)(-given if kind == "subtract" else given)
            if value is None:
                return False
            if kind == "member":
                known.append((pending, int(value not in one["seen"])))
                one["seen"].add(value)
            elif kind == "push":
                one["log"].append(value)
                known.append((pending, len(one["log"])))
            else:
                one["number"] += value if kind == "add" else -value
                known.append((pending, one["number"]))
        return True


def test_a_transaction_without_results_is_sent_as_ever(database, sync_model):
    """For each request its script, a count of keys, and a count of arguments, and those."""
    link = sync_model(votes=1)
    with database.transaction() as transaction:
        link.voters.sadd("x")
        link.votes.hget()
        pendings = list(transaction._pendings)
        sent = one_request(pendings).args
    expected = []
    for request in (pending.request for pending in pendings):
        keys = int(request.args[2]) if request.script else 1
        rest = request.args[3 + keys :] if request.script else request.args
        expected += [request.script.name if request.script else "", keys, len(rest), *rest]
    assert list(sent[3 + int(sent[2]) :]) == expected
