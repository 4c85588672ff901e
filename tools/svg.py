"""A picture of two columns, what the program does and what Redis holds, as SVG that is legible on light and on dark."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

WIDTH, LEFT, RIGHT, COLUMN = 862, 16, 451, 395
LINE, HEAD, PAD, GAP, TOP = 17, 20, 9, 10, 44

STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #1f2937; white-space: pre }
.lane { font-size: 13px; font-weight: 600 }
.code { font: 11.5px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace }
.label { fill: #4b5563 }
.page { fill: #f9fafb; stroke: #d1d5db }
.box { fill: #ffffff; stroke: #9ca3af }
.strong { fill: #ecfdf5; stroke: #047857 }
.arrow { stroke: #374151; stroke-width: 1.5; fill: none; marker-end: url(#head) }
.head { fill: #374151 }
@media (prefers-color-scheme: dark) {
text { fill: #e5e7eb } .label { fill: #b6bdc9 } .page { fill: #16181d; stroke: #3b4252 }
.box { fill: #1f232b; stroke: #6b7280 } .strong { fill: #0c2b22; stroke: #34d399 }
.arrow { stroke: #d1d5db } .head { fill: #d1d5db }
}"""

SHOWN = 'role="img" aria-labelledby="title desc"'
HEAD_AT = 'refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"'


class Box(NamedTuple):
    """A label, and lines of code or of plain text below it, in a frame if it has code."""

    label: str
    code: list[str]
    plain: list[str]
    strong: bool

    @property
    def height(self) -> int:
        """In pixels."""
        return (HEAD if self.label else 0) + LINE * (len(self.code) + len(self.plain)) + (2 * PAD if self.code else 0)


class Picture:
    """Collects the boxes of both columns, from top to bottom."""

    def __init__(self, title: str, description: str) -> None:
        self.title = title
        self.description = description
        self.columns: dict[int, list[Box]] = {LEFT: [], RIGHT: []}
        self.arrows: tuple[str, str] | None = None

    def left(
        self, label: str, *, code: list[str] | None = None, plain: list[str] | None = None, strong: bool = False
    ) -> None:
        """Adds a box to the column of the program."""
        self.columns[LEFT].append(Box(label, code or [], plain or [], strong))

    def right(
        self, label: str, *, code: list[str] | None = None, plain: list[str] | None = None, strong: bool = False
    ) -> None:
        """Adds a box to the column of Redis."""
        self.columns[RIGHT].append(Box(label, code or [], plain or [], strong))

    def request(self, there: str, back: str) -> None:
        """Draws an arrow from the first box of the program to the first of Redis, and one back."""
        self.arrows = there, back

    def text(self, left: str, right: str) -> str:
        """Returns the SVG; the columns have these headings."""
        body: list[str] = []
        bottom = TOP
        for x, heading in ((LEFT, left), (RIGHT, right)):
            body.append(_text("lane", x, 26, heading))
            y = TOP
            for box in self.columns[x]:
                body += _box(box, x, y)
                y += box.height + GAP
            bottom = max(bottom, y)
        if self.arrows is not None:
            body += self._arrows()
        return "\n".join([*self._start(bottom + 4), *body, "</svg>", ""])

    def _arrows(self) -> list[str]:
        end = TOP + HEAD + PAD + LINE
        there, back = self.arrows or ("", "")
        lines = [
            f'<path class="arrow" d="M{LEFT + COLUMN} {end - 8}H{RIGHT - 3}"/>',
            f'<path class="arrow" d="M{RIGHT} {end + 8}H{LEFT + COLUMN + 3}"/>',
        ]
        told = ", ".join(part for part in (there, back) if part)
        lines.append(_text("label", LEFT + COLUMN, TOP + HEAD - 6, told, anchor="end"))
        return lines

    def _start(self, height: int) -> list[str]:
        return [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {SHOWN}>',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="desc">{escape(self.description)}</desc>',
            f"<style>\n{STYLE}\n</style>",
            f'<marker id="head" viewBox="0 0 8 8" {HEAD_AT}><path class="head" d="M0 0 8 4 0 8z"/></marker>',
            f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
        ]


def _box(box: Box, x: int, y: int) -> list[str]:
    lines = []
    if box.label:
        lines.append(_text("label", x, y + 14, box.label))
        y += HEAD
    if box.code:
        kind = "strong" if box.strong else "box"
        height = 2 * PAD + LINE * len(box.code)
        lines.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{COLUMN}" height="{height}" rx="5"/>')
        lines += [_text("code", x + PAD, y + PAD + 12 + LINE * row, line) for row, line in enumerate(box.code)]
    lines += [_text("label", x, y + 13 + LINE * row, line) for row, line in enumerate(box.plain)]
    return lines


def _text(kind: str, x: int, y: int, text: str, *, anchor: str = "") -> str:
    place = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{place} xml:space="preserve">{escape(text)}</text>'
