"""The storage of Python values: one codec per type.

The text a codec stores is what Redis sees, so numbers are plain decimal text that INCRBY and the
like work on, and moments sort by their text.
"""

from limpyd.types.codec import Codec, Use
from limpyd.types.codecs import CODECS
from limpyd.types.declared import codec_for
from limpyd.types.geo import FARTHEST_EAST, FARTHEST_NORTH, GeoPoint
from limpyd.types.normal_forms import NORMAL_FORMS, normal_decimal
from limpyd.types.untyped import UNTYPED, Encodable, SupportsItems, Untyped

__all__ = [
    "CODECS",
    "FARTHEST_EAST",
    "FARTHEST_NORTH",
    "NORMAL_FORMS",
    "UNTYPED",
    "Codec",
    "Encodable",
    "GeoPoint",
    "SupportsItems",
    "Untyped",
    "Use",
    "codec_for",
    "normal_decimal",
]
