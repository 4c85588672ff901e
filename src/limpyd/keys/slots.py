"""The hash slots of keys, of which each node of a cluster has some.

See https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, "Key distribution model".
"""

from __future__ import annotations

from binascii import crc_hqx

SLOTS = 16384


def slot_of(key: bytes) -> int:
    """Returns the hash slot of a key: the CRC16 (XMODEM) of its hash tag, or of all of it if it has none."""
    start = key.find(b"{")
    if start >= 0:
        end = key.find(b"}", start + 1)
        if end > start + 1:
            key = key[start + 1 : end]
    return crc_hqx(key, 0) & (SLOTS - 1)
