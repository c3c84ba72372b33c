"""Codes on paper, for whoever lost their other ways to sign in: each works once."""

import hashlib
import secrets

CODES = 10
# Crockford's base32: no letters that look like digits. 16 of them are 80 bits, too many to guess even from a hash.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARS = 16
_GROUP = 4
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def new_codes() -> list[str]:
    """Return fresh codes, as they are shown this once."""
    return ["-".join(_group() for _ in range(CHARS // _GROUP)) for _ in range(CODES)]


def code_hash(code: str) -> bytes:
    """Return what is kept of a code, however it is typed."""
    return hashlib.sha256(code.upper().translate(_READ_AS).encode(errors="replace")).digest()


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
