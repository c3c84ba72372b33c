"""Email addresses: which are accepted, and how they are written so that equal ones look equal.

The part before the @ may be a dotted atom, a quoted string (RFC 5321, section 4.1.2) or Unicode (RFC 6531); the host is
kept in its ASCII form (IDNA 2008 with the mapping of UTS 46). An ASCII name keeps its case, and the database compares
without it; a Unicode name is kept as NFKC with its case folded, so that look-alike spellings of one name are one
address. Names and host labels that mix scripts, as look-alikes do, are refused (UTS 39, section 5.2).
"""

import re
import unicodedata

import idna

from domain.kernel.refusals import InvalidInput

# RFC 5321, section 4.5.3.1: a path is at most 256 octets with its brackets, a local part 64.
EMAIL_MAX_BYTES = 254
LOCAL_MAX_BYTES = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_DOTTED = re.compile(rf"{_ATOM}(\.{_ATOM})*")
# Inside quotes: printable ASCII without the quote and the backslash, or a backslash and any printable.
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\[ -~])+)"')
# Written together with Latin in everyday names: "highly restrictive" in UTS 39.
_WITH_LATIN = ({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}, {"LATIN", "CJK", "BOPOMOFO"}, {"LATIN", "CJK", "HANGUL"})
_REASON = "This is not an email address."


def prepared_email(given: str, *, field: str = "email") -> str:
    """Return an address in the one form that is kept and compared.

    Raises:
        InvalidInput: no mail can be sent there, or it mixes scripts.
    """
    given = given.strip()
    # Before anything walks over it: no address is longer, and characters are at least a byte.
    if len(given) > EMAIL_MAX_BYTES:
        raise InvalidInput(field, _REASON)
    local, at, host = given.rpartition("@")
    if not at:
        raise InvalidInput(field, _REASON)
    email = f"{_local(local, field)}@{_host(host, field)}"
    if len(email.encode()) > EMAIL_MAX_BYTES:
        raise InvalidInput(field, _REASON)
    return email


def _local(given: str, field: str) -> str:
    quoted = _QUOTED.fullmatch(given)
    if quoted is not None:
        bare = re.sub(r"\\(.)", r"\1", quoted[1])
        # Quotes around what needs none say nothing (RFC 5321, section 4.1.2).
        local = bare if _DOTTED.fullmatch(bare) else '"' + re.sub(r'(["\\])', r"\\\1", bare) + '"'
    else:
        # Spelled first, checked after: compatibility forms of @, dots or blanks become the real ones.
        local = given if given.isascii() else _folded(given)
        if not _DOTTED.fullmatch(local) or not local.isprintable() or _mixes_scripts(local):
            raise InvalidInput(field, _REASON)
    if len(local.encode(errors="surrogatepass")) > LOCAL_MAX_BYTES:
        raise InvalidInput(field, _REASON)
    return local


def _host(given: str, field: str) -> str:
    try:
        ascii_host = idna.encode(given, uts46=True, std3_rules=True, transitional=False).decode()
        labels = idna.decode(ascii_host).split(".")
    except (idna.IDNAError, UnicodeError):
        raise InvalidInput(field, _REASON) from None
    # A host in numbers is an address, and a name without a dot is a neighbour: neither is sent mail.
    if len(labels) < 2 or not labels[-1] or labels[-1].isdigit() or any(map(_mixes_scripts, labels)):
        raise InvalidInput(field, _REASON)
    return ascii_host.lower()


def _folded(text: str) -> str:
    # Folding may undo the normal form, so that form is made again (Unicode Standard, section 3.13, D146).
    folded = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", folded)


def _mixes_scripts(text: str) -> bool:
    scripts = {_script(character) for character in text if unicodedata.category(character).startswith("L")}
    return len(scripts) > 1 and not any(scripts <= together for together in _WITH_LATIN)


def _script(character: str) -> str:
    """Return the first word of a letter's name, which is its script: LATIN, CYRILLIC, CJK."""
    word = unicodedata.name(character, "?").partition(" ")[0]
    # Marks that repeat or lengthen what stands before them.
    return {"IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "KATAKANA"}.get(word, word)
