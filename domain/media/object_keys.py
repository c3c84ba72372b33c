"""Object keys: what may name an object, and what never can. Pure."""

import re

from domain.kernel.refusals import NotFound

# S3 allows 1,024 bytes with the prefix of the bucket in front; a local file system 255 for each segment.
KEY_MAX_CHARS = 900
SEGMENT_MAX_CHARS = 200

# No percent sign, backslash, control character or space: then no store, proxy or file system can read a key in a
# second way. No leading dot: `..` and hidden files are out with one rule.
_SEGMENT = re.compile(r"[A-Za-z0-9_=+@~-][A-Za-z0-9._=+@~-]*")


class ObjectMissing(NotFound):
    """There is no object with this key."""

    def __init__(self, key: str) -> None:
        super().__init__("object", key)


class InvalidObjectKey(ObjectMissing):
    """The key can name no object, so a reader is told the same as for a missing one."""


def checked_key(key: str) -> str:
    """Return the key when it may name an object: relative, forward slashes, plain characters, no dot segments.

    Raises:
        InvalidObjectKey.
    """
    segments = key.split("/")
    well_formed = all(len(part) <= SEGMENT_MAX_CHARS and _SEGMENT.fullmatch(part) for part in segments)
    if len(key) > KEY_MAX_CHARS or not well_formed:
        raise InvalidObjectKey(key[:KEY_MAX_CHARS])
    return key


def checked_prefix(prefix: str) -> str:
    """Return a prefix of whole segments without its closing slash.

    Raises:
        InvalidObjectKey: it is empty or malformed; so no slip can ever mean "everything".
    """
    return checked_key(prefix.removesuffix("/"))
