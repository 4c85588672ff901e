"""The requests that write the lists of stored collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from limpyd.lua.script import Script
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model, refusal

STORE_PKS = Script("store_pks")


def store_pks(model: Model, key: bytes, pks: Sequence[bytes], ttl: int) -> Request[int]:
    """Returns the request that makes a list hold primary keys, and returns its length.

    Args:
        model: the model.
        key: the list.
        pks: the primary keys.
        ttl: the seconds that it lives; 0 for ever.
    """
    # A key that a user names has its own slot, so the list stands for the key that is never written, too. One key alone
    # is never half moved.
    sent = (b"EVALSHA", STORE_PKS.sha, b"2", key, key, b"%d" % ttl, nothing_found(), *pks)
    return Request(sent, lambda reply: stored_length(model, reply), script=STORE_PKS, subject=model)


def nothing_found() -> bytes:
    """Returns the member of the list of a stored collection in which there is no object: Redis keeps no empty list."""
    return b"\0limpyd: nothing was found " + uuid4().hex.encode()


def stored_length(model: Model, reply: Any) -> int:
    """Returns the length of a list in the reply of a script that stores it."""
    if isinstance(reply, list):
        raise refusal(model, reply, None, who=f"a stored collection of {model.name}")
    return int(reply)
