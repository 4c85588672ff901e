"""The layouts of keys, by name."""

from __future__ import annotations

from limpyd.keys import ModelKeys
from limpyd.keys.limpyd2 import Limpyd2Keys

LAYOUTS: dict[str, type[ModelKeys]] = {layout.layout: layout for layout in (ModelKeys, Limpyd2Keys)}
