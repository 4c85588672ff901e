"""A cluster whose nodes speak TLS, with certificates that are made for it; its own ports are for the tests to look."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.support.cluster_nodes import Node
from tests.support.clusters import Cluster
from tests.support.servers import BINARIES, free_port

HOST_NAME = "localhost"
"""The name in the certificate of the nodes, which has no address."""


class Certificates:
    """A certificate authority, and a certificate of it for HOST_NAME, in a folder.

    Attributes:
        authority: the path of the certificate of the authority.
        certificate: the path of the certificate.
        key: the path of its key.
    """

    def __init__(self, folder: Path) -> None:
        self.authority, self.certificate, self.key = folder / "ca.crt", folder / "node.crt", folder / "node.key"
        keys = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        _openssl(
            "req", "-x509", *keys, "-keyout", folder / "ca.key", "-out", self.authority, "-subj", "/CN=limpyd tests"
        )
        issued = ("-CA", self.authority, "-CAkey", folder / "ca.key", "-addext", f"subjectAltName=DNS:{HOST_NAME}")
        _openssl(
            *("req", "-x509", *keys, "-keyout", self.key, "-out", self.certificate, "-subj", "/CN=node"),
            *(*issued, "-addext", "basicConstraints=critical,CA:FALSE"),
        )

    @property
    def options(self) -> tuple[str, ...]:
        """The options of a server that uses them."""
        files = ("--tls-cert-file", self.certificate, "--tls-key-file", self.key, "--tls-ca-cert-file", self.authority)
        return tuple(map(str, (*files, "--tls-auth-clients", "no")))


def _openssl(*args: str | Path) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class TlsNode(Node):
    """A node that speaks TLS with its clients on `tls_port`, and with other nodes; plain text with the tests."""

    def __init__(self, binary: str, *options: str) -> None:
        self.tls_port = free_port()
        ports = ("--tls-port", str(self.tls_port), "--tls-cluster", "yes", "--tls-replication", "yes")
        super().__init__(binary, *ports, *options)

    @property
    def bus_port(self) -> int:
        return self.tls_port


class TlsCluster(Cluster):
    """A cluster of such nodes."""

    def _start_node(self) -> Node:
        return TlsNode(BINARIES[self.name], *self._options)

    @property
    def tls_addresses(self) -> Sequence[tuple[str, int]]:
        """The addresses of all nodes, by the name in their certificates."""
        return [(HOST_NAME, node.tls_port) for node in self.nodes if isinstance(node, TlsNode)]


@cache
def servers_with_tls() -> list[str]:
    """The servers at hand that are built with TLS; none without the program `openssl`."""
    if shutil.which("openssl") is None:
        return []
    return [name for name, binary in BINARIES.items() if b"SSL_CTX_new" in Path(binary).resolve().read_bytes()]
