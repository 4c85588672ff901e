"""Waiting for the clock of a server."""

import time
from typing import Any


def passed(face: Any, milliseconds: int = 3) -> None:
    """Waits until the clock of the server has moved on."""
    seconds, micros = face.client.time()
    end = seconds * 1000 + micros // 1000 + milliseconds
    while True:
        seconds, micros = face.client.time()
        if seconds * 1000 + micros // 1000 >= end:
            return
        time.sleep(0.0005)


def is_left(found: int, seconds: int) -> bool:
    """Returns whether that may be left of so many seconds, which have begun a moment ago; what is negative stays."""
    return found == seconds or (seconds > 0 and found == seconds - 1)
