"""The two databases of a relocation, and the models as movers see them in each."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, TypeVar

from limpyd.keys import Partition, to_bytes
from limpyd.migrations.moving_schemas import moving_schemas
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema
from limpyd.utils.cached_properties import cached_property

R = TypeVar("R")

NAMED = 12
"""The digits that name the models of a move."""


class Step(NamedTuple):
    """A part of an operation on two databases: the program that runs on one of them."""

    database: Any
    program: Program[Any]


Steps = Generator[Step, Any, R]
"""An operation on two databases: it yields each step, gets the result of its program, and returns the whole."""


class Catalog(NamedTuple):
    """The catalog of a partition of a model, or that of its root."""

    schema: Schema
    partition: Partition

    @property
    def record(self) -> bytes:
        """The record, unless the model is closed."""
        keys = self.schema.keys
        is_root = self.partition.meta == keys.root.meta
        return keys.record.encode() if is_root else b"%d" % self.partition.count


class Place:
    """A database, and the models that move together as movers see them there.

    Args:
        schemas: the models as they are declared, each with its number of partitions there; the first one leads.
        database: the database.

    Attributes:
        schemas: the models there, in that order.
    """

    def __init__(self, schemas: Mapping[Schema, int], database: Any) -> None:
        self.database = database
        self.schemas = list(moving_schemas(schemas, database).values())

    @property
    def name(self) -> str:
        """The address of the database, without passwords."""
        return name_of(self.database)

    @property
    def models(self) -> str:
        """The names of the models."""
        return ", ".join(schema.name for schema in self.schemas)

    @property
    def group(self) -> bytes:
        """The end of the token of their move, which names the models if they are several."""
        tags = "\n".join(schema.keys.tag for schema in self.schemas)
        return b"-" + sha256(to_bytes(tags)).hexdigest()[:NAMED].encode() if len(self.schemas) > 1 else b""

    def is_of_these(self, token: bytes) -> bool:
        """Returns whether a move with a token is one of these models, and of no others."""
        return b"".join(token.partition(b"-")[1:]) == self.group

    @property
    def root(self) -> Catalog:
        """The root of the first model: the decisions about all of them are made there."""
        return Catalog(self.schemas[0], self.schemas[0].keys.root)

    @cached_property
    def stages(self) -> list[list[Catalog]]:
        """All catalogs, in the order in which they are closed: the root of all, those of the others, the partitions."""
        roots = [Catalog(schema, schema.keys.root) for schema in self.schemas]
        known = {each.partition.meta for each in roots}
        every = [Catalog(schema, partition) for schema in self.schemas for partition in schema.keys.partitions]
        partitions = [each for each in every if each.partition.meta not in known]
        return [some for some in (roots[:1], roots[1:], partitions) if some]

    @property
    def catalogs(self) -> list[Catalog]:
        """All catalogs."""
        return [each for some in self.stages for each in some]

    def close_to_others(self, record: bytes) -> None:
        """Has requests that write rest on a record that only movers of one call know."""
        for schema in self.schemas:
            for partition in schema.keys.partitions:
                partition.recorded = record
        self.forget_catalogs()

    def forget_catalogs(self) -> None:
        """Has requests that write read the catalogs first, which have other records now."""
        for schema in self.schemas:
            schema.maintenance.forget()

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
