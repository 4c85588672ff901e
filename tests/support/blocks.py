"""Blocks of pipelines on both faces."""

from __future__ import annotations

import contextlib


def fail():
    msg = "stop"
    raise ValueError(msg)


@contextlib.asynccontextmanager
async def block(face, context):
    """The block of a pipeline, as the face begins one."""
    if face.is_async:
        async with context as entered:
            yield entered
    else:
        with context as entered:
            yield entered
