"""The beginning of scripts of models with values that lapse (lua/lapsing.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from limpyd.lua.linker import link, script_text

BEGINNING = Path(__file__).with_suffix(".lua")
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--(?! @body).*\n")
BODY = "    -- @body\n"
SWEEP = "sweep_values"


@cache
def beginning() -> str:
    """Returns that part of the beginning, with the script that removes such values as a function."""
    before, _, after = COMMENTS.sub("", BEGINNING.read_text("utf-8")).partition(BODY)
    body = SHEBANG.sub("", link(script_text(SWEEP), SWEEP))
    return before + COMMENTS.sub("", body) + after
