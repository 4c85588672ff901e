"""Whatever may be in a transaction is taken back when that is refused, or when it is run a second time."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, StreamField, StringField
from limpyd.commands.table import TABLE, Scope
from limpyd.exceptions import LimpydError, NotInPipeline, ServerError, ServerTooOld, UniquenessError
from tests.support.expected_indexes import inconsistencies, state
from tests.support.face import Sent
from tests.support.servers import FEW
from tests.support.snapshots import Snapshot
from tests.support.transaction_cases import CASES, REFUSED, SOUND, Of, action, case, declared, fill, method_of

WAITING = [
    case("queue.blpop", 1),
    case("queue.brpop", 1),
    case("queue.blmpop", 1, "LEFT"),
    case("queue.blmove", Of("absent_queue", 1), 1),
    case("board.bzpopmin", 1),
    case("board.bzpopmax", 1),
    case("board.bzmpop", 1, min=True),
    case("log.xreadgroup", "g", "one", block=1),
]
ASKED = "\N{LATIN SMALL LETTER E WITH ACUTE}"
"""Text that Python is asked about, since the server does not know its small letters."""
TIMES = 60_000
"""How many milliseconds a moment may differ that is counted from now."""


@pytest.fixture
def model(server):
    database = RedisDatabase(port=server.port)
    yield declared(database)
    database.close()


@pytest.fixture
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def cases(model, client):
    """What the server knows; its database is filled."""
    knows = client.execute_command("COMMAND INFO", "HPEXPIRE", "HGETEX")
    there = all(knows.values()) if isinstance(knows, dict) else all(knows)
    fill(model, field_expiry=there)
    return CASES if there else SOUND


def test_each_command_has_a_case(one_server):
    """A new command that changes something is refused in transactions, or has a case."""
    database = RedisDatabase(port=one_server.port)
    model = declared(database)
    tried = {method_of(each, model).facts.name for each in [*CASES, *WAITING]}
    changing = {name for name, facts in TABLE.items() if facts.scope is not Scope.READ}
    assert changing - tried == set()
    with database.transaction():
        for each in WAITING:
            with pytest.raises(NotInPipeline):
                action(each, model)()
    database.close()


@pytest.mark.parametrize("times", [1, 2])
def test_refused(model, client, cases, times):
    """Each command in a transaction that is refused after it: all is as before, expiries and groups included."""
    before = state(client)
    for each in [*cases, *REFUSED]:
        with pytest.raises(LimpydError), model.database.transaction():
            for _ in range(times):
                action(each, model)()
            model.lazy_connect(1).unique.hset("2")
        assert state(client) == before, str(each)
    assert inconsistencies(client, model) == []


class Ended(NamedTuple):
    """How a transaction ended: what the command gave, and what there is."""

    result: object
    values: dict[bytes, object]
    streams: dict[bytes, object]
    expiries: dict[bytes, object]


def ended(model, client, each, folded):
    """Does a command in a transaction that also writes a value."""
    with model.database.transaction():
        model.lazy_connect(2).folded.set(folded)
        pending = action(each, model)()
    found = {key: held for key, held in state(client).items() if b"folded" not in key}
    return Ended(
        pending.value,
        {key: value for key, (kind, value, _) in found.items() if kind != b"stream"},
        {key: stream(client, key) for key, (kind, _, _) in found.items() if kind == b"stream"},
        {key: expires for key, (_, _, expires) in found.items()},
    )


def stream(client, key):
    """What is known of a stream, but for when it was read."""
    facts = client.execute_command("XINFO STREAM", key)
    entries = client.xrange(key)
    groups = client.xinfo_groups(key)
    pending = [
        [
            (each["message_id"], each["consumer"], each["times_delivered"])
            for each in client.xpending_range(key, group["name"], "-", "+", 99)
        ]
        for group in groups
    ]
    consumers = [sorted(each["name"] for each in client.xinfo_consumers(key, group["name"])) for group in groups]
    return (
        [facts[name] for name in ("last-generated-id", "entries-added", "max-deleted-entry-id")],
        entries,
        groups,
        pending,
        consumers,
    )


def alike(one, other):
    """Whether expiries are the same, but for what passed meanwhile."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return type(one) is type(other) and abs(one - other) < TIMES and (one > 0) == (other > 0)


@pytest.mark.parametrize("server", FEW, indirect=True)
def test_run_twice(model, client, cases, server):
    """The same where Python is asked in between: results and state are as if it had been run once."""
    kept = Snapshot(client)
    model.lazy_connect(2).folded.set("e")
    before = ended(model, client, case("text.get"), "e")
    with Sent(server) as sent:
        ended(model, client, case("text.get"), ASKED)
    assert sent.names.count("EVALSHA") == 2
    too_old = set()
    for each in cases:
        kept.put_back()
        try:
            once = ended(model, client, each, "e")
        except ServerTooOld:
            too_old.add(each.method)
            continue
        assert once[1:] != before[1:], f"{each} did nothing"
        kept.put_back()
        twice = ended(model, client, each, ASKED)
        assert twice[:-1] == once[:-1], str(each)
        assert alike(twice.expiries, once.expiries), str(each)
    assert too_old <= {"delifeq", "hgetdel", "hgetex", "hsetex", "xackdel", "xdelex"}


