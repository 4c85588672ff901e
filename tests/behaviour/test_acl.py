"""The smallest rules for an account, under which everything works, and nothing else."""

from __future__ import annotations

import re

import pytest

from limpyd import FKInstanceHashField, InstanceHashField, StringField
from limpyd.acl import acl_rules
from limpyd.commands.table import TABLE
from limpyd.exceptions import BulkError, DeclarationError, ServerError
from limpyd.server import Server
from tests.support.face import Face
from tests.support.full_use import Use, models
from tests.support.servers import BINARIES, NEWEST, OLDEST

pytestmark = pytest.mark.each_server

NOT_FOR_APPLICATIONS = [
    ("FLUSHALL",), ("FLUSHDB",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("DEBUG", "SLEEP", "0"), ("SHUTDOWN",),
    ("SCRIPT", "FLUSH"), ("SCRIPT", "KILL"), ("FUNCTION", "FLUSH"), ("ACL", "LIST"), ("ACL", "SETUSER", "x"),
    ("CLIENT", "LIST"), ("CLIENT", "KILL", "ID", "0"), ("MONITOR",), ("SAVE",), ("BGSAVE",), ("REPLICAOF", "NO", "ONE"),
    ("MIGRATE", "127.0.0.1", "1", "{person}:pks", "0", "1"), ("SWAPDB", "0", "1"), ("CLUSTER", "RESET"),
    ("RENAME", "{person}:pks", "{person}:x"), ("MODULE", "LIST"), ("PUBLISH", "x", "y"), ("SUBSCRIBE", "x"),
    ("RANDOMKEY",), ("SLOWLOG", "GET"), ("LATENCY", "RESET"), ("MEMORY", "PURGE"), ("COMMAND",),
]  # fmt: skip
SORT_OPTIONS = {"loose.sort_get", "bag.sort_get", "ranks.sort_get"}
"""Redis lets only those read by GET of SORT who may read every key, whatever is read."""


ALL = [*((name, "sync") for name in BINARIES), (NEWEST, "async")]
TWO = [(OLDEST, "sync"), (NEWEST, "async")]


@pytest.fixture
async def each(servers):
    """Makes a face on a server."""
    made = []

    async def on(name, kind):
        server = servers(name)
        with server.client() as client:
            client.flushall()
            client.acl_deluser("blog")
            client.acl_log_reset()
        face = Face(kind, server)
        made.append(face)
        await face.do(face.database.connect())
        return face

    yield on
    for face in made:
        await face.do(face.database.close())
        face.client.acl_deluser("blog")
        face.client.close()


def account(face, *declared, **how):
    """Makes the account; gives its rules."""
    rules = acl_rules(*declared, server=face.database.server, **how)
    face.client.execute_command("ACL", "SETUSER", "blog", "on", ">secret", *rules)
    return rules


def refused_to(face):
    """What the server refused; only whether SORT may read by patterns is asked once."""
    entries = [(entry["reason"], entry["object"]) for entry in face.client.acl_log()]
    return {tuple(each.decode() if isinstance(each, bytes) else each for each in entry) for entry in entries}


def database_of(face):
    return face.Database(port=face.server.port, username="blog", password="secret")


@pytest.mark.parametrize(("name", "kind"), [*ALL, (f"{OLDEST}-cluster", "sync")])
async def test_everything_works(each, name, kind):
    face = await each(name, kind)
    administrator = Use(face, *models(face.Model, face.database))
    await administrator.all()
    face.client.flushall()
    restricted = Use(face, *models(face.Model, database_of(face)))
    account(face, restricted.person, restricted.everything)
    await restricted.all()
    different = {step for step in administrator.outcomes if restricted.outcomes[step] != administrator.outcomes[step]}
    # On a cluster, servers before Redis 7.4 and Valkey 8.0 let nobody do it.
    assert different == {step for step in SORT_OPTIONS if administrator.outcomes[step] == "list"}
    assert different or face.server.clustered
    for step in different:
        assert "acl_rules" in restricted.refusals[step]
    assert refused_to(face) == {("key", "{limpyd}")}
    await face.do(restricted.person.database.close())


@pytest.mark.parametrize(("name", "kind"), ALL)
async def test_readers_read(each, name, kind):
    face = await each(name, kind)
    administrator = Use(face, *models(face.Model, face.database))
    await administrator.fill()
    for _ in range(2):
        await face.do(administrator.everything.create(text="1", bits=b"1", bag=["1"], ranks={"1": 1}))
    before = administrator.outcomes.copy()
    await administrator.commands(reads_of=1)
    await administrator.queries()
    reader = Use(face, *models(face.Model, database_of(face)))
    account(face, reader.person, reader.everything, readonly=True)
    await reader.commands(reads_of=1)
    await reader.queries()
    expected = {step: kind for step, kind in administrator.outcomes.items() if step not in before}
    assert {step for step in expected if reader.outcomes[step] != expected[step]} == SORT_OPTIONS
    assert refused_to(face) == {("key", "{limpyd}")}
    await face.do(reader.person.database.close())


@pytest.mark.parametrize(("name", "kind"), ALL)
async def test_readers_do_not_write(each, name, kind):
    face = await each(name, kind)
    administrator = Use(face, *models(face.Model, face.database))
    await administrator.fill()
    everything, person = models(face.Model, database_of(face))
    account(face, person, everything, readonly=True)
    await face.do(administrator.everything.create(bag=["1"]))
    one = person.lazy_connect(1)
    reader = Use(face, everything, person)
    before = {key: face.client.dump(key) for key in face.client.scan_iter()}
    for write in (
        lambda: person.create(name="x"),
        lambda: person.get_or_create(name="nobody"),
        lambda: one.name.set("x"),
        lambda: one.city.hset("x"),
        lambda: one.tags.sadd("x"),
        lambda: one.hmset(city="x"),
        lambda: one.delete(),
        lambda: everything.lazy_connect(1).bag.blpop(0.01),
        lambda: person.collection(age__gte=0).store(),
        lambda: person.collection(age__gte=0).update(city="x"),
        lambda: person.collection(age__gte=0).delete(),
        lambda: person.rebuild_indexes(),
        lambda: person.clear_indexes(),
        lambda: reader._collected(person.database.transaction(), one, one),
    ):
        error = await face.refused(ServerError, write)
        assert "acl_rules" in str(error)
    error = await face.refused(BulkError, lambda: person.bulk_create([{"name": "x"}]))
    assert "acl_rules" in str(error)
    assert {key: face.client.dump(key) for key in face.client.scan_iter()} == before
    await face.do(person.database.close())


@pytest.mark.parametrize(("name", "kind"), TWO)
async def test_checks_and_repairs(each, name, kind):
    face = await each(name, kind)
    everything, person = models(face.Model, database_of(face))
    account(face, person, everything)
    created = await face.do(person.create(name="x"))
    pk = await face.do(created.pk.get())
    face.client.set("{person}:field:nothing:99", "1")
    face.client.delete("{person}:seq")
    face.client.expire(f"{{person}}:hash:{pk}", 1000)
    report = await face.do(person.database.check())
    assert report.found.keys() >= {"unexplained", "counter"}
    assert (await face.do(person.check(repair="all"))).ok
    assert len(await face.do(person.check())) == 0
    await face.do(person.database.close())

    account(face, person, everything, readonly=True)
    assert (await face.do(person.check())).ok
    assert "acl_rules" in str(await face.refused(ServerError, lambda: person.rebuild_indexes()))
    await face.do(person.database.close())


@pytest.mark.parametrize(("name", "kind"), ALL)
async def test_nothing_else_is_allowed(each, name, kind):
    face = await each(name, kind)
    everything, person = models(face.Model, database_of(face))
    account(face, person)
    await face.do(
        face.database._run(everything._schema.maintenance.at(everything._schema.keys.first).asking(may_write=False))
    )
    plain = person.database.connection
    for command in NOT_FOR_APPLICATIONS:
        error = await face.refused(Exception, lambda command=command: plain.execute_command(*command))
        assert re.search("(?i)no permissions|not allowed|unknown", str(error)), command
    for key in ("{everything}:pks", "{persons}:pks", "{person}x", "person", "x{person}:pks"):
        await face.refused(Exception, lambda key=key: plain.get(key), match="(?i)no permissions")
    await face.do(person.create(name="x"))
    error = await face.refused(ServerError, lambda: everything.create(text="x"))
    assert "acl_rules" in str(error)
    await face.do(person.database.close())


@pytest.mark.parametrize(("name", "kind"), TWO)
async def test_odd_names(each, name, kind):
    """A pattern is the model's name and nothing else, whatever that holds."""
    face = await each(name, kind)
    where = database_of(face)
    odd = ["a*", "a?", "[a-z]", "a\\", "a b\t", "é🐍", "^!-"]
    made = [
        type("Odd", (face.Model,), {"database": where, "model_name": odd_one, "a": StringField()}) for odd_one in odd
    ]
    account(face, *made)
    for model in made:
        await face.do(model.create(a="x"))
        assert await face.do(model.collection().count()) == 1
    plain = where.connection
    for key in ("{aa}:pks", "{ab}:pks", "{b}:pks", "{a}:pks"):
        await face.refused(Exception, lambda key=key: plain.scard(key), match="(?i)no permissions")
    await face.do(where.close())


async def test_related_models_are_allowed_as_well(each):
    face = await each(NEWEST, "sync")
    where = database_of(face)

    class Author(face.Model):
        database = where
        name = StringField()

    class Article(face.Model):
        database = where
        author = FKInstanceHashField(Author, on_delete="cascade")

    class Comment(face.Model):
        database = where
        article = FKInstanceHashField(Article, on_delete="cascade")

    class Alone(face.Model):
        database = where
        name = StringField()

    for model in (Author, Article, Comment):
        rules = account(face, model)
        assert [rule for rule in rules if rule[0] == "~"] == ["~{article}:*", "~{author}:*", "~{comment}:*"]
    author = await face.do(Author.create(name="x"))
    article = await face.do(Article.create(author=author))
    await face.do(Comment.create(article=article))
    await face.do(author.delete())
    assert await face.do(Comment.collection().count()) == 0
    await face.refused(ServerError, lambda: Alone.create(name="x"), match="acl_rules")
    await face.do(where.close())


@pytest.mark.server(OLDEST)
async def test_without_the_facts_of_the_server(each):
    """An account that may not ask for INFO is served as well."""
    face = await each(OLDEST, "async")
    everything, person = models(face.Model, database_of(face))
    rules = account(face, person, everything)
    face.client.execute_command("ACL", "SETUSER", "blog", "-info")
    await face.do(person.create(name="x"))
    await face.do(person.rebuild_indexes())
    assert person.database.server is None
    with pytest.raises(DeclarationError, match=r"connect\(\).*server="):
        acl_rules(person)
    product, number = OLDEST.split("-")
    assert acl_rules(person, everything, server=Server(product, (*map(int, number.split(".")), 0))) == rules
    await face.do(person.database.close())


def test_mistakes(one_server):
    from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415

    class Here(RedisModel):
        database = RedisDatabase(port=one_server.port)
        name = InstanceHashField()

    class There(RedisModel):
        database = RedisDatabase(port=one_server.port)

    with pytest.raises(DeclarationError, match="one database"):
        acl_rules()
    with pytest.raises(DeclarationError, match="2"):
        acl_rules(Here, There)
    for wrong in (RedisModel, Here.name, "Here", None, Here.database):
        with pytest.raises(DeclarationError):
            acl_rules(wrong)
    Here.database.connect()
    assert "+hget" in acl_rules(Here)
    for database in (Here.database, There.database):
        database.close()


def test_every_command_is_one_that_is_sent():
    """Each is a command of a field, or stands in a script or in what drivers and pipelines send."""
    from pathlib import Path  # noqa: PLC0415

    from limpyd import acl  # noqa: PLC0415

    source = Path(acl.__file__).parent
    lua = "\n".join(path.read_text() for path in source.rglob("*.lua"))
    for name in acl.WRITTEN_BY_SCRIPTS:
        assert f"'{name}'" in lua
        assert name not in TABLE
    python = "\n".join(path.read_text() for path in source.rglob("*.py") if path.name != "acl.py")
    for name in acl.READING - acl.CONNECTING:
        first = name.split()[0]
        assert f'"{first}"' in python or f"'{first}'" in lua, name
