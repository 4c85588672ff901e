"""The promises in the comments of examples are kept, or noticed."""

from __future__ import annotations

import pytest

from tests.support.examples import program

KEPT = """
def double(x):
    return 2 * x

double(2)  # → 4
double(
    "é"
)  # → 'éé'
double([1])
# → [1, 1]
if True:
    double((1,))
    # → (1, 1)
int("w")
# raises ValueError
{3, 1, 2} | {5}  # → {5, 3, 2, 1}
object()  # → <object object at …>
print("é", double(3))  # → é 6
if True:
    int("é")  # raises ValueError
x = int("y")  # raises ValueError: invalid literal for int() with base 10: 'y'
async def main():
    import asyncio
    await asyncio.sleep(0, 5)  # → 5
import asyncio
asyncio.run(main())
"""


def test_kept():
    exec(program(KEPT), {})


@pytest.mark.parametrize(
    "source",
    [
        "1 + 1  # → 3",
        "'a'  # → a",
        "{1, 2}  # → {1}",
        "print(1)  # → 2",
        "1 + 1\n# → 3",
        "int('1')  # raises ValueError",
        "int('x')  # raises TypeError",
        "int('x')  # raises ValueError: something else",
        "x = int('x')  # raises ValueError: …else",
    ],
)
def test_broken(source):
    with pytest.raises(AssertionError, match="the example promises"):
        exec(program(source), {})


@pytest.mark.parametrize(
    "source", ["x = 1  # → 1", "if True:  # → 1\n    pass", "# → 1", "if True:\n    1\n# → 1", "1\n\n# → 1"]
)
def test_promises_of_nothing(source):
    with pytest.raises(ValueError, match="at no expression"):
        program(source)
