"""The two databases of a relocation, and the model as movers see it in each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.migrations.previous_schema import previous_schema
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema

R = TypeVar("R")


class Step(NamedTuple):
    """A part of an operation on two databases: the program that runs on one of them."""

    database: Any
    program: Program[Any]


Steps = Generator[Step, Any, R]
"""An operation on two databases: it yields each step, gets the result of its program, and returns the whole."""


class Place:
    """A database, and the model as movers see it there.

    Args:
        schema: the model as it is declared.
        database: the database.
        partitions: the number of partitions of the model there.
    """

    def __init__(self, schema: Schema, database: Any, partitions: int) -> None:
        self.database = database
        self.schema = previous_schema(schema, schema.keys.tag, {}, partitions)
        self.schema.maintenance.record = None

    @property
    def name(self) -> str:
        """The address of the database, without passwords."""
        return name_of(self.database)

    def close_to_others(self, record: bytes) -> None:
        """Has requests that write rest on a record that only movers of one call know."""
        for partition in self.schema.keys.partitions:
            partition.recorded = record
        self.schema.maintenance.forget()

    def run(self, program: Program[Any]) -> Step:
        """Returns the step that runs a program here."""
        return Step(self.database, program)

    def ask(self, *requests: Request[Any]) -> Step:
        """Returns the step that sends some requests here at once; its result is the list of their results."""
        return Step(self.database, _all(requests))


def name_of(database: Any) -> str:
    """The address of a database, without passwords."""
    return f"{database._endpoint}/{database.address.db}"


def _all(requests: Sequence[Request[Any]]) -> Program[list[Any]]:
    found: list[Any] = (yield list(requests)) if requests else []
    return found
