"""The one access decision: who may watch what, in which quality, on how many screens, and why not.

`decide` is pure and denies by default: without an account in good standing, a published title, an open right in the
territory, a grant, a fitting age rating and ready media there is no access. Its question can be written down and
decided again later, which is how a decision is explained.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.catalog import WORLDWIDE, TitleState
from domain.entitlements.plan import PLAN_TERMS, SINGLE_TITLE_TERMS, Plan, PlanTerms
from domain.media.ladder import TrackClass


class Reason(StrEnum):
    """Why access is given, or every reason why it is not."""

    GRANTED_BY_PLAN = "GRANTED_BY_PLAN"
    GRANTED_BY_TITLE = "GRANTED_BY_TITLE"
    TITLE_NOT_PUBLISHED = "TITLE_NOT_PUBLISHED"
    NOT_AVAILABLE_IN_TERRITORY = "NOT_AVAILABLE_IN_TERRITORY"
    NOT_YET_AVAILABLE = "NOT_YET_AVAILABLE"
    NO_LONGER_AVAILABLE = "NO_LONGER_AVAILABLE"
    NO_GRANT = "NO_GRANT"
    NOT_ON_THIS_DEVICE = "NOT_ON_THIS_DEVICE"
    NOT_IN_PLAN = "NOT_IN_PLAN"
    MATURITY_LIMIT = "MATURITY_LIMIT"
    MEDIA_NOT_READY = "MEDIA_NOT_READY"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    # Not of a decision, which is about one title, but of a session beyond the screens that the account still has.
    STREAM_LIMIT = "STREAM_LIMIT"


@dataclass(frozen=True)
class Window:
    """A right or a grant in time: from `opens_at` until before `closes_at`, or without end."""

    opens_at: datetime
    closes_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        """Tell whether the window is open."""
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)


@dataclass(frozen=True)
class TerritoryRight:
    """Where and when the title may be shown, on what, and to holders of which plans; None is all of them.

    Whoever bought the title needs no plan.
    """

    territory: str
    window: Window
    device_classes: tuple[str, ...] | None = None
    plans: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Entitlement:
    """A grant as the decision sees it: of a plan, or of this title when `plan` is None."""

    plan: Plan | None
    window: Window


@dataclass(frozen=True)
class AccessQuestion:
    """Everything a decision depends on, and nothing else."""

    now: datetime
    territory: str
    maturity_limit: int
    account_suspended: bool
    title_state: TitleState | None
    maturity_age: int
    rights: tuple[TerritoryRight, ...]
    entitlements: tuple[Entitlement, ...]
    asset_id: UUID | None
    device_class: str = "WEB"

    def to_json(self) -> dict[str, object]:
        """Return the question as JSON values, to be kept with what was decided."""
        return {
            "now": self.now.isoformat(),
            "territory": self.territory,
            "maturity_limit": self.maturity_limit,
            "account_suspended": self.account_suspended,
            "title_state": self.title_state,
            "maturity_age": self.maturity_age,
            "rights": [
                [right.territory, *_window_json(right.window), right.device_classes, right.plans]
                for right in self.rights
            ],
            "entitlements": [[grant.plan, *_window_json(grant.window)] for grant in self.entitlements],
            "asset_id": str(self.asset_id) if self.asset_id else None,
            "device_class": self.device_class,
        }


@dataclass(frozen=True)
class AccessDecision:
    """The answer. When not `allowed`, the reasons say why and the rest is empty.

    `max_height` is in lines; `concurrent_streams` counts screens of the whole account.
    """

    allowed: bool
    reasons: tuple[Reason, ...]
    track_classes: frozenset[TrackClass]
    max_height: int | None
    concurrent_streams: int


def decide(question: AccessQuestion) -> AccessDecision:
    """Answer the question. Denied unless nothing speaks against it and a grant speaks for it."""
    refused = [*_refusals(question)]
    held = [grant for grant in question.entitlements if grant.window.is_open(question.now)]
    if not held:
        refused.append(Reason.NO_GRANT)
    if refused:
        return AccessDecision(False, tuple(refused), frozenset(), None, 0)
    plans = [grant.plan for grant in held if grant.plan is not None]
    has_title = any(grant.plan is None for grant in held)
    reasons = [Reason.GRANTED_BY_PLAN] if plans else []
    if has_title:
        reasons.append(Reason.GRANTED_BY_TITLE)
    terms = [PLAN_TERMS[plan] for plan in plans] + ([SINGLE_TITLE_TERMS] if has_title else [])
    return _allowed(reasons, terms)


def question_from_json(written: Mapping[str, object]) -> AccessQuestion:
    """Read back what `AccessQuestion.to_json` wrote."""
    state, asset_id = written["title_state"], written["asset_id"]
    return AccessQuestion(
        now=datetime.fromisoformat(str(written["now"])),
        territory=str(written["territory"]),
        maturity_limit=int(str(written["maturity_limit"])),
        account_suspended=bool(written["account_suspended"]),
        title_state=None if state is None else TitleState(str(state)),
        maturity_age=int(str(written["maturity_age"])),
        # What was written before rights had devices and plans has three values each.
        rights=tuple(
            TerritoryRight(str(right[0]), _window(right[1], right[2]), *map(_names, right[3:]))
            for right in _rows(written["rights"])
        ),
        entitlements=tuple(
            Entitlement(None if plan is None else Plan(plan), _window(opens, closes))
            for plan, opens, closes in _rows(written["entitlements"])
        ),
        asset_id=None if asset_id is None else UUID(str(asset_id)),
        device_class=str(written.get("device_class", "WEB")),
    )


def _refusals(question: AccessQuestion) -> Iterable[Reason]:
    if question.account_suspended:
        yield Reason.ACCOUNT_SUSPENDED
    if question.title_state is not TitleState.PUBLISHED:
        yield Reason.TITLE_NOT_PUBLISHED
    windows = [right.window for right in question.rights if right.territory in (WORLDWIDE, question.territory)]
    if not windows:
        yield Reason.NOT_AVAILABLE_IN_TERRITORY
    elif not any(window.is_open(question.now) for window in windows):
        is_ahead = any(window.opens_at > question.now for window in windows)
        yield Reason.NOT_YET_AVAILABLE if is_ahead else Reason.NO_LONGER_AVAILABLE
    else:
        yield from _restrictions(question)
    if question.maturity_age > question.maturity_limit:
        yield Reason.MATURITY_LIMIT
    if question.asset_id is None:
        yield Reason.MEDIA_NOT_READY


def _restrictions(question: AccessQuestion) -> Iterable[Reason]:
    """What the open rights leave out. They are there: the territory and the time are settled."""
    rights = [
        right
        for right in question.rights
        if right.territory in (WORLDWIDE, question.territory) and right.window.is_open(question.now)
    ]
    here = [right for right in rights if right.device_classes is None or question.device_class in right.device_classes]
    if not here:
        yield Reason.NOT_ON_THIS_DEVICE
        return
    held = [grant.plan for grant in question.entitlements if grant.window.is_open(question.now)]
    if held and None not in held and not any(right.plans is None or set(right.plans) & set(held) for right in here):
        yield Reason.NOT_IN_PLAN


def _allowed(reasons: Sequence[Reason], terms: Sequence[PlanTerms]) -> AccessDecision:
    best = max(terms, key=lambda candidate: candidate.max_height)
    return AccessDecision(
        allowed=True,
        reasons=tuple(reasons),
        track_classes=best.track_classes,
        max_height=best.max_height,
        concurrent_streams=max(candidate.concurrent_streams for candidate in terms),
    )


def _window_json(window: Window) -> tuple[str, str | None]:
    return window.opens_at.isoformat(), window.closes_at.isoformat() if window.closes_at else None


def _window(opens: str | None, closes: str | None) -> Window:
    assert opens is not None, "a window always opens"
    return Window(datetime.fromisoformat(opens), datetime.fromisoformat(closes) if closes else None)


def _names(written: object) -> tuple[str, ...] | None:
    return None if written is None else tuple(written)  # type: ignore[arg-type]  # a list of texts, as it was written


def _rows(written: object) -> list[list[Any]]:
    assert isinstance(written, list)
    return written
