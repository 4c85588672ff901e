"""A private cluster: it serves, other users do not get in, and it ends with the last process that uses it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from limpyd.embedded import cluster
from limpyd.embedded.cluster import EmbeddedCluster
from limpyd.embedded.ports import HOST, free_port
from limpyd.exceptions import DeclarationError
from tests.support import forks
from tests.support.processes import alive, gone

PROGRAM = """
import os, sys
from limpyd.embedded.cluster import EmbeddedCluster
cluster = EmbeddedCluster(1)
(_, port), = cluster.settings()["nodes"]
child = os.fork()
if not child:
    sys.stdin.readline()
    os._exit(0)
print(port, cluster.password, child, flush=True)
os._exit(0)
"""


def client_of(settings):
    nodes = [redis.cluster.ClusterNode(*node) for node in settings["nodes"]]
    return redis.RedisCluster(startup_nodes=nodes, password=settings["password"])


def answers(port, password):
    with redis.Redis(port=port, password=password) as client:
        try:
            return client.info("server")["process_id"]
        except redis.ConnectionError:
            return None


@pytest.fixture(scope="module")
def embedded():
    cluster = EmbeddedCluster(3, 1)
    yield cluster
    cluster.leave()


def test_it_serves_all_slots_with_a_replica_of_each(embedded):
    settings = embedded.settings()
    assert len(settings["nodes"]) == 6
    with client_of(settings) as client:
        assert [client.set(f"key {number}", number) for number in range(30)] == [True] * 30
        assert len(client.get_primaries()) == len(client.get_replicas()) == 3
    assert embedded.settings() == settings, "it is started once"
    assert str(embedded) == "embedded cluster of 3 primaries and 3 replicas"


def test_nobody_gets_in_without_the_password(embedded):
    for host, port in embedded.settings()["nodes"]:
        once = Retry(NoBackoff(), 0)
        with redis.Redis(host, port, retry=once) as client, pytest.raises(redis.AuthenticationError):
            client.get("key")
    for node in embedded._nodes:
        files = {path.name: path.stat().st_mode & 0o777 for path in [node._folder, node._folder / "server.conf"]}
        assert [*files.values()] == [0o700, 0o600]
        pids = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert embedded.password not in pids


def test_it_goes_on_when_a_node_was_killed(embedded):
    settings = embedded.settings()
    victim = settings["nodes"][0][1]
    os.kill(answers(victim, settings["password"]), signal.SIGKILL)
    heir = settings["nodes"][3][1]
    with redis.Redis(port=heir, password=settings["password"]) as client:
        assert gone(lambda: client.info("replication")["role"] != "master")
    assert embedded.settings() == settings


def test_it_ends_with_the_last_process_that_uses_it():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        port, password, child = program.stdout.readline().split()
        pid = answers(int(port), password.decode())
        assert gone(lambda: program.poll() is None)
        assert alive(int(child))
        assert answers(int(port), password.decode()) == pid, "the forked child uses it"
        os.kill(int(child), signal.SIGKILL)
        assert gone(lambda: alive(pid))


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((0,), "at least 1, and replicas= for each of them, 0 or more; not nodes=0, replicas=0"),
        ((3, -1), "not nodes=3, replicas=-1"),
        (("3",), "not nodes='3'"),
        ((20, 1), "at most 30 servers, replicas included; nodes=20 with replicas=1 are 40"),
    ],
)
def test_numbers_that_are_none_of_a_cluster_are_refused(numbers, message):
    with pytest.raises(DeclarationError, match=message):
        EmbeddedCluster(*numbers)


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind((HOST, free_port()))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_another_program_took_meanwhile_is_replaced(taken, monkeypatch):
    chosen = [taken]
    monkeypatch.setattr(cluster, "free_port", lambda: chosen.pop() if chosen else free_port())
    embedded = EmbeddedCluster(1)
    try:
        ((_, port),) = embedded.settings()["nodes"]
        assert not chosen
        assert answers(port, embedded.password)
    finally:
        embedded.leave()


def run(*options):
    command = [sys.executable, "-m", "limpyd", "serve", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_limpyd_serve_runs_a_cluster_until_it_is_stopped():
    with run("--nodes", "2", "--json") as serving:
        told = json.loads(serving.stdout.readline())
        assert len(told["urls"]) == 2
        with redis.RedisCluster.from_url(told["urls"][0]) as client:
            assert client.set("key", 1)
            assert len(client.get_primaries()) == 2
        with redis.Redis.from_url(told["urls"][0]) as client:
            pid = client.info("server")["process_id"]
        serving.terminate()
    assert serving.returncode == 0
    assert gone(lambda: alive(pid))


def test_limpyd_serve_names_a_port_that_is_taken(taken):
    serving = forks.run("-m", "limpyd", "serve", "--nodes", "1", "--port", taken)
    assert serving.returncode == 3
    assert "Address already in use" in " ".join(serving.stderr.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--replicas", "1"], "--replicas needs --nodes"),
        (["--nodes", "3", "--dir", "data"], "--nodes excludes --dir"),
        (["--nodes", "3", "--port", "60000"], "the first port of these nodes is at most 55533"),
        (["--nodes", "40"], "at most 30 servers"),
    ],
)
def test_limpyd_serve_says_what_is_wrong(options, message):
    serving = forks.run("-m", "limpyd", "serve", *options)
    assert serving.returncode == 2
    assert message in " ".join(serving.stderr.replace("│", " ").split())
