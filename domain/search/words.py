"""How texts become words, and words what can be compared: without case and accents, and in pieces of three letters.

Scripts without blanks between words are cut into pairs of signs.
"""

import re
import unicodedata
from collections.abc import Iterator

# Longer ones are no words; an index row of them would only be large.
WORD_MAX_CHARS = 40
_WORD = re.compile(r"\w+")
# Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer, Burmese: written without blanks, or glued to what follows.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)

# PostgreSQL's text search configurations, by the language of BCP 47 tags; what is not here is compared as written.
CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
PLAIN = "simple"


def configuration_of(language: str) -> str:
    """Return the text search configuration for a language tag."""
    return CONFIGURATIONS.get(language.partition("-")[0].lower(), PLAIN)


def plain(text: str) -> str:
    """Return a text without case, accents and what no text can hold, its words between single blanks."""
    return " ".join(words_of(text))


def words_of(text: str) -> list[str]:
    """Return the words of a text in their order, without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    # Hangul stays in pieces otherwise.
    whole = unicodedata.normalize("NFC", bare)
    return [word[:WORD_MAX_CHARS] for part in _WORD.findall(whole) for word in _cut(part.replace("_", ""))]


def grams_of(word: str) -> list[str]:
    """Return the pieces of three letters of a word, its beginning and its end marked."""
    marked = f"  {word} "
    return sorted({marked[start : start + 3] for start in range(len(marked) - 2)})


def telling_grams(word: str) -> list[str]:
    """Return so many pieces of a word that a similar one has at least one of them.

    A slip of the finger spoils three pieces. Beginnings are common to many words, so they come last.
    """
    spoiled = 3 if len(word) < 8 else 6
    return sorted(grams_of(word), key=lambda gram: (gram.startswith("  "), gram.endswith(" "), gram))[: spoiled + 1]


def slips(one: str, other: str) -> int:
    """Return how many slips of the finger lie between two words: a sign too many, too few, wrong, or two exchanged.

    The optimal string alignment distance.
    """
    above: list[int] = []
    row = list(range(len(other) + 1))
    for number, sign in enumerate(one, start=1):
        before, above, row = above, row, [number]
        for place, theirs in enumerate(other, start=1):
            best = min(above[place] + 1, row[-1] + 1, above[place - 1] + (sign != theirs))
            is_exchanged = number > 1 and place > 1 and sign == other[place - 2] and one[number - 2] == theirs
            row.append(min(best, before[place - 2] + 1) if is_exchanged else best)
    return row[-1]


def _cut(part: str) -> Iterator[str]:
    end = 0
    for run in _UNSPACED.finditer(part):
        if run.start() > end:
            yield part[end : run.start()]
        signs = run[0]
        yield from [signs[start : start + 2] for start in range(len(signs) - 1)] or [signs]
        end = run.end()
    if end < len(part):
        yield part[end:]
