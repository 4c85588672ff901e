"""Renames of values that are unique over partitions which are stopped after some request, and begun again."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import UniquenessError
from tests.support.claim_writers import World
from tests.support.servers import NEWEST

COUNT = 10


class Stopped(BaseException):
    """Stands for the end of the process."""


def declared(port, name, field):
    body = {"database": RedisDatabase(port=port, partitions=2), "name": PKField(), "__module__": __name__}
    return type(name, (RedisModel,), {**body, field: InstanceHashField(unique=True, type=str)})


def stop_after(model, requests, rename):
    """Runs a rename until it has sent some requests; returns whether it came to its end before."""
    driver = model.database._opened()
    run, left = driver.run, [requests]

    def counted(request):
        left[0] -= 1
        if left[0] < 0:
            raise Stopped
        return run(request)

    driver.run = counted
    try:
        rename(model)
    except Stopped:
        return False
    finally:
        driver.run = run
    return True


RENAMES = {
    "field": (("Claiming", "email"), ("Claiming", "mail"), lambda model: model.rename_field("email", "mail")),
    "model": (("Former", "email"), ("Claiming", "email"), lambda model: model.rename_from(":former")),
}


@pytest.mark.parametrize("kind", RENAMES)
def test_stopped_anywhere(servers, kind):
    server = servers(NEWEST)
    before, after, rename = RENAMES[kind]
    stops = 0
    while True:
        server.client().flushall()
        old = declared(server.port, *before)
        old.bulk_create({"name": f"n{number}", before[1]: f"e{number}"} for number in range(COUNT))
        new = declared(server.port, *after)
        ended = stop_after(new, stops, rename)
        rename(declared(server.port, *after))
        assert World(new, server.client()).faults(after[1]) == []
        for number in range(0, COUNT, 5):
            with pytest.raises(UniquenessError):
                new(name="another", **{after[1]: f"e{number}"})
        assert new.check().ok
        if ended:
            break
        stops += 1
    server.client().flushall()
    assert stops > 8
