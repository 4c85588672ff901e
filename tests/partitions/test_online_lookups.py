"""get_or_create finds objects by unique values wherever they are while objects move to more partitions."""

from __future__ import annotations

from typing import Any

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from limpyd.exceptions import UniquenessError
from limpyd.repartitioning import announcing, delivery
from tests.support.servers import NEWEST
from tests.support.slow_moves import given_by, steps_of

COUNT = 48


def declare(port: int, count: int) -> Any:
    """The model, as a process sees it that has sent nothing yet."""

    class Found(RedisModel):
        database = RedisDatabase(port=port, patience=0)
        namespace = "online_lookups"
        partitions = count
        email = InstanceHashField(unique=True)
        nick = InstanceHashField(unique=True)

    return Found


@pytest.mark.parametrize("moved", [False, True], ids=["own claims", "claims elsewhere"])
def test_objects_are_found_at_each_step(servers, monkeypatch, moved):
    monkeypatch.setattr(announcing, "SLICES", 4)
    monkeypatch.setattr(announcing, "IN_SLICE", 3)
    monkeypatch.setattr(delivery, "FOUND", 3)
    port = servers(NEWEST).port
    used, mover = declare(port, 2), declare(port, 4)
    used.database.connection.flushall()
    emails = {}
    for number in range(COUNT):
        made = used(email=f"first {number}")
        if moved:
            made.email.hset(f"{number}@é")
        emails[f"{number}@é" if moved else f"first {number}"] = made.pk.get()
    states = set()
    for _ in steps_of(mover):
        state = tuple(given_by(mover).values())
        if state in states or any(text.endswith("closed") for text in state):
            continue
        states.add(state)
        for email, pk in emails.items():
            found, is_new = used.get_or_create(email=email)
            assert (found.pk.get(), is_new) == (pk, False)
            found, is_new = used.update_or_create(email=email, defaults={"nick": f"n{pk}"})
            assert (found.pk.get(), is_new) == (pk, False)
            with pytest.raises(UniquenessError):
                used(email=email)
            with pytest.raises(UniquenessError):
                used.get_or_create(nick="new", defaults={"email": email})
    assert len(states) > 6
    for model in (used, mover):
        model.database.close()
