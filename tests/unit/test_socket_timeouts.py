"""Timeouts of sockets that the kernel keeps."""

from __future__ import annotations

import os
import socket
import ssl
import time

import pytest

from limpyd.drivers.socket_timeouts import CAN_KEEP, leave_to_kernel, limit_receiving

by_kernel = pytest.mark.skipif(not CAN_KEEP, reason="Python keeps timeouts on this system")


@pytest.fixture
def pair():
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def seconds(call):
    """How long a call takes that runs into a timeout."""
    start = time.monotonic()
    with pytest.raises(BlockingIOError):
        call()
    return time.monotonic() - start


@by_kernel
def test_the_kernel_waits_as_long_as_python_would(pair):
    one, _ = pair
    one.settimeout(0.2)
    assert leave_to_kernel(one)
    assert one.gettimeout() is None
    assert 0.19 < seconds(lambda: one.recv(10)) < 5
    assert 0.19 < seconds(lambda: one.sendall(bytes(100_000_000))) < 5


@by_kernel
def test_a_limit_may_change_and_end(pair):
    one, other = pair
    one.settimeout(60)
    leave_to_kernel(one)
    limit_receiving(one, 0.05)
    assert seconds(lambda: one.recv(10)) < 5
    limit_receiving(one, None)
    assert one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, 16) == bytes(16)
    limit_receiving(one, 0.000_000_1)  # which is not none
    assert seconds(lambda: one.recv(10)) < 5
    other.sendall(b"x")
    assert one.recv(10) == b"x"


@pytest.mark.parametrize("timeout", [None, 0.0])
def test_a_socket_without_a_timeout_stays_as_it_is(pair, timeout):
    one, _ = pair
    one.settimeout(timeout)
    assert not leave_to_kernel(one)
    assert one.gettimeout() == timeout


def test_tls_keeps_the_timeout_of_python(pair):
    one, _ = pair
    one.settimeout(7)
    context = ssl.create_default_context()
    context.check_hostname = False
    with context.wrap_socket(one, do_handshake_on_connect=False) as secured:
        assert not leave_to_kernel(secured)
        assert secured.gettimeout() == 7


def test_so_does_a_socket_that_never_blocks(pair, monkeypatch):
    one, _ = pair
    one.settimeout(7)
    monkeypatch.setattr(os, "get_blocking", lambda _: False)  # as of gevent's
    assert not leave_to_kernel(one)
    assert one.gettimeout() == 7
