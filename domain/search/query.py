"""What somebody asks for: a text and filters."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.catalog import TitleKind
from domain.kernel.refusals import InvalidInput
from domain.search.words import configuration_of, words_of

TEXT_MAX_CHARS = 200
WORDS_MAX = 12
FILTER_VALUES_MAX = 50


@dataclass(frozen=True)
class Filters:
    """What to keep of what is found; an empty one keeps all.

    `genres` are slugs, `audio_languages` BCP 47 tags, years are inclusive.
    """

    kinds: Sequence[TitleKind] = ()
    genres: Sequence[str] = ()
    audio_languages: Sequence[str] = ()
    released_from: int | None = None
    released_to: int | None = None

    def check(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            InvalidInput.
        """
        if max(len(self.kinds), len(self.genres), len(self.audio_languages)) > FILTER_VALUES_MAX:
            raise InvalidInput("filters", f"Name at most {FILTER_VALUES_MAX} values of each kind.")


@dataclass(frozen=True)
class Asked:
    """The words of a text in their order, and the configurations in which they may stand."""

    words: Sequence[str]
    configurations: Sequence[str]

    @classmethod
    def read(cls, text: str, languages: Sequence[str]) -> "Asked":
        """Read a text for somebody who wants these languages.

        Raises:
            InvalidInput: it is too long.
        """
        if len(text) > TEXT_MAX_CHARS:
            raise InvalidInput("text", f"Use at most {TEXT_MAX_CHARS} characters.")
        wanted = [configuration_of(language) for language in languages] or ["english"]
        return cls(words_of(text)[:WORDS_MAX], list(dict.fromkeys(wanted))[:4])
