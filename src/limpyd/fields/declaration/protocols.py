"""The parts of models and of their instances that fields use."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Protocol

from limpyd.keys import ModelKeys, Partition
from limpyd.requests.request import Request, Walk
from limpyd.scripts.error_mapping import Model


class FieldModel(Model, Protocol):
    """The attributes that a field uses of its model."""

    dynamic: Any
    fields: dict[str, Any]
    keys: ModelKeys
    model: Any
    mints_pks: bool
    pk_name: str

    def key_prefixes(self, partition: Partition) -> list[bytes]: ...
    def must_have_or_mint(self, pk: bytes | None, written: Container[str] = ()) -> None: ...
    def check_required(self, values: Container[str]) -> None: ...
    def composites(self, partition: Partition) -> Sequence[Any]: ...
    def settle(self, partition: Partition) -> None: ...


class FieldInstance(Protocol):
    """The attributes that a field uses of the instance that it is read from."""

    _pk_bytes: bytes | None
    _checked: bool
    _seen: object
    _schema: Any
    database: Any

    _awaits: bool

    def _run(self, request: Request[Any]) -> Any: ...
    def _walk(self, step: Walk[Any]) -> Any: ...
    def _set_pk(self, pk: bytes) -> None: ...
    def _mark_existing(self) -> None: ...
