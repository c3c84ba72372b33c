"""Which texts may be passwords, and how they are prepared so that one typed anywhere is the same one.

Length counts, mixtures of characters do not (NIST SP 800-63B, section 3.1.1.2).
"""

import unicodedata

from domain.kernel.refusals import InvalidInput

PASSWORD_MIN_CHARS = 10
# Far beyond any sentence; what is longer is refused before anything reads it.
PASSWORD_MAX_CHARS = 512
# Fewer different characters than this are a pattern that guessers try first.
DIFFERENT_MIN = 5
# What guessers try first among the long ones; each also stands for what only adds digits to it.
COMMON = (
    "password", "passwort", "motdepasse", "contrasena", "iloveyou", "letmein", "qwertyuiop", "qwertzuiop",
    "azertyuiop", "1q2w3e4r5t", "1qaz2wsx3edc", "administrator", "changeme", "football", "baseball", "superman",
    "princess", "sunshine", "welcome", "dragon", "monkey", "marquee", "streaming", "abcdefghij", "trustno1",
)  # fmt: skip
_SEQUENCES = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz")


def prepared_password(given: str, *, field: str = "password") -> str:
    """Return a password as it is hashed, whichever keyboard typed it (RFC 8265, section 4.2, with NFKC).

    Raises:
        InvalidInput: longer than any password, or not a text.
    """
    if not 1 <= len(given) <= PASSWORD_MAX_CHARS:
        raise InvalidInput(field, f"Use at most {PASSWORD_MAX_CHARS} characters.")
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in given)
    prepared = unicodedata.normalize("NFKC", spaced)
    # Controls, and halves of characters; unassigned ones may get another normal form later.
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cn") for character in prepared):
        raise InvalidInput(field, "Use letters, digits, signs and blanks only.")
    return prepared


def new_password(given: str, *, email: str | None, field: str = "password") -> str:
    """Return a password to set from now on, prepared. `email` is its account's.

    Raises:
        InvalidInput: too short, too long, or among the first that anybody would guess.
    """
    prepared = prepared_password(given, field=field)
    if len(prepared) < PASSWORD_MIN_CHARS:
        raise InvalidInput(field, f"Use at least {PASSWORD_MIN_CHARS} characters.")
    if _is_guessed_first(prepared.casefold(), email):
        raise InvalidInput(field, "This would be guessed soon. Use several words that only you put together.")
    return prepared


def _is_guessed_first(password: str, email: str | None) -> bool:
    known = () if email is None else (email.casefold(), email.casefold().partition("@")[0])
    bare = password.strip("0123456789!?.#*_- ")
    return (
        len(set(password)) < DIFFERENT_MIN
        or bare in COMMON
        or password in known
        or (len(bare) > 0 and bare in known)
        or any(password in sequence for sequence in _SEQUENCES)
    )
