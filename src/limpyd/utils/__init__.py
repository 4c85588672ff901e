"""Helpers under the path of limpyd 2."""

from limpyd.utils.keys import Lock, make_key, normalize, unique_key

__all__ = ["Lock", "make_key", "normalize", "unique_key"]
