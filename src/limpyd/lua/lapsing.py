"""The parts of the beginning of scripts that remove what is over (lua/lapsing.lua, lua/overdue_targets.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from limpyd.lua.linker import link, script_text

FOLDER = Path(__file__).parent
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--(?! @body).*\n")
BODY = "    -- @body\n"
VALUES, TARGETS = ("lapsing", "sweep_values"), ("overdue_targets", "sweep_targets")
"""The parts, each with the script that does it."""
MOST_TARGETS = 1000
"""The most objects that one step looks at, which ends after a few milliseconds."""


@cache
def beginning(part: tuple[str, str]) -> str:
    """Returns a part of the beginning, with the script that removes what is over as a function."""
    name, sweep = part
    text = (FOLDER / f"{name}.lua").read_text("utf-8").replace("$most", str(MOST_TARGETS))
    before, _, after = COMMENTS.sub("", text).partition(BODY)
    body = SHEBANG.sub("", link(script_text(sweep), sweep))
    return before + COMMENTS.sub("", body) + after
