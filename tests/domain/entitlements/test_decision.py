"""The access decision: denied unless everything speaks for it, with every reason why not."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog import TitleState
from domain.entitlements import (
    AccessQuestion,
    Entitlement,
    Plan,
    Reason,
    TerritoryRight,
    Window,
    decide,
    question_from_json,
)
from domain.media.ladder import TrackClass

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
OPEN = Window(NOW - timedelta(days=1), NOW + timedelta(days=1))
PAST = Window(NOW - timedelta(days=2), NOW)
FUTURE = Window(NOW + timedelta(seconds=1), None)


def question(**changes: object) -> AccessQuestion:
    """A question whose answer is yes, with some changes."""
    values: dict[str, object] = {
        "now": NOW,
        "territory": "DE",
        "maturity_limit": 16,
        "account_suspended": False,
        "title_state": TitleState.PUBLISHED,
        "maturity_age": 16,
        "rights": (TerritoryRight("DE", OPEN),),
        "entitlements": (Entitlement(Plan.STANDARD, OPEN),),
        "asset_id": uuid4(),
    }
    return AccessQuestion(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_a_plan_gives_its_quality_and_screens() -> None:
    decision = decide(question())
    assert decision.allowed
    assert decision.reasons == (Reason.GRANTED_BY_PLAN,)
    assert decision.track_classes == {TrackClass.AUDIO, TrackClass.SD, TrackClass.HD}
    assert decision.max_height == 1080
    assert decision.concurrent_streams == 2


def test_the_better_of_two_grants_counts() -> None:
    both = (Entitlement(Plan.BASIC, OPEN), Entitlement(None, OPEN))
    decision = decide(question(entitlements=both))
    assert decision.reasons == (Reason.GRANTED_BY_PLAN, Reason.GRANTED_BY_TITLE)
    assert TrackClass.UHD in decision.track_classes
    assert decision.concurrent_streams == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account_suspended": True}, Reason.ACCOUNT_SUSPENDED),
        ({"title_state": TitleState.DRAFT}, Reason.TITLE_NOT_PUBLISHED),
        ({"title_state": TitleState.WITHDRAWN}, Reason.TITLE_NOT_PUBLISHED),
        ({"title_state": None}, Reason.TITLE_NOT_PUBLISHED),
        ({"rights": ()}, Reason.NOT_AVAILABLE_IN_TERRITORY),
        ({"territory": "JP"}, Reason.NOT_AVAILABLE_IN_TERRITORY),
        ({"rights": (TerritoryRight("DE", FUTURE),)}, Reason.NOT_YET_AVAILABLE),
        ({"rights": (TerritoryRight("DE", PAST), TerritoryRight("*", FUTURE))}, Reason.NOT_YET_AVAILABLE),
        ({"rights": (TerritoryRight("*", PAST),)}, Reason.NO_LONGER_AVAILABLE),
        ({"entitlements": ()}, Reason.NO_GRANT),
        ({"entitlements": (Entitlement(Plan.PREMIUM, PAST),)}, Reason.NO_GRANT),
        ({"entitlements": (Entitlement(Plan.PREMIUM, FUTURE),)}, Reason.NO_GRANT),
        ({"maturity_limit": 15}, Reason.MATURITY_LIMIT),
        ({"asset_id": None}, Reason.MEDIA_NOT_READY),
    ],
)
def test_every_no_has_its_reason(change: dict[str, object], reason: Reason) -> None:
    decision = decide(question(**change))
    assert not decision.allowed
    assert decision.reasons == (reason,)
    assert decision.track_classes == frozenset()
    assert decision.concurrent_streams == 0


def test_all_reasons_are_told_at_once() -> None:
    decision = decide(question(territory="JP", maturity_limit=0, asset_id=None))
    assert decision.reasons == (Reason.NOT_AVAILABLE_IN_TERRITORY, Reason.MATURITY_LIMIT, Reason.MEDIA_NOT_READY)


WINDOWS = st.builds(
    lambda start, length: Window(
        NOW + timedelta(hours=start), None if length is None else NOW + timedelta(hours=start + length)
    ),
    st.integers(-48, 48),
    st.none() | st.integers(1, 48),
)
QUESTIONS = st.builds(
    AccessQuestion,
    now=st.just(NOW),
    territory=st.sampled_from(["DE", "JP"]),
    maturity_limit=st.integers(0, 21),
    account_suspended=st.booleans(),
    title_state=st.none() | st.sampled_from(TitleState),
    maturity_age=st.integers(0, 21),
    rights=st.lists(st.builds(TerritoryRight, st.sampled_from(["DE", "JP", "*"]), WINDOWS), max_size=3).map(tuple),
    entitlements=st.lists(st.builds(Entitlement, st.none() | st.sampled_from(Plan), WINDOWS), max_size=3).map(tuple),
    asset_id=st.none() | st.uuids(),
)


@given(QUESTIONS)
def test_access_is_never_given_without_everything_it_needs(asked: AccessQuestion) -> None:
    def is_open(window: Window) -> bool:
        return window.opens_at <= NOW and (window.closes_at is None or window.closes_at > NOW)

    needed = (
        not asked.account_suspended
        and asked.title_state is TitleState.PUBLISHED
        and any(right.territory in ("*", asked.territory) and is_open(right.window) for right in asked.rights)
        and any(is_open(grant.window) for grant in asked.entitlements)
        and asked.maturity_age <= asked.maturity_limit
        and asked.asset_id is not None
    )
    assert decide(asked).allowed is needed


@given(QUESTIONS)
def test_a_question_that_was_kept_is_answered_the_same(asked: AccessQuestion) -> None:
    kept = orjson.loads(orjson.dumps(asked.to_json()))
    assert question_from_json(kept) == asked


def test_a_right_for_other_devices_is_none_here() -> None:
    here, there = TerritoryRight("DE", OPEN, ("WEB",)), TerritoryRight("*", OPEN, ("TV", "MOBILE"))
    assert decide(question(rights=(there,))).reasons == (Reason.NOT_ON_THIS_DEVICE,)
    assert decide(question(rights=(there, here))).allowed
    assert decide(question(rights=(there,), device_class="TV")).allowed
    # A right that is not open is not asked about devices.
    assert decide(question(rights=(TerritoryRight("DE", PAST, ("TV",)),))).reasons == (Reason.NO_LONGER_AVAILABLE,)


def test_a_right_for_other_plans_leaves_the_plan_out() -> None:
    premium = (TerritoryRight("DE", OPEN, None, ("PREMIUM",)),)
    assert decide(question(rights=premium)).reasons == (Reason.NOT_IN_PLAN,)
    assert decide(question(rights=premium, entitlements=(Entitlement(Plan.PREMIUM, OPEN),))).allowed
    past = (Entitlement(Plan.PREMIUM, PAST), Entitlement(Plan.STANDARD, OPEN))
    assert decide(question(rights=premium, entitlements=past)).reasons == (Reason.NOT_IN_PLAN,)
    assert decide(question(rights=(*premium, TerritoryRight("*", OPEN)))).allowed
    # Whoever bought the title needs no plan; whoever has nothing is told so, once.
    assert decide(question(rights=premium, entitlements=(Entitlement(None, OPEN),))).allowed
    assert decide(question(rights=premium, entitlements=())).reasons == (Reason.NO_GRANT,)


def test_a_question_of_before_rights_had_devices_is_still_read() -> None:
    asked = question(rights=(TerritoryRight("DE", OPEN, ("TV",), ("PREMIUM",)),), device_class="TV")
    written = orjson.loads(orjson.dumps(asked.to_json()))
    assert question_from_json(written) == asked
    written["rights"] = [right[:3] for right in written["rights"]]
    del written["device_class"]
    old = question_from_json(written)
    assert (old.rights, old.device_class) == ((TerritoryRight("DE", OPEN),), "WEB")
