"""What a poll may be: texts, options and rules, as hosts give them, made sure of."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.accounts.account import checked_territory
from domain.catalog import language_tag
from domain.engagement.poll import LocalText, OptionId, PollKind, PollOption, PollRules
from domain.kernel.ids import new_id
from domain.kernel.refusals import InvalidInput

QUESTION_MAX_CHARS = 300
LABEL_MAX_CHARS = 120
LANGUAGES_MAX = 20
OPTIONS_MIN = 2
# More than a screen can show; and so many tallies move with each flush of votes.
OPTIONS_MAX = 20
GRADES_MAX = 10
# So that what a pot pays, stake times pot, stays within 64 bits for any crowd.
POINTS_MAX = 1_000_000
WEIGHT_MAX = 100
DURATION_MIN_S, DURATION_MAX_S = 5, 86_400
TERRITORIES_MAX = 250
_JOINERS = {0x200C: None, 0x200D: None}


@dataclass(frozen=True)
class NewOption:
    """An answer as a host gives it. `artwork_id` is a picture of the stream's title."""

    label: Sequence[LocalText] = ()
    artwork_id: UUID | None = None
    is_right: bool = False


@dataclass(frozen=True)
class NewPoll:
    """A question as a host gives it. A RATING brings no options but how many `grades` there are."""

    kind: PollKind
    question: Sequence[LocalText]
    options: Sequence[NewOption] = ()
    rules: PollRules = field(default_factory=PollRules)
    grades: int | None = None


@dataclass(frozen=True)
class CheckedPoll:
    """What can be written."""

    kind: PollKind
    question: tuple[LocalText, ...]
    options: tuple[PollOption, ...]
    rules: PollRules


def checked_poll(new: NewPoll) -> CheckedPoll:
    """Return a poll that holds together.

    Raises:
        InvalidInput.
    """
    question = checked_texts("question", new.question, QUESTION_MAX_CHARS)
    options = _grades(new) if new.kind is PollKind.RATING else _options(new)
    rules = _audience(new.rules)
    _check_points(new.kind, rules)
    _check_right(new.kind, options)
    if rules.duration_s is not None and not DURATION_MIN_S <= rules.duration_s <= DURATION_MAX_S:
        raise InvalidInput("durationSeconds", f"must be {DURATION_MIN_S} to {DURATION_MAX_S}")
    return CheckedPoll(new.kind, question, options, _choices(new.kind, options, rules))


def checked_texts(field: str, texts: Sequence[LocalText], max_chars: int) -> tuple[LocalText, ...]:
    """Return a text in its languages, each of them once.

    Raises:
        InvalidInput.
    """
    if not 1 <= len(texts) <= LANGUAGES_MAX:
        raise InvalidInput(field, f"needs 1 to {LANGUAGES_MAX} languages")
    checked = tuple(_text(field, text, max_chars) for text in texts)
    if len({text.language for text in checked}) != len(checked):
        raise InvalidInput(field, "has a language twice")
    return checked


def _text(field: str, text: LocalText, max_chars: int) -> LocalText:
    written = unicodedata.normalize("NFC", text.text).strip()
    # Emoji of several signs, and words of some scripts, hold joiners, which count as unprintable.
    if not 1 <= len(written) <= max_chars or not written.translate(_JOINERS).isprintable():
        raise InvalidInput(field, f"must have 1 to {max_chars} printable characters")
    return LocalText(language_tag(field, text.language), written)


def _options(new: NewPoll) -> tuple[PollOption, ...]:
    if new.grades is not None:
        raise InvalidInput("grades", "are of a RATING only")
    if not OPTIONS_MIN <= len(new.options) <= OPTIONS_MAX:
        raise InvalidInput("options", f"must be {OPTIONS_MIN} to {OPTIONS_MAX}")
    return tuple(
        PollOption(
            OptionId(new_id()), number, checked_texts("label", one.label, LABEL_MAX_CHARS), one.artwork_id, one.is_right
        )
        for number, one in enumerate(new.options, start=1)
    )


def _grades(new: NewPoll) -> tuple[PollOption, ...]:
    if new.options:
        raise InvalidInput("options", "a RATING has grades instead")
    if new.grades is None or not OPTIONS_MIN <= new.grades <= GRADES_MAX:
        raise InvalidInput("grades", f"must be {OPTIONS_MIN} to {GRADES_MAX}")
    return tuple(PollOption(OptionId(new_id()), number, (), None, False) for number in range(1, new.grades + 1))


def _audience(rules: PollRules) -> PollRules:
    if rules.plans is not None and not rules.plans:
        raise InvalidInput("plans", "must be at least one, or left out")
    if any(not 1 <= weight <= WEIGHT_MAX for weight in rules.weights.values()):
        raise InvalidInput("weights", f"must be 1 to {WEIGHT_MAX}")
    if rules.territories is None:
        return rules
    if not 1 <= len(rules.territories) <= TERRITORIES_MAX:
        raise InvalidInput("territories", f"must be 1 to {TERRITORIES_MAX}, or left out")
    territories = tuple(dict.fromkeys(checked_territory(territory) for territory in rules.territories))
    return replace(rules, territories=territories)


def _check_points(kind: PollKind, rules: PollRules) -> None:
    if kind in (PollKind.QUIZ, PollKind.PREDICTION):
        if not 1 <= rules.points <= POINTS_MAX:
            raise InvalidInput("points", f"must be 1 to {POINTS_MAX}")
    elif rules.points:
        raise InvalidInput("points", "are of a QUIZ and a PREDICTION only")
    if kind is PollKind.PREDICTION and rules.weights:
        raise InvalidInput("weights", "a PREDICTION weighs stakes, not votes")


def _check_right(kind: PollKind, options: Sequence[PollOption]) -> None:
    right = sum(option.is_right for option in options)
    if kind is PollKind.QUIZ and not 1 <= right < len(options):
        raise InvalidInput("options", "a QUIZ has right answers and wrong ones")
    if kind is not PollKind.QUIZ and right:
        raise InvalidInput("options", "only a QUIZ knows its right answers beforehand")


def _choices(kind: PollKind, options: Sequence[PollOption], rules: PollRules) -> PollRules:
    if kind is PollKind.QUIZ:
        # Whoever finds all right answers, and no wrong one, is right.
        right = sum(option.is_right for option in options)
        return replace(rules, min_choices=1, max_choices=max(right, rules.max_choices))
    if kind is not PollKind.MULTIPLE:
        changeable = rules.allows_change and kind is not PollKind.PREDICTION
        return replace(rules, min_choices=1, max_choices=1, allows_change=changeable)
    if not 1 <= rules.min_choices <= rules.max_choices <= len(options):
        raise InvalidInput("maxChoices", f"must be minChoices to {len(options)}, and minChoices at least 1")
    return rules
