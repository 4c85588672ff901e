"""Objects that are made on both faces."""

from __future__ import annotations


async def create(face, model, count, **values):
    """Makes objects; what a value that is a function gives for their number is theirs."""
    for number in range(count):
        each = {name: value(number) if callable(value) else value for name, value in values.items()}
        await face.do(model.create(**each))
