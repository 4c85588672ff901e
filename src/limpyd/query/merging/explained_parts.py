"""The explanation of a query to a model of several partitions: what is asked of which, with the sizes of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.keys import to_text
from limpyd.query.explanation import Explanation, command_text, explanation
from limpyd.query.filters.readings import Asking, Reading
from limpyd.query.merging.claimed_plan import ClaimedPlan
from limpyd.query.merging.late_plan import LatePlan
from limpyd.query.merging.listed_plan import ListedPlan
from limpyd.query.merging.reading import readings_in
from limpyd.query.merging.referred_order import ReferredOrderPlan
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Request
from limpyd.requests.scattered import Rounds, Scattered
from limpyd.scripts.analysis import CommandsRun, analyzed


def explained_parts(
    text: str, plan: AnyPlan, asking: AnyPlan, projection: Projection, span: Span, *, analyze: bool
) -> Rounds[Explanation]:
    """Explains a query.

    Args:
        text: the collection, as it shows itself.
        plan: its plan.
        asking: the plan for its items, which leaves out objects that do not exist.
        projection: what is read of each object.
        span: the objects that it is explained for.
        analyze: true to run it, too.
    """
    settled = yield from plan.settled()
    requests = _first_round((yield from asking.settled()).items(projection, span))
    replies = yield [each.explained(span) for each in settled.plans]
    explained = explanation(text, settled.plans[0], requests[0], _sum(replies))
    sent = [request for request in requests if request.args]
    ran = _joined((yield [analyzed(request) for request in sent])) if analyze and sent else []
    reads = plan.readings if isinstance(plan, LatePlan) else []
    untyped = any(isinstance(reading, Reading) and not reading.stored for reading in reads)
    if isinstance(plan, ListedPlan | ReferredOrderPlan):
        explained = explained._replace(sort=plan.way)
    followed = max(len(key.through) for key in plan.order) if isinstance(plan, ReferredOrderPlan) else 0
    asked, partition = len(settled.plans), settled.plans[0].partition
    by, claims = "primary key", []
    if isinstance(plan, ClaimedPlan):
        by, claims = "the claims of unique values", [f"the claims of {plan.unique.field_index}"]
    return explained._replace(
        asks=_asked(asked, partition.count, by, again=bool(settled.plans[0].order) and span != EVERYTHING),
        reads=[*claims, *dict.fromkeys(map(_read, reads))],
        commands=_commands(requests),
        round_trips=bool(sent) + followed + max(map(_rounds, reads), default=0) + untyped + len(claims),
        ran=ran,
    )


def _read(reading: Reading | Asking) -> str:
    """Returns the text for what is read before partitions are asked."""
    if isinstance(reading, Reading):
        return to_text(reading.key)
    return f"the objects of {reading.model.name} with {reading.text}"


def _rounds(reading: Reading | Asking) -> int:
    """Returns the number of round trips that it takes."""
    if isinstance(reading, Reading):
        return 1
    return 1 + max(map(_rounds, readings_in(reading.conditions)), default=0)


def _first_round(request: Request[Any]) -> list[Request[Any]]:
    if not isinstance(request, Scattered):
        return [request]
    found: list[Request[Any]] = next(request.begin())
    return found or [request]


def _sum(replies: Sequence[list[Any]]) -> list[Any]:
    """Returns one reply of scripts/explain.lua for those of all partitions."""
    objects, numbers, methods, sizes, costs, walked, listed = zip(*replies, strict=True)
    return [
        sum(objects),
        _most_frequent(numbers),
        _most_frequent([[method] for method in methods])[0],
        [sum(each) if min(each) >= 0 else -1 for each in zip(*sizes, strict=True)],
        [sum(each) for each in zip(*costs, strict=True)],
        _most_frequent(walked),
        max(listed),
    ]


def _most_frequent(found: Iterable[Sequence[Any]]) -> list[Any]:
    ((most, _),) = Counter(map(tuple, found)).most_common(1)
    return list(most)


def _asked(asked: int, count: int, by: str, *, again: bool) -> str:
    if asked == 1:
        return f"1 of {count} partitions, by {by}"
    which = f"all {count} partitions" if asked == count else f"{asked} of {count} partitions, by {by}"
    return f"{which}, at once{'; those with many of the first objects again' * again}"


def _commands(requests: Sequence[Request[Any]]) -> list[str]:
    """Returns the command to the first partition, and to how many others the same is sent."""
    command, others = command_text(requests[0]), len(requests) - 1
    return [f"{command}, and the same to {others} other partition{'s' * (others > 1)}" if others else command]


def _joined(parts: Sequence[Sequence[CommandsRun]]) -> list[CommandsRun]:
    """Returns what all partitions ran."""
    found: dict[str, CommandsRun] = {}
    for part in parts:
        for one in part:
            known = found.get(one.command, CommandsRun(one.command, 0, 0))
            found[one.command] = CommandsRun(one.command, known.calls + one.calls, known.values + one.values)
    return sorted(found.values())
