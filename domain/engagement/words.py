"""What viewers write: which texts are taken, and whether one of a show's blocked words is in them.

checked_text   bounded, normalised, nothing that hides, reorders or overprints
BlockList      words as people disguise them: case, width, accents, look-alikes, invisible signs, s p a c e s
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from domain.kernel.refusals import InvalidInput

BLOCKED_WORDS_MAX = 200
BLOCKED_WORD_MAX_CHARS = 50
# Written Vietnamese and pointed Hebrew need three; towers of marks cover the lines above.
MARKS_MAX = 6

# Joiners make emoji and are letters' neighbours in many scripts; the marks of direction do no harm alone.
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
_TAGS = range(0xE0020, 0xE0080)
_FLAG = "\U0001f3f4"
# Surrogates, unassigned and private signs, controls, and the separators of lines.
_REFUSED = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Zs"})
# Letters that are drawn without an outline of their own.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")

# What is drawn like a Latin letter, and what is written in its place. Both sides of a comparison go through it, so
# words of other scripts are still found in texts of their own.
_ALIKE = str.maketrans(
    "аеорсухіјѕԁԛԝһкмтвнӏгαβεικνορτυχηω0134578@$łøđħıʟ€£¢",
    "aeopcyxijsdqwhkmtbhirabeiknoptuxnwoieastbasiodhiiefc",
)  # fmt: skip
# Letters in boxes and circles, and those that make flags, are no letters to Unicode's own decomposition.
_BOXED = {
    first + number: chr(ord("a") + number) for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6) for number in range(26)
}
_UNSPACED = re.compile(r"[฀-໿က-႟ក-៿぀-ヿ㐀-鿿豈-﫿\U00020000-\U0003ffff]")
# What only stands for a letter between others; behind a word it is what it is.
_STANDS_FOR_I = re.compile(r"(?<=\w)[!|](?=\w)")
_WORD = re.compile(r"[^\W_]+")
_LONG_RUN = re.compile(r"(.)\1{2,}")
# So many single letters in a row are a word that was pulled apart.
_PULLED_APART_MIN = 3


def checked_text(text: str, *, field: str, max_chars: int) -> str:
    """Return a text as it is kept: NFC, without space around it.

    Raises:
        InvalidInput: it is empty or too long, or has signs that control, hide or reorder others.
    """
    if len(text) > max_chars * 4:
        raise InvalidInput(field, f"must have 1 to {max_chars} characters")
    text = unicodedata.normalize("NFC", text).strip()
    if not 1 <= len(text) <= max_chars or not any(_is_visible(sign) for sign in text):
        raise InvalidInput(field, f"must have 1 to {max_chars} characters")
    if not _is_plain(text):
        raise InvalidInput(field, "must be text without control characters")
    return text


def folded(text: str) -> str:
    """Return a text as it is compared: without case, width, accents and invisible signs, look-alikes as one letter."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_BOXED)).casefold()
    shown = (sign for sign in unicodedata.normalize("NFKD", decomposed) if not _is_dropped(sign))
    # `l` looks like `i` and `1` in too many fonts to be told from them.
    alike = unicodedata.normalize("NFC", "".join(shown).translate(_ALIKE)).replace("l", "i")
    return _STANDS_FOR_I.sub("i", alike)


@dataclass(frozen=True)
class BlockList:
    """A show's blocked words, ready to be looked for."""

    phrases: frozenset[tuple[str, ...]]
    beginnings: tuple[str, ...]
    unspaced: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        """Prepare words. A `*` at the end of one stands for any ending."""
        phrases, beginnings, unspaced = set(), [], []
        for word in words:
            plain = folded(word.rstrip("*"))
            parts = tuple(_WORD.findall(plain))
            if not parts:
                continue
            if _UNSPACED.search(plain):
                unspaced.append("".join(parts))
            elif word.endswith("*") and len(parts) == 1:
                beginnings.append(parts[0])
            else:
                phrases.add(parts)
        return cls(frozenset(phrases), tuple(beginnings), tuple(unspaced))

    def finds(self, text: str) -> bool:
        """Tell whether a blocked word is in a text."""
        if not (self.phrases or self.beginnings or self.unspaced):
            return False
        words = _WORD.findall(folded(text))
        together = "".join(words)
        if any(word in together for word in self.unspaced):
            return True
        return any(self._finds_in(variant) for variant in _variants(words))

    def _finds_in(self, words: Sequence[str]) -> bool:
        if self.beginnings and any(word.startswith(self.beginnings) for word in words):
            return True
        longest = max((len(phrase) for phrase in self.phrases), default=0)
        return any(
            tuple(words[start : start + size]) in self.phrases
            for start in range(len(words))
            for size in range(1, min(longest, len(words) - start) + 1)
        )


def checked_words(words: Sequence[str], *, field: str) -> tuple[str, ...]:
    """Return words to block, each once.

    Raises:
        InvalidInput: too many, or one that no text could have.
    """
    if len(words) > BLOCKED_WORDS_MAX:
        raise InvalidInput(field, f"must be {BLOCKED_WORDS_MAX} words at most")
    checked = [checked_text(word, field=field, max_chars=BLOCKED_WORD_MAX_CHARS) for word in words]
    if not all(_WORD.search(folded(word)) for word in checked):
        raise InvalidInput(field, "must be words with letters or digits")
    return tuple(dict.fromkeys(checked))


def _variants(words: Sequence[str]) -> list[list[str]]:
    """Return a text's words as written, with drawn-out letters shortened, and with pulled-apart words put together."""
    shortened = [[_LONG_RUN.sub(kept, word) for word in words] for kept in (r"\1", r"\1\1")]
    written = list(words)
    return [written, *(variant for variant in (*shortened, _put_together(written)) if variant != written)]


def _put_together(words: Sequence[str]) -> list[str]:
    joined: list[str] = []
    letters: list[str] = []
    for word in (*words, ""):
        if len(word) == 1:
            letters.append(word)
            continue
        joined += ["".join(letters)] if len(letters) >= _PULLED_APART_MIN else letters
        letters = []
        if word:
            joined.append(word)
    return joined


def _is_dropped(sign: str) -> bool:
    return unicodedata.category(sign) in ("Mn", "Me", "Cf") or sign in _BLANK


def _is_visible(sign: str) -> bool:
    return unicodedata.category(sign) not in _INVISIBLE and sign not in _BLANK


def _is_plain(text: str) -> bool:
    marks, before = 0, ""
    for sign in text:
        category = unicodedata.category(sign)
        if category in _REFUSED:
            return False
        if category == "Cf" and sign not in _JOINERS and not _is_tag_of_flag(sign, before):
            return False
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > MARKS_MAX:
            return False
        before = sign
    return True


def _is_tag_of_flag(sign: str, before: str) -> bool:
    """Tell whether an invisible letter belongs to a flag, as those of countries within countries have them."""
    return ord(sign) in _TAGS and before != "" and (before == _FLAG or ord(before) in _TAGS)
