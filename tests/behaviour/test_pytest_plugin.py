"""The plugin of pytest, in sample projects run as their users would."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from limpyd import InstanceHashField, ListField, RedisDatabase
from limpyd.asyncio import AsyncRedisDatabase
from limpyd.exceptions import DeclarationError, NotInPipeline, UniquenessError
from limpyd.testing import assert_requests, using
from tests.support.blocks import block

APPLICATION = """
from limpyd import InstanceHashField, RedisDatabase, RedisModel

database = RedisDatabase(host="nowhere.invalid")

class Person(RedisModel):
    database = database
    name = InstanceHashField(indexable=True)
"""
TESTS = """
import pytest
from application import Person, database

@pytest.fixture(autouse=True)
def here(limpyd_use):
    limpyd_use(database)

@pytest.mark.parametrize("number", range(3))
def test_alone(number, limpyd_database):
    assert Person(name="Ada").pk.get() == "1"
    assert limpyd_database.connection.dbsize() > 0
    assert Person.database is limpyd_database

def test_counted(assert_requests):
    with assert_requests(2):
        Person(name="Ada")
        Person.collection(name="Ada").count()
    with pytest.raises(AssertionError, match=r"(?s)1 requests were expected, 2 were sent:.*create \\(Person\\)"):
        with assert_requests(1):
            Person(name="Ada")
            Person(name="Bob")
"""
ASYNC_TESTS = """
import asyncio
import pytest
from limpyd import InstanceHashField
from limpyd.asyncio import AsyncRedisModel

pytestmark = pytest.mark.asyncio

@pytest.mark.parametrize("number", range(2))
async def test_alone(number, limpyd_async_database, assert_requests):
    class Person(AsyncRedisModel):
        database = limpyd_async_database
        name = InstanceHashField(indexable=True)

    with assert_requests(1):
        ada = await Person.create(name="Ada")
    assert await ada.pk.get() == "1"
    with assert_requests(at_most=2):
        await asyncio.gather(ada.name.hget(), ada.name.hset("x"))
