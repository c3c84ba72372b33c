"""Automatic persisted queries: a client sends a hash, and the text only when this process does not know the hash yet.

The protocol is Apollo's ("Automatic Persisted Queries", protocol version 1). Whatever is valid is kept, so this saves
bytes and refuses nobody; what may be asked at all is the business of trusted documents.
"""

from collections import OrderedDict
from hashlib import sha256

KEPT_MAX = 1_000
KEPT_MAX_CHARS = 2_000_000


class AutomaticDocuments:
    """Texts by their SHA-256, the least used forgotten first. Another process simply asks for the text again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._kept_chars = 0

    def text_of(self, hash: str) -> str | None:
        """Return the text with this hash."""
        text = self._kept.get(hash)
        if text is not None:
            self._kept.move_to_end(hash)
        return text

    def keep(self, hash: str, text: str) -> None:
        """Keep a valid document under its hash."""
        if hash in self._kept:
            return
        self._kept[hash] = text
        self._kept_chars += len(text)
        while len(self._kept) > KEPT_MAX or self._kept_chars > KEPT_MAX_CHARS:
            _, dropped = self._kept.popitem(last=False)
            self._kept_chars -= len(dropped)


def is_hash_of(hash: str, text: str) -> bool:
    """Tell whether a hash, in hexadecimal, is the SHA-256 of a text."""
    return sha256(text.encode()).hexdigest() == hash.lower()
