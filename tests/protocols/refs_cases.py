"""The cases of the model of references: which things there are, and what writers do to them."""

from __future__ import annotations

from tests.protocols.exploration import Case
from tests.protocols.refs_states import Tree


def delete(thing=0):
    return ("delete", thing)


def create(thing=0):
    return ("create", thing)


def refer(thing):
    return ("refer", thing)


def clear(thing):
    return ("clear", thing)


def two(policy, other="", referring=()):
    """Two holders of one thing."""
    return Tree((None, 0, 0), ("", policy, other or policy), referring)


def chain(policy, referring=(1,)):
    """A thing, one that goes with it, and one that refers to that."""
    return Tree((None, 0, 1), ("", "cascade", policy), referring)


CASES = [
    Case("a cascade, a reference to what goes (restrict)", [(delete(),), (refer(2),)], chain("restrict")),
    Case("a reference, a deletion (restrict)", [(refer(1),), (delete(),)], two("restrict")),
    Case("a reference, a deletion (clear)", [(refer(1),), (delete(),)], two("clear")),
    Case("two references, a deletion (clear)", [(refer(1),), (refer(2),), (delete(),)], two("clear")),
    Case(
        "two references, a deletion (clear, restrict)",
        [(refer(1),), (refer(2),), (delete(),)],
        two("clear", "restrict"),
    ),
    Case(
        "two references, a deletion (restrict), one taken away",
        [(refer(1),), (clear(2), refer(2)), (delete(),)],
        two("restrict", referring=(2,)),
    ),
    Case("two deletions, a reference (restrict)", [(refer(1),), (delete(),), (delete(),)], two("restrict")),
    Case(
        "two deletions, a reference (clear, restrict)",
        [(refer(1),), (delete(),), (delete(),)],
        two("clear", "restrict"),
    ),
    Case(
        "deletion, creation anew, references",
        [(delete(), create()), (refer(1),), (refer(2),)],
        two("clear", referring=(1,)),
    ),
    Case(
        "deletion and creation by others, references",
        [(delete(),), (create(), refer(2)), (refer(1),)],
        two("clear", referring=(1,)),
    ),
    Case(
        "two deletions and creations, a reference",
        [(delete(), create()), (delete(), create()), (refer(1),)],
        two("clear", referring=(1,)),
    ),
    Case(
        "deletion, creation by another, reference to the new one",
        [(delete(),), (create(), refer(1))],
        two("clear", referring=(1,)),
    ),
    Case(
        "the same, with a restriction",
        [(delete(),), (create(), refer(1)), (refer(2),)],
        two("clear", "restrict", referring=(1,)),
    ),
    Case(
        "two deletions, creation by another, references to the new one",
        [(delete(),), (delete(), create(), refer(1)), (create(), refer(2))],
        two("clear", referring=(1,)),
    ),
    Case("four at once", [(delete(),), (refer(1), clear(1)), (refer(2),), (delete(),)], two("restrict")),
    Case("a cascade, a reference to what goes (clear)", [(delete(),), (refer(2),)], chain("clear")),
    Case("a cascade, a reference to what goes (cascade)", [(delete(),), (refer(2),)], chain("cascade")),
    Case("the same, deleted twice", [(delete(),), (refer(2),), (delete(),)], chain("restrict")),
    Case("what goes is deleted by itself too (clear)", [(delete(),), (refer(2),), (delete(1),)], chain("clear")),
    Case("what goes is deleted by itself too (restrict)", [(delete(),), (refer(2),), (delete(1),)], chain("restrict")),
    Case("what goes refers anew (restrict)", [(delete(),), (clear(1), refer(1)), (refer(2),)], chain("restrict")),
    Case("what goes comes again (clear)", [(delete(),), (create(1), refer(2)), (refer(1),)], chain("clear", (1, 2))),
    Case(
        "what goes comes again (restrict)", [(delete(),), (create(1), refer(2)), (clear(2),)], chain("restrict", (1, 2))
    ),
    Case(
        "all go and come again (clear)", [(delete(), create()), (create(1), refer(1), refer(2))], chain("clear", (1, 2))
    ),
    Case(
        "all go and come again (restrict)", [(delete(), create()), (create(1), refer(1), refer(2))], chain("restrict")
    ),
    Case(
        "a cascade that leaves one, and another (restrict)",
        [(delete(), create(), delete()), (clear(1), refer(1)), (refer(2),)],
        chain("restrict"),
    ),
]
