"""What servers know."""

from __future__ import annotations

from limpyd.server import Needs


def knows(face, needs: Needs | None) -> bool:
    """Whether the face's server knows something."""
    facts = face.client.info("server")
    valkey = facts.get("server_name") == "valkey"
    least = needs and (needs.valkey if valkey else needs.redis)
    version = facts["valkey_version"] if valkey else facts["redis_version"]
    return needs is None or (least is not None and tuple(map(int, version.split("."))) >= least)
