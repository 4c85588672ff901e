"""Each command that writes a value of an object renews its deadline, unless it waits; none that only reads does."""

from datetime import timedelta

import pytest

from limpyd import DeadlineField
from limpyd.commands.table import Scope
from tests.support.command_calls import BLOCKING_LIST, BLOCKING_SORTED_SET
from tests.support.each_command import NO_CALL_CHANGES, each_call
from tests.support.full_use import COMMANDS, everything
from tests.support.recorded_changes import Recorded

HOUR = 3_600_000
WAITING = {*BLOCKING_LIST, *BLOCKING_SORTED_SET}


@pytest.mark.parametrize("field", sorted(COMMANDS))
async def test_each_command(any_face, field):
    class Expiring(any_face.Model):
        abstract = True
        namespace = "feed"
        expires = DeadlineField(ttl=timedelta(hours=1), renew_on="write")

    model = everything(Expiring, any_face.database)
    recorded = Recorded(any_face, {"everything": model})
    deadlines = model._schema.keys.first.deadlines
    client, found = any_face.client, 0
    async for call in each_call(any_face, model, field):
        before = recorded.snapshot()
        seconds, microseconds = client.time()
        now = seconds * 1000 + microseconds // 1000
        sooner = {pk: now + HOUR // 2 for _, pk in before}
        client.zadd(deadlines, sooner)
        for pk, deadline in sooner.items():
            client.hset(b"{feed:everything}:hash:" + pk, "expires", deadline)
        await call.make()
        after = recorded.snapshot()
        for model, pk in before:
            renewed = client.zscore(deadlines, pk) >= now + HOUR
            changed = [{**one[model, pk], "expires": b""} for one in (before, after)]
            assert not renewed or call.command not in WAITING
            assert renewed or call.command in WAITING or changed[0] == changed[1], (
                f"{field}.{call.command} of {pk} does not renew the deadline"
            )
            assert not renewed or call.scope is not Scope.READ, f"{field}.{call.command} of {pk} renews it"
            found += renewed
    assert found or field in NO_CALL_CHANGES
