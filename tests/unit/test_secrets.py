"""No error, repr, traceback or error behind an error quotes a password, wherever it was given."""

from __future__ import annotations

import asyncio
import re
import traceback

import pytest
import redis
import redis.asyncio.retry
from redis.backoff import NoBackoff

from limpyd import RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError, LimpydError, ServerUnreachable

SECRET = "s3cret"
FACES = pytest.mark.parametrize("database", [RedisDatabase, AsyncRedisDatabase])

URLS = [
    f"redis://app:{SECRET}/x@127.0.0.1:6379/0",
    f"redis://:{SECRET}#x@127.0.0.1:6379/0",
    f"redis://:{SECRET}?x@127.0.0.1:6379/0",
    f"redis://:p?{SECRET}=x@127.0.0.1:6379/0",
    f"redis://:p?x={SECRET}@127.0.0.1:6379/0",
    f"redis://:[{SECRET}]@127.0.0.1/0",
    f"redis://:{SECRET}]@127.0.0.1/0",
    f"redis://:{SECRET}@[::1/0",
    f"redis://:{SECRET}@127.0.0.1:99999999/0",
    f"redis://:{SECRET}@127.0.0.1:x/0",
    f"redis://127.0.0.1:{SECRET}",
    f"redis://:p@127.0.0.1/0?db={SECRET}",
    f"redis://:p@127.0.0.1/0?socket_timeout={SECRET}",
    f"redis://:p@127.0.0.1/0?{SECRET}=1",
    f"redis://:p@\u2100{SECRET}/0",
    f"{SECRET}://127.0.0.1",
    f"{SECRET}@127.0.0.1:6379",
    f"red {SECRET}://127.0.0.1",
    f"http://:{SECRET}@127.0.0.1",
]


def told(error):
    """All that an error shows: itself, what is behind it, and the lines of its traceback but for those of the test."""
    lines, seen = [], error
    while seen is not None:
        lines += [str(seen), repr(seen), *getattr(seen, "__notes__", []), repr(seen.args)]
        seen = seen.__cause__ or seen.__context__
    frames = [line for line in traceback.format_exception(error) if __file__ not in line]
    return "\n".join([*lines, *frames])


def once(database):
    """Has a client of redis-py try once, and not for seconds."""
    own = redis if database is RedisDatabase else redis.asyncio
    return own.retry.Retry(NoBackoff(), 0)


def refused(call, kind=DeclarationError):
    with pytest.raises(kind) as caught:
        call()
    assert SECRET not in told(caught.value)
    return str(caught.value)


@FACES
@pytest.mark.parametrize("url", URLS)
def test_urls(database, url):
    refused(lambda: database.from_url(url))


@FACES
def test_what_is_said_of_urls(database):
    port = refused(lambda: database.from_url(f"redis://app:{SECRET}/x@127.0.0.1:6379/0"))
    assert "its port is not a number" in port
    written = dict(zip(["/", "#", "?", "@", "%", "[", "]"], re.findall("%[0-9A-F]{2}", port), strict=True))
    advised = "".join(written.get(each, each) for each in f"{SECRET}/#?@%[]")
    assert database.from_url(f"redis://app:{advised}@h").connection_settings["password"] == f"{SECRET}/#?@%[]"
    assert "the value of db" in refused(lambda: database.from_url(f"redis://h/0?db={SECRET}"))
    assert "did you mean 'socket_timeout'?" in refused(lambda: database.from_url("redis://h/0?socket_timeuot=1"))
    assert "not a bytes" in refused(lambda: database.from_url(SECRET.encode()))