"""


def run(folder, files, *options):
    """Runs pytest in a folder with some files, with warnings as errors; gives what it said."""
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text))
    plugin = ["-p", "no:hypothesispytest"]  # which takes longer than the tests
    if not installed():
        plugin += ["-p", "pytest_limpyd"]
    if "no:asyncio" not in options:
        plugin += ["-o", "asyncio_default_fixture_loop_scope=function"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *plugin, *options],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60, env=alone,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def installed():
    """Whether pytest finds the plugin by itself, as it does wherever limpyd is installed."""
    from importlib.metadata import entry_points  # noqa: PLC0415

    return any(found.value == "pytest_limpyd" for found in entry_points(group="pytest11"))


def test_as_users_have_it(tmp_path):
    files = {"application.py": APPLICATION, "test_it.py": TESTS, "test_async.py": ASYNC_TESTS}
    code, said = run(tmp_path, files)
    assert code == 0, said
    assert "6 passed" in said


def test_without_pytest_asyncio(tmp_path):
    code, said = run(tmp_path, {"application.py": APPLICATION, "test_it.py": TESTS}, "-p", "no:asyncio")
    assert code == 0, said
    assert "4 passed" in said


def test_on_a_server_of_ones_own(tmp_path, one_server):
    files = {"application.py": APPLICATION, "test_it.py": TESTS}
    code, said = run(tmp_path, files, f"--limpyd-url=redis://localhost:{one_server.port}/7")
    assert code == 0, said
    with one_server.client() as client:
        client.select(7)
        assert client.dbsize() == 0
        client.set("precious", "x")
        code, said = run(tmp_path, files, "-o", f"limpyd_url=redis://localhost:{one_server.port}/7")
        assert code != 0
        assert "holds 1 keys" in said
        assert client.get("precious") == b"x"
        client.delete("precious")


def test_nothing_is_imported_unless_used(tmp_path):
    code, said = run(tmp_path, {"test_it.py": "import sys\ndef test(): assert 'limpyd' not in sys.modules\n"})
    assert code == 0, said


class TestCounting:
    async def test_both_faces(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            name = InstanceHashField(indexable=True)
            queue = ListField()

        do, where = any_face.do, any_face.database
        any_face.client.script_flush()
        with assert_requests(1):
            one = await do(Thing.create(name="x", queue=["a"]))
        with assert_requests(0):
            Thing.collection(name="x")
        with assert_requests(1) as requests:
            assert await any_face.all(Thing.collection(name="x")) == ["1"]
        assert len(requests.sent) == len(requests) == 1
        with assert_requests(2):  # whether the object exists, and what waits
            await do(one.queue.blpop(0.01))
        with assert_requests(1) as requests:
            await self.several(any_face, where.pipeline(), one)
        assert requests.sent == ["together: hset (Thing.name); hset (Thing.name)"]
        with assert_requests(1):
            await self.several(any_face, where.transaction(), one)
        with assert_requests(3):  # what is watched; a write within, at once; and no longer watched
            await do(where.transaction(lambda _: one.name.hset("b"), one.name))
        with pytest.raises(ZeroDivisionError), assert_requests(5):
            1 / 0  # noqa: B018
        with pytest.raises(AssertionError, match=r"at most 0 .* 1 were sent:\n  1\. HGET"), assert_requests(at_most=0):
            await do(one.name.hget())
        with assert_requests(2), assert_requests(at_most=2):
            await do(one.name.hget())
            await do(one.name.hget())
        for wrong in ({}, {"number": 1, "at_most": 2}):
            with pytest.raises(TypeError), assert_requests(**wrong):
                pass

    async def several(self, face, block, one):
        if face.is_async:
            async with block:
                one.name.hset("a")
                one.name.hset("b")
        else:
            with block:
                one.name.hset("a")
                one.name.hset("b")


def test_models_go_and_come_back(one_server):
    from limpyd import RedisModel  # noqa: PLC0415

    here, there = RedisDatabase(port=one_server.port), RedisDatabase(port=one_server.port, db=1)

    class One(RedisModel):
        database = here
        name = InstanceHashField(indexable=True)

    class Two(One):
        pass

    for given in ((One,), (here,), (One, Two)):
        with using(there, *given) as database:
            assert database is One.database is Two.database is there
            One(name="x")
        assert One.database is Two.database is here
        assert not One.exists(name="x")
    with pytest.raises(DeclarationError), using(there, One, 7):
        pass
    with pytest.raises(DeclarationError, match="using\\(\\) takes models"), using(there, One(name="y")):
        pass
    assert One.database is Two.database is here
    here.close()
    there.close()


class TestTheDatabaseItself:
    """What a program does with its own database object goes where its models are."""

    @pytest.fixture
    async def elsewhere(self, any_face):
        made = [any_face.Database(port=any_face.server.port, db=number) for number in (1, 2)]
        yield made
        for database in made:
            await any_face.do(database.close())

    @pytest.fixture
    def account(self, any_face):
        class Account(any_face.Model):
            database = any_face.database
            name = InstanceHashField(unique=True)
            money = InstanceHashField(type=int, default=100)

        return Account

    async def test_transactions_and_pipelines(self, any_face, account, elsewhere):
        own = any_face.database
        with using(elsewhere[0], own):
            one = await any_face.do(account.create(name="a"))
            await any_face.do(account.create(name="b"))
            with pytest.raises(UniquenessError):
                async with block(any_face, own.transaction()):
                    one.money.hincrby(-10)
                    one.name.hset("b")
            assert await any_face.do(one.money.hget()) == 100
            async with block(any_face, own.pipeline()):
                money = one.money.hget()
            assert money.value == 100
            assert await any_face.do(own.connection.dbsize()) == await any_face.do(elsewhere[0].connection.dbsize()) > 0
            await any_face.do(own.connect())
            assert repr(own) == repr(elsewhere[0])
        assert any_face.client.dbsize() == 0
        assert own.connection_settings["db"] == 0
        await any_face.do(account.create(name="a"))
        assert any_face.client.dbsize() > 0

    async def test_requests_are_seen_and_keys_are_scanned(self, any_face, account, elsewhere):
        own, seen, within = any_face.database, [], []
        with own.on_request(lambda event: seen.append(event.name)):
            with using(elsewhere[0], own):
                one = await any_face.do(account.create(name="a"))
                with own.on_request(lambda event: within.append(event.name)):
                    await any_face.do(one.name.hget())
                assert "{account}:hash:1" in await any_face.all(own.scan_keys())
                assert not (await any_face.do(own.check())).findings
            assert {"create", "hget"} <= set(seen)
            assert within == ["hget"]
            seen.clear()
            await any_face.do(elsewhere[0].connect())
            await any_face.do(account.exists(1))
            assert "sismember" in seen
        assert elsewhere[0]._listeners.callbacks == own._listeners.callbacks == {}

    async def test_an_application_with_a_lifespan(self, any_face, account, elsewhere):
        if not any_face.is_async:
            return
        own = any_face.database

        @asynccontextmanager
        async def lifespan(_):
            await own.connect()
            yield
            await own.close()

        async def create():
            async with own.transaction():
                await account.create(name="a")
                found = account.create(name="b")
            return {"pk": await (await found).pk.get()}

        app = FastAPI(lifespan=lifespan)
        app.post("/")(create)
        with using(elsewhere[0], own):
            async with app.router.lifespan_context(app), AsyncClient(transport=ASGITransport(app)) as client:
                assert (await client.post("http://app/")).json() == {"pk": "2"}
        assert any_face.client.dbsize() == 0

    async def test_nested_and_with_models_declared_within(self, any_face, account, elsewhere):
        own, (first, second) = any_face.database, elsewhere
        with using(first, own):
            with using(second, own):
                assert account.database is second
                await any_face.do(account.create(name="a"))

                class Late(any_face.Model):
                    database = own
                    name = InstanceHashField()

                await any_face.do(Late.create(name="x"))
            assert account.database is first
            assert await any_face.do(own.connection.dbsize()) == 0
        assert account.database is own
        assert Late.database is own
        await any_face.do(Late.create(name="x"))
        assert any_face.client.exists("{late}:pks")
        with pytest.raises(ZeroDivisionError), using(first, own):
            1 / 0  # noqa: B018
        assert account.database is own
        assert own.connection_settings["db"] == 0

    async def test_of_which_only_models_were_given(self, any_face, account, elsewhere):
        own = any_face.database
        with using(elsewhere[0], account):
            for begin in (own.transaction, own.pipeline):
                with pytest.raises(NotInPipeline, match="Account uses another database"):
                    async with block(any_face, begin()):
                        pass
            async with block(any_face, elsewhere[0].transaction()):
                account.create(name="a")
        async with block(any_face, own.transaction()):
            account.create(name="b")
        assert await any_face.do(account.collection().count()) == 1

    async def test_what_cannot_be_another(self, any_face, account):
        other = RedisDatabase() if any_face.is_async else AsyncRedisDatabase()
        with pytest.raises(DeclarationError), using(other, any_face.database):
            pass
        assert account.database is any_face.database


def test_other_threads_go_along(one_server):
    here, there = RedisDatabase(port=one_server.port), RedisDatabase(port=one_server.port, db=1)
    sizes = []
    with using(there, here):
        there.connection.set("x", 1)
        thread = threading.Thread(target=lambda: sizes.append(here.connection.dbsize()))
        thread.start()
        thread.join()
    assert sizes == [1]
    assert here.connection.dbsize() == 0
    here.close()
    there.close()
