"""A model with a field of each kind of many members."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from limpyd import (
    GeoField,
    HashField,
    ListField,
    SetField,
    SortedSetField,
)
from tests.support.statement_comparison import database, go, lacking, small  # noqa: F401 - fixtures


@pytest.fixture
def members_model(face):
    class Thing(face.Model):
        database = face.database
        tags = SetField(indexable=True)
        others = SetField()
        numbers = SetField(type=int)
        prices = SetField(type=Decimal, indexable=True)
        owned = SetField(unique=True)
        queue = ListField(indexable=True)
        bag = ListField()
        ids = ListField(type=int)
        board = SortedSetField(indexable=True)
        ranks = SortedSetField()
        uids = SortedSetField(type=UUID)
        heads = HashField(indexable=True)
        rates = HashField(type=float)
        counts = HashField(type=int)
        single = HashField(unique=True)
        places = GeoField(indexable=True)
        spots = GeoField()

    return Thing


@pytest.fixture
async def members(face, members_model):
    return await face.do(members_model.create(owned=["mine"]))