@FACES
def test_what_is_given_as_something_else(database):
    url = f"redis://:{SECRET}@127.0.0.1:6379/0"
    model = RedisModel if database is RedisDatabase else AsyncRedisModel
    for call in (
        lambda: database(url),
        lambda: database(host=url),
        lambda: database(host=f"app:{SECRET}@127.0.0.1"),
        lambda: database(unix_socket_path=f"unix://:{SECRET}@/x"),
        lambda: database(sentinels=[url], service_name="x"),
        lambda: database(sentinels=[(url, 26379)], service_name="x"),
        lambda: database(sentinels=[("h", 1)], service_name="x", host=f"h{SECRET}"),
        lambda: database(connection_pool=url),
        lambda: database(client=redis.Redis(), password=SECRET),
        lambda: database(passwrod=SECRET),
        lambda: type("Thing", (model,), {"database": url}),
        lambda: type("Thing", (model,), {"database": redis.Redis.from_url(url)}),
        lambda: type("Thing", (model,), {"database": database(password=SECRET), "name": StringField}),
        lambda: type("Thing", (model,), {"abstract": True}).use_database(url),
    ):
        refused(call)


class Provider(redis.CredentialProvider):
    """Its repr shows what it gives."""

    def get_credentials(self):
        return "app", SECRET

    def __repr__(self):
        return f"<Provider of {SECRET}>"


SETTINGS = [
    {"password": SECRET},
    {"username": "app", "password": SECRET},
    {"password": SECRET, "ssl": True, "ssl_password": SECRET},
    {"credential_provider": Provider()},
]


def reach(database):
    if isinstance(database, RedisDatabase):
        database.connect()
    else:
        asyncio.run(database.connect())


@FACES
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: "-".join(settings))
class TestSettings:
    def test_of_a_server_that_is_not_there(self, database, settings):
        made = database(host="127.0.0.1", port=1, **settings)
        assert SECRET not in repr(made)
        refused(lambda: reach(made), ServerUnreachable)

    def test_of_sentinels_that_are_not_there(self, database, settings):
        made = database(sentinels=[("127.0.0.1", 1)], service_name="main", sentinel_kwargs=settings, **settings)
        assert SECRET not in repr(made)
        assert "no sentinel that answers knows a primary" in refused(lambda: reach(made), ServerUnreachable)

    def test_of_a_client_made_elsewhere(self, database, settings):
        own = redis if database is RedisDatabase else redis.asyncio
        made = database(client=own.Redis(host="127.0.0.1", port=1, retry=once(database), **settings))
        assert SECRET not in repr(made)
        refused(lambda: reach(made), ServerUnreachable)

    def test_that_the_server_refuses(self, database, settings, one_server):
        if "ssl" in settings:
            pytest.skip("the server takes no TLS")
        made = database(port=one_server.port, **settings)
        refused(lambda: reach(made), LimpydError)
        assert SECRET not in repr(made)


@FACES
def test_a_client_of_sentinel(database):
    own = redis.sentinel if database is RedisDatabase else redis.asyncio.sentinel
    sentinel = own.Sentinel(
        [("127.0.0.1", 1)], sentinel_kwargs={"ssl": True, "ssl_password": SECRET, "retry": once(database)}
    )
    made = database(client=sentinel.master_for("main", password=SECRET, retry=once(database)))
    assert SECRET not in repr(made)
    refused(lambda: reach(made), ServerUnreachable)


def test_the_command(capsys, tmp_path, monkeypatch):
    pytest.importorskip("typer")
    from limpyd.cli import main  # noqa: PLC0415

    (tmp_path / "shop_of_secrets.py").write_text(
        "from limpyd import *\n"
        "class Thing(RedisModel):\n    database = RedisDatabase(port=1)\n    name = StringField()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for url in (*URLS, f"redis://:{SECRET}@127.0.0.1:1/0"):
        for command in ("models", "keys"):
            monkeypatch.setattr("sys.argv", ["limpyd", command, "shop_of_secrets:Thing", "--url", url])
            with pytest.raises(SystemExit):
                raise SystemExit(main())
            out, err = capsys.readouterr()
            assert err.startswith("limpyd: ")
            assert SECRET not in out + err


def test_the_plugin(tmp_path):
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    (tmp_path / "test_it.py").write_text("def test_it(limpyd_database): pass\n")
    for url in (URLS[0], f"redis://:{SECRET}@127.0.0.1:1/0"):
        run = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",
            f"--limpyd-url={url}",
            str(tmp_path),
        ]
        found = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert found.returncode == pytest.ExitCode.USAGE_ERROR, found.stdout
        assert SECRET not in found.stdout + found.stderr
