"""The models of the protocols: small cases, and whether faults of a broken protocol are found.

The programs `claims_model`, `claims_failover`, `refs_model`, `repartition_model`, `online_model`,
`moving_claims_model`, `moving_refs_model`, `moving_feeds_model` and `relocation_model` explore all cases, in some
minutes each.
"""

from __future__ import annotations

import pytest

from tests.protocols import (
    claims_failover,
    claims_model,
    moving_claims_model,
    moving_feeds_model,
    moving_refs_model,
    online_model,
    refs_model,
    relocation_cases,
    repartition_model,
)
from tests.protocols.claims_failover import ClaimsWithFailovers
from tests.protocols.claims_model import Claims
from tests.protocols.exploration import TooManyStatesError, explore, find_fault
from tests.protocols.moving_claims_model import MovingClaims
from tests.protocols.moving_feeds_model import MovingFeeds
from tests.protocols.moving_refs_model import MovingReferences
from tests.protocols.online_model import Online
from tests.protocols.refs_model import References
from tests.protocols.relocation_model import Relocation
from tests.protocols.repartition_model import Repartitioning
from tests.support.amounts import amount, shortened

shortened.add("the cases of tests/protocols, of which its programs explore all")

STRIDE = amount("LIMPYD_STRIDE", 3)
"""Each how many-th broken protocol the suite explores: nothing changes them but a change of the models."""
SMALL = [
    *(
        (Claims, claims_model.CASES[number], states)
        for number, states in {0: 58, 2: 36, 4: 309, 6: 117, 8: 282}.items()
    ),
    *((ClaimsWithFailovers, claims_failover.CASES[number], states) for number, states in {3: 933}.items()),
    *(
        (References, refs_model.CASES[number], states)
        for number, states in {0: 238, 1: 77, 2: 31, 3: 159, 11: 137, 15: 41, 23: 297}.items()
    ),
    *(
        (Repartitioning, repartition_model.CASES[number], states)
        for number, states in {2: 180, 5: 238, 11: 222}.items()
    ),
    *((Online, online_model.CASES[number], states) for number, states in {0: 300}.items()),
    *((MovingClaims, moving_claims_model.CASES[number], states) for number, states in {0: 104, 1: 85}.items()),
    *((MovingReferences, moving_refs_model.CASES[number], states) for number, states in {0: 643}.items()),
    *((MovingFeeds, moving_feeds_model.CASES[number], states) for number, states in {0: 2423, 1: 570}.items()),
    *(
        (Relocation, relocation_cases.CASES[number], states)
        for number, states in {2: 304, 3: 403, 29: 332, 33: 281}.items()
    ),
]
"""Models, cases, and how many states they have: a change of a number is a change of the protocol."""
MODELS = [
    (Claims, claims_model),
    (ClaimsWithFailovers, claims_failover),
    (References, refs_model),
    (Repartitioning, repartition_model),
    (Online, online_model),
    (MovingClaims, moving_claims_model),
]
LARGE = [(MovingReferences, moving_refs_model), (MovingFeeds, moving_feeds_model), (Relocation, relocation_cases)]
"""Those of which only some broken variants are soon found."""
BY_OTHERS = "deletion and creation by others, references"
SHOWN_BY = {
    (Claims, "a barred claim is adopted"): "the same object from two sides",
    (ClaimsWithFailovers, "bars stay lost"): "two claim one value, one on the node that fails",
    (ClaimsWithFailovers, "an older restoring counts"): "two claim one value, two failovers",
    **{(References, variant): BY_OTHERS for variant in ("creation over a tomb", "a late sweep", "anyone finishes")},
    (Repartitioning, "late movers are not refused"): "deleted after two movers, from one",
    **{
        (Online, variant): "deleted after two movers"
        for variant in (
            "a partition is opened without a new epoch",
            "late movers are not refused",
            "parcels of others are not looked at",
        )
    },
    **{
        (Online, variant): "minted, deleted and minted"
        for variant in (
            "counters begin anew",
            "the giving partition mints what moves",
            "the getting partition mints before the end",
        )
    },
    (Online, "a parcel is dropped without comparing"): "two movers of a slice with two objects",
    (Online, "only the partition that a claim names is asked"): "a value of another object is wanted",
    **{
        (MovingClaims, variant): "two claim"
        for variant in (
            "only the present keeper is barred",
            "the clock does not move",
            "the move ends without new epochs",
        )
    },
    **{(MovingReferences, variant): shown_by for variant, shown_by in moving_refs_model.SHOWN_BY.items()},
    **{(MovingFeeds, variant): shown_by for variant, shown_by in moving_feeds_model.SHOWN_BY.items()},
    **{(Relocation, variant): shown_by for variant, shown_by in relocation_cases.SHOWN_BY.items()},
}
"""The case that shows what is wrong with a broken protocol, where exploring those before it takes long."""
BROKEN = [
    (model, [case for case in module.CASES if case.name == SHOWN_BY.get((model, variant), case.name)], variant)
    for model, module in [*MODELS, *LARGE]
    for variant in (module.VARIANTS if (model, module) in MODELS else module.SHOWN_BY)
][::STRIDE]


@pytest.mark.parametrize(("model", "case", "states"), SMALL, ids=lambda value: getattr(value, "name", None))
def test_nothing_is_wrong(model, case, states):
    """In no state, and whoever is stopped there for ever."""
    found = explore(model(), case)
    assert found.fault is None, found.state
    assert found.states == states


@pytest.mark.parametrize(
    ("model", "cases", "variant"), BROKEN, ids=lambda value: value if isinstance(value, str) else None
)
def test_broken_protocols_are_found(model, cases, variant):
    """So the exploration can find what it is for."""
    assert find_fault(model(variant), cases, limit=25_000) is not None


def test_limit():
    """An exploration that was not finished does not count as one that found nothing."""
    with pytest.raises(TooManyStatesError):
        explore(Claims(), claims_model.CASES[0], limit=10)