class TestStreams:
    """A stream is kept once in a transaction, and not for what stands last."""

    def kept(self, client, transaction):
        client.config_resetstat()
        transaction()
        stats = client.info("commandstats")
        return stats.get("cmdstat_dump", {"calls": 0})["calls"]

    def test_once(self, model, client, cases):
        first = model.lazy_connect(1)

        def transaction():
            with model.database.transaction():
                first.log.xack("g", "1-1")
                first.log.xadd({"a": "b"}, "9-1")
                first.log.xdel("3-1")
                first.text.set("x")

        assert self.kept(client, transaction) == 1

    def test_the_last_one(self, model, client, cases):
        first = model.lazy_connect(1)

        def transaction():
            with model.database.transaction():
                first.text.set("x")
                first.log.xack("g", "1-1")

        assert self.kept(client, transaction) == 0
        assert self.kept(client, lambda: first.log.xack("g", "3-1")) == 0

    def test_the_last_one_where_python_is_asked(self, model, client, cases):
        first = model.lazy_connect(1)
        with model.database.transaction():
            first.folded.set(ASKED)
            added = first.log.xadd({"a": "b"})
        assert first.log.xlen() == 5
        assert first.log.xrevrange(count=1)[0].id == added.value


def test_whole_objects(model, client, cases):
    """Objects that are deleted, made anew, updated: with all that expires, and streams that are changed in between."""
    third = model.lazy_connect(3)

    def anew():
        third.log.xack("g", "1-1")
        third.text.persist()
        third.delete()
        model.create(unique="3", found_text="x")

    def changed():
        third.log.expire(5)
        third.log.xadd({"a": "b"}, "9-1")
        third.log.delete()
        third.log.xadd({"a": "b"}, "1-1")
        third.log.xgroup_create("h", 0)
        third.log.persist()

    acts = [
        anew,
        changed,
        third.delete,
        lambda: third.update(text="x", entry="x", tags=["x"], queue=["x"], board={"x": 1}, props={"x": "y"}),
        lambda: third.update(text=None, entry=None, tags=None, queue=None, board=None, props=None, log=None),
        lambda: third.hmset(entry="x", count=9),
        lambda: third.hdel("entry", "count"),
        lambda: model.get_or_create(unique="9", defaults={"tags": ["x"]}),
    ]
    before = state(client)
    for act in acts:
        with pytest.raises(UniquenessError), model.database.transaction():
            act()
            model.lazy_connect(1).unique.hset("2")
        assert state(client) == before
        with pytest.raises(UniquenessError), model.database.transaction():
            act()
            model.lazy_connect(1).folded.set(ASKED)
            model.lazy_connect(1).unique.hset("2")
        assert state(client) == before


def test_an_object_that_is_made_anew(model, client, cases):
    class Keyed(RedisModel):
        database = model.database
        id = PKField()
        text = StringField()
        only = InstanceHashField(unique=True)
        log = StreamField()

    old, other = Keyed(id="a", text="x", only="a"), Keyed(id="b", only="b")
    old.log.xadd({"a": "b"}, "1-1")
    old.log.expire(1000)
    before = state(client)
    with pytest.raises(UniquenessError), model.database.transaction():
        old.log.xadd({"a": "b"}, "2-1")
        old.delete()
        Keyed.create(id="a", text="y")
        new = Keyed.lazy_connect("a")
        new.log.xadd({"a": "b"}, "1-1")
        new.log.expire(5)
        new.delete()
        Keyed.create(id="a", text="z", only="z")
        other.only.hset("z")
    assert state(client) == before


def test_an_account_without_restore(server, model, client, cases):
    """What could not be put back is refused before it is done."""
    client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "+@all", "-restore")
    limited = declared(RedisDatabase(port=server.port, username="limited", password="secret"))
    first = limited.lazy_connect(1)
    before = state(client)
    for act in (lambda: first.log.xdel("1-1"), lambda: first.log.expire(0), first.delete):
        with (
            pytest.raises(
                ServerError,
                match=r"(restore.*|can't run this command or subcommand); nothing was changed\. The account",
            ),
            limited.database.transaction(),
        ):
            act()
            first.unique.hset("2")
        assert state(client) == before
    limited.database.close()
    client.acl_deluser("limited")


def test_an_expiry_that_lua_cannot_count(model, client, cases):
    first = model.lazy_connect(1)
    for field in (first.text, first.queue, first.log):
        field.pexpireat(2**60)
        before = state(client)
        for act in (lambda field=field: field.expire(5), field.persist, field.delete, first.delete):
            with pytest.raises(ServerError, match=r"year 287396.* nothing was changed"), model.database.transaction():
                act()
                first.text.get()
            assert state(client) == before
        field.persist()


def test_an_expiry_that_others_gave_an_indexed_value(model, client, cases):
    """It is put back, though indexed fields cannot have one."""
    first = model.lazy_connect(1)
    fields = (first.found_text, first.found_queue, first.found_tags, first.found_board, first.found_props)
    for field in fields:
        client.pexpireat(field.key, 4_000_000_000_000)
    before = state(client)
    acts = [lambda: first.found_text.set("x"), first.found_queue.lpop, lambda: first.found_tags.spop_many(9)]
    acts += [lambda: first.found_board.zpopmin(9), lambda: first.found_props.hdel("a", "b")]
    acts += [field.persist for field in fields]
    acts.append(lambda: model.update(1, found_text="x", found_tags=["y"], found_queue=None))
    for act in acts:
        with pytest.raises(UniquenessError), model.database.transaction():
            act()
            first.unique.hset("2")
        assert state(client) == before


def test_counting_in_a_transaction_that_only_reads(model, client, cases):
    """PFCOUNT is a write to the server, since it notes what it counted."""
    first, second, new = model.lazy_connect(1), model.lazy_connect(2), model()
    with model.database.transaction():
        counts = [first.visitors.pfcount(), first.visitors.pfcount(second.visitors), new.visitors.pfcount()]
        counts.append(new.visitors.pfcount(first.visitors))
    assert [count.value for count in counts] == [2, 3, 0, 2]
