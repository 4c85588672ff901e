"""Model checking of protocols: all interleavings of their clients are explored, breadth first.

A model has small registers, each on its own node, and clients, each with its next step and what it knows. A step is
one message to one node, so it is atomic. A stopped client is one that takes no more steps. So if something must hold
whoever is stopped, and wherever, it must hold in each state.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple


class Client(NamedTuple):
    step: str
    """The name of the next step, `start` before the first operation, and `done` after each."""
    operations: tuple[tuple[Any, ...], ...]
    """The operations that follow the present one."""
    known: tuple[tuple[str, Any], ...] = ()
    """What the client knows, as sorted pairs of a name and a value."""


class Case(NamedTuple):
    name: str
    clients: list[tuple[tuple[Any, ...], ...]]
    """The operations of each client."""
    start: Any = None
    """What there is before the first step."""


class Exploration(NamedTuple):
    fault: str | None
    """What is wrong in the first state with a fault; None if there is none."""
    states: int
    state: Any = None
    """The state with the fault."""


class TooManyStatesError(Exception):
    """The exploration reached its limit of states."""


def put(values, position, value):
    """A copy of a tuple with another value at a position."""
    return (*values[:position], value, *values[position + 1 :])


def know(**known):
    """What a client knows, as a tuple that can be compared."""
    return tuple(sorted(known.items()))


class Names(dict):
    """Numbers instead of random names, in the order of appearance; states that differ in names only become equal."""

    def __missing__(self, name):
        self[name] = len(self)
        return self[name]

    def of(self, name):
        return None if name is None else self[name]


def unused(names):
    """A name that is none of some; names are small numbers, as `Names` makes them, or None."""
    return max((name for name in names if isinstance(name, int)), default=-1) + 1


def with_renamed(clients, renamed):
    """The clients, with what they know as a function has it of its name and value."""
    return tuple(client._replace(known=tuple(renamed(*pair) for pair in client.known)) for client in clients)


def ranks(times):
    """The rank of each time, so that states whose times only differ in distance become equal."""
    return {time: rank for rank, time in enumerate(sorted(times))}


def explore(model, case, *, alone=True, limit=3_000_000):
    """Explores all states that the clients of a case can reach, up to the first fault.

    Args:
        model: has `first(case)`, `successors(state)`, `fault(state)` and `fault_alone(state)`.
        case: the operations of the clients.
        alone: also lets a new client act in each state, while all others are stopped, to see that it ends rightly.
        limit: the greatest number of states.

    Raises:
        TooManyStatesError: the limit was reached, and nothing wrong found until then.
    """
    first = model.first(case)
    seen, waiting = {first}, deque([first])
    while waiting:
        state = waiting.popleft()
        fault = model.fault(state) or (model.fault_alone(state) if alone else None)
        if fault:
            return Exploration(fault, len(seen), state)
        for after in model.successors(state):
            if after not in seen:
                if len(seen) == limit:
                    raise TooManyStatesError
                seen.add(after)
                waiting.append(after)
    return Exploration(None, len(seen))


def find_fault(model, cases, limit=400_000):
    """Explores cases until one of them shows a fault; returns its name and the exploration, or None."""
    for case in cases:
        try:
            found = explore(model, case, alone=False, limit=limit)
        except TooManyStatesError:
            continue
        if found.fault:
            return case.name, found
    return None


def report(model_class, cases, variants):
    """Prints the number of states of each case, and what is wrong with each broken variant."""
    total = 0
    for case in cases:
        start = time.monotonic()
        found = explore(model_class(), case)
        total += found.states
        seconds = time.monotonic() - start
        print(f"{case.name:66} {found.states:8} states  {found.fault or 'nothing wrong'}  {seconds:.1f} s", flush=True)
        if found.fault:
            print(found.state)
    print(f"{total} states in all")
    for variant in variants:
        found = find_fault(model_class(variant), cases)
        print(
            f"broken: {variant:34}",
            f"{found[1].fault} ({found[0]}, {found[1].states} states)" if found else "NOT FOUND",
        )
