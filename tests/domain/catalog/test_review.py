"""Revisions: hidden until approved by another and published, and never undoing somebody else's edit."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import (
    Title,
    TitleKind,
    TitleState,
    create_title,
    describe_title,
    grant_right,
    publish_title,
    titles_by_id,
    translations_of,
    visible_titles,
    withdraw_title,
)
from domain.catalog.review import (
    Change,
    ContentField,
    Draft,
    DraftText,
    NothingChanged,
    OwnRevision,
    Revision,
    RevisionConflicts,
    RevisionState,
    RevisionStateRefused,
    ScheduledAction,
    ScheduledState,
    TooManyRevisions,
    approve_revision,
    cancel_scheduled_change,
    create_revision,
    discard_revision,
    edit_revision,
    publish_revision,
    reject_revision,
    revisions_by_id,
    run_due_change,
    schedule_title,
    scheduled_of_titles,
    submit_revision,
)
from domain.kernel.bus import Bus
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Database, Work
from tests.arrange import create_editor, create_viewer

GERMAN = DraftText("de", "Spielfilm", "Gut.")


class Desk:
    """An author, a reviewer, and a title."""

    def __init__(self, work: Work, author: Viewer, reviewer: Viewer, title: Title) -> None:
        self.work, self.author, self.reviewer, self.title = work, author, reviewer, title

    async def now(self) -> Title:
        (title,) = await titles_by_id(self.work.reads(), [self.title.id])
        assert title is not None
        return title

    async def names(self) -> dict[str, str]:
        (texts,) = await translations_of(self.work.reads(), [self.title.id])
        return {found.language: found.name for found in texts}

    async def write(self, draft: Draft) -> Revision:
        version = (await self.now()).version
        return await create_revision(
            self.work, viewer=self.author, title_id=self.title.id, expected_version=version, draft=draft
        )

    async def approved(self, draft: Draft) -> Revision:
        revision = await self.write(draft)
        await submit_revision(self.work, viewer=self.author, revision_id=revision.id, expected_version=1)
        return await approve_revision(self.work, viewer=self.reviewer, revision_id=revision.id, expected_version=2)

    async def publish(self, revision: Revision, *, at: datetime | None = None) -> Revision:
        return await publish_revision(
            self.work, viewer=self.author, revision_id=revision.id, expected_version=revision.version, at=at
        )

    async def scheduled(self) -> list[tuple[str, str, str | None]]:
        (found,) = await scheduled_of_titles(self.work.reads(), [self.title.id])
        return [(one.action.value, one.state.value, one.failure) for one in found]

    def at(self, seconds: float) -> Work:
        """The same transaction at a later instant."""
        return Work(self.work.connection, now=self.work.now + timedelta(seconds=seconds))


@pytest.fixture
async def desk(work: Work) -> Desk:
    author, reviewer = await create_editor(work), await create_editor(work)
    title = await create_title(work, viewer=author, kind=TitleKind.MOVIE, language="en", name="Film", maturity_age=6)
    await grant_right(work, viewer=author, title_id=title.id, territory="*", opens_at=work.now)
    return Desk(work, author, reviewer, title)


async def test_viewers_see_nothing_of_a_revision_until_it_is_published(desk: Desk, work: Work) -> None:
    viewer = await create_viewer(work)
    revision = await desk.approved(Draft([DraftText("en", "Movie"), GERMAN], release_year=2001))
    assert revision.changes == (
        Change(ContentField.NAME, "de", None, "Spielfilm"),
        Change(ContentField.NAME, "en", "Film", "Movie"),
        Change(ContentField.RELEASE_YEAR, None, None, 2001),
        Change(ContentField.SYNOPSIS, "de", None, "Gut."),
    )
    assert await desk.names() == {"en": "Film"}
    assert await visible_titles(work.reads(), [desk.title.id], viewer=viewer) == [None]
    published = await desk.publish(revision)
    assert (published.state, published.published_at) == (RevisionState.PUBLISHED, work.now)
    assert await desk.names() == {"en": "Movie", "de": "Spielfilm"}
    title = await desk.now()
    assert (title.state, title.version, title.release_year) == (TitleState.PUBLISHED, 2, 2001)
    assert await visible_titles(work.reads(), [desk.title.id], viewer=viewer) == [title]


async def test_nobody_reviews_words_of_their_own(desk: Desk, work: Work) -> None:
    revision = await desk.write(Draft([GERMAN]))
    await submit_revision(work, viewer=desk.author, revision_id=revision.id, expected_version=1)
    for verb in (approve_revision, reject_revision):
        with pytest.raises(OwnRevision):
            await verb(work, viewer=desk.author, revision_id=revision.id, expected_version=2, comment="Fine.")
    edited = await edit_revision(
        work, viewer=desk.reviewer, revision_id=revision.id, expected_version=2, draft=Draft([DraftText("de", "Film")])
    )
    await submit_revision(work, viewer=desk.author, revision_id=revision.id, expected_version=edited.version)
    with pytest.raises(OwnRevision):
        await approve_revision(work, viewer=desk.reviewer, revision_id=revision.id, expected_version=4)
    approved = await approve_revision(
        work, viewer=desk.reviewer, revision_id=revision.id, expected_version=4, by_another=False
    )
    assert approved.state is RevisionState.APPROVED


async def test_a_rejected_revision_says_why_and_can_be_edited(desk: Desk, work: Work) -> None:
    revision = await desk.write(Draft([GERMAN]))
    await submit_revision(work, viewer=desk.author, revision_id=revision.id, expected_version=1)
    with pytest.raises(InvalidInput):
        await reject_revision(work, viewer=desk.reviewer, revision_id=revision.id, expected_version=2, comment=" ")
    rejected = await reject_revision(
        work, viewer=desk.reviewer, revision_id=revision.id, expected_version=2, comment="A typo."
    )
    assert (rejected.state, rejected.comment, rejected.reviewed_by) == (
        RevisionState.REJECTED, "A typo.", desk.reviewer.account_id,
    )  # fmt: skip
    with pytest.raises(RevisionStateRefused):
        await desk.publish(rejected)
    edited = await edit_revision(
        work,
        viewer=desk.author,
        revision_id=revision.id,
        expected_version=3,
        draft=Draft([DraftText("de", "Ein Film")]),
    )
    assert (edited.state, edited.reviewed_by, edited.version) == (RevisionState.DRAFT, None, 4)


@pytest.mark.parametrize("step", ["submit", "approve", "reject", "publish", "edit", "discard"])
async def test_a_revision_takes_only_the_steps_of_its_state(desk: Desk, work: Work, step: str) -> None:
    revision = await desk.approved(Draft([GERMAN]))
    done = await desk.publish(revision)
    common: dict[str, Any] = {"viewer": desk.reviewer, "revision_id": done.id, "expected_version": done.version}
    with pytest.raises(RevisionStateRefused) as refused:
        match step:
            case "submit":
                await submit_revision(work, **common)
            case "approve":
                await approve_revision(work, **common)
            case "reject":
                await reject_revision(work, **common, comment="No.")
            case "publish":
                await publish_revision(work, **common)
            case "edit":
                await edit_revision(work, **common, draft=Draft([DraftText("de", "Anders")]))
            case "discard":
                await discard_revision(work, **common)
    assert refused.value.state == "PUBLISHED"
    assert await revisions_by_id(work.reads(), [done.id]) == [done]


async def test_a_revision_never_undoes_a_later_edit_in_the_same_place(desk: Desk, work: Work) -> None:
    revision = await desk.approved(Draft([DraftText("en", "Movie"), GERMAN]))
    await describe_title(
        work, viewer=desk.reviewer, title_id=desk.title.id, language="en", name="Picture", synopsis="",
        expected_version=1,
    )  # fmt: skip
    with pytest.raises(RevisionConflicts) as refused:
        await desk.publish(revision)
    assert refused.value.fields == ("NAME en",)
    assert await desk.names() == {"en": "Picture"}
    # Edited against what is there now, it can be published.
    again = await edit_revision(
        work, viewer=desk.author, revision_id=revision.id, expected_version=3, draft=Draft([DraftText("en", "Movie")])
    )
    assert again.changes == (Change(ContentField.NAME, "en", "Picture", "Movie"),)


async def test_a_later_edit_elsewhere_or_to_the_same_words_is_no_conflict(desk: Desk, work: Work) -> None:
    revision = await desk.approved(Draft([GERMAN, DraftText("fr", "Le film")]))
    for version, (language, name) in enumerate((("fr", "Le film"), ("it", "Il film")), start=1):
        await describe_title(
            work, viewer=desk.reviewer, title_id=desk.title.id, language=language, name=name, synopsis="",
            expected_version=version,
        )  # fmt: skip
    await desk.publish(revision)
    assert await desk.names() == {"en": "Film", "de": "Spielfilm", "fr": "Le film", "it": "Il film"}


async def test_a_text_can_be_taken_away_but_not_the_titles_own(desk: Desk, work: Work) -> None:
    await desk.publish(await desk.approved(Draft([GERMAN])))
    with pytest.raises(InvalidInput):
        await desk.write(Draft([DraftText("en", None)]))
    await desk.publish(await desk.approved(Draft([DraftText("de", None)])))
    assert await desk.names() == {"en": "Film"}


@pytest.mark.parametrize(
    ("draft", "refusal"),
    [
        (Draft(), NothingChanged),
        (Draft([DraftText("en", "Film")]), NothingChanged),
        (Draft([DraftText("en", "")]), InvalidInput),
        (Draft([DraftText("Klingon", "x")]), InvalidInput),
        (Draft([GERMAN, GERMAN]), InvalidInput),
        (Draft([DraftText("de", "x", "y" * 5001)]), InvalidInput),
        (Draft(release_year=1), InvalidInput),
        (Draft(maturity_age=-1), InvalidInput),
        (Draft([DraftText(f"{a}{b}", "x") for a in "abcdefgh" for b in "abcdefgh"]), InvalidInput),
    ],
)
async def test_what_cannot_be_published_is_refused_at_once(desk: Desk, draft: Draft, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await desk.write(draft)
    counted = await desk.work.connection.execute(text("SELECT count(*) FROM title_revisions"))
    assert counted.scalar_one() == 0


async def test_only_editors_work_on_revisions(desk: Desk, work: Work) -> None:
    viewer, revision = await create_viewer(work), await desk.write(Draft([GERMAN]))
    for somebody, refusal in ((viewer, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await submit_revision(work, viewer=somebody, revision_id=revision.id, expected_version=1)
        with pytest.raises(refusal):
            await schedule_title(
                work, viewer=somebody, title_id=desk.title.id, action=ScheduledAction.WITHDRAW,
                at=work.now + timedelta(1),
            )  # fmt: skip
    with pytest.raises(NotFound):
        await submit_revision(work, viewer=desk.author, revision_id=work.new_id(), expected_version=1)


async def test_a_title_has_a_bounded_number_of_open_revisions(desk: Desk, work: Work) -> None:
    for number in range(20):
        last = await desk.write(Draft([DraftText("de", f"Film {number}")]))
    with pytest.raises(TooManyRevisions):
        await desk.write(Draft([GERMAN]))
    await discard_revision(work, viewer=desk.author, revision_id=last.id, expected_version=1)
    await desk.write(Draft([GERMAN]))


async def test_of_two_editors_who_save_at_once_one_is_told_the_version_there_is(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        editors = [await create_editor(work), await create_editor(work)]
        title = await create_title(work, viewer=editors[0], kind=TitleKind.MOVIE, language="en", name="Film")
        draft = Draft([GERMAN])
        revision = await create_revision(work, viewer=editors[0], title_id=title.id, expected_version=1, draft=draft)

    async def save(number: int) -> int:
        async with database.work(bus=bus) as work:
            edited = await edit_revision(
                work, viewer=editors[number], revision_id=revision.id, expected_version=1,
                draft=Draft([DraftText("de", f"Film {number}")]),
            )  # fmt: skip
            return edited.version

    outcomes = await asyncio.gather(save(0), save(1), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, StaleVersion)]
    assert [one for one in outcomes if isinstance(one, int)] == [2]
    assert [(one.expected, one.actual) for one in refused] == [(1, 2)]


async def test_a_title_is_published_and_taken_down_at_the_set_times_each_once(desk: Desk, work: Work) -> None:
    for action, hours in ((ScheduledAction.WITHDRAW, 2), (ScheduledAction.PUBLISH, 1)):
        await schedule_title(
            work, viewer=desk.author, title_id=desk.title.id, action=action, at=work.now + timedelta(hours=hours)
        )
    assert await run_due_change(desk.at(3599)) is None
    done = await run_due_change(desk.at(3600))
    assert done is not None
    assert (done.action, done.state) == (ScheduledAction.PUBLISH, ScheduledState.DONE)
    assert await run_due_change(desk.at(3600)) is None
    assert ((await desk.now()).state, (await desk.now()).version) == (TitleState.PUBLISHED, 2)
    # After a long outage everything is due, in its order.
    assert await run_due_change(desk.at(999_999)) is not None
    assert (await desk.now()).state is TitleState.WITHDRAWN
    assert await desk.scheduled() == [("WITHDRAW", "DONE", None), ("PUBLISH", "DONE", None)]


async def test_a_revision_is_published_at_its_time(desk: Desk, work: Work) -> None:
    revision = await desk.approved(Draft([GERMAN]))
    waiting = await desk.publish(revision, at=work.now + timedelta(hours=1))
    assert (waiting.state, await desk.names()) == (RevisionState.APPROVED, {"en": "Film"})
    assert await run_due_change(desk.at(3600)) is not None
    assert await desk.names() == {"en": "Film", "de": "Spielfilm"}
    assert (await desk.now()).state is TitleState.PUBLISHED


async def test_a_revision_in_conflict_at_its_time_fails_and_says_so(desk: Desk, work: Work) -> None:
    revision = await desk.approved(Draft([DraftText("en", "Movie")]))
    await desk.publish(revision, at=work.now + timedelta(hours=1))
    await describe_title(
        work, viewer=desk.reviewer, title_id=desk.title.id, language="en", name="Picture", synopsis="",
        expected_version=1,
    )  # fmt: skip
    failed = await run_due_change(desk.at(3600))
    assert failed is not None
    assert (failed.state, failed.failure) == (ScheduledState.FAILED, "REVISION_CONFLICTS")
    assert await desk.names() == {"en": "Picture"}
    assert (await desk.now()).state is TitleState.DRAFT


async def test_editing_or_discarding_calls_the_publication_off(desk: Desk, work: Work) -> None:
    first = await desk.approved(Draft([GERMAN]))
    waiting = await desk.publish(first, at=work.now + timedelta(hours=1))
    again = await desk.publish(waiting, at=work.now + timedelta(hours=2))
    await edit_revision(
        work, viewer=desk.author, revision_id=first.id, expected_version=again.version,
        draft=Draft([DraftText("de", "Anders")]),
    )  # fmt: skip
    assert await run_due_change(desk.at(99_999)) is None
    assert await desk.scheduled() == [("PUBLISH_REVISION", "CANCELLED", None)] * 2


async def test_what_is_called_off_does_not_happen(desk: Desk, work: Work) -> None:
    change = await schedule_title(
        work, viewer=desk.author, title_id=desk.title.id, action=ScheduledAction.PUBLISH,
        at=work.now + timedelta(hours=1),
    )  # fmt: skip
    cancelled = await cancel_scheduled_change(work, viewer=desk.reviewer, scheduled_id=change.id)
    assert cancelled.state is ScheduledState.CANCELLED
    assert await run_due_change(desk.at(3600)) is None
    with pytest.raises(NotFound):
        await cancel_scheduled_change(work, viewer=desk.reviewer, scheduled_id=change.id)
    assert (await desk.now()).state is TitleState.DRAFT


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=9_999)])
async def test_a_time_that_is_past_or_too_far_is_refused(desk: Desk, work: Work, ahead: timedelta) -> None:
    with pytest.raises(InvalidInput):
        await schedule_title(
            work, viewer=desk.author, title_id=desk.title.id, action=ScheduledAction.PUBLISH, at=work.now + ahead
        )
    assert await desk.scheduled() == []


async def test_twenty_sweeps_at_once_let_everything_happen_once_and_in_order(database: Database, bus: Bus) -> None:
    now = datetime.fromisoformat("2030-01-01T12:00:00+00:00")
    async with database.work(bus=bus, clock=lambda: now) as work:
        editor = await create_editor(work)
        title = await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name="Film")
        for hour in range(1, 11):
            action = ScheduledAction.PUBLISH if hour % 2 else ScheduledAction.WITHDRAW
            await schedule_title(work, viewer=editor, title_id=title.id, action=action, at=now + timedelta(hours=hour))

    async def sweep() -> int:
        async with database.work(bus=bus, clock=lambda: now + timedelta(days=1)) as work:
            return 0 if await run_due_change(work) is None else 1

    assert sum(await asyncio.gather(*(sweep() for _ in range(20)))) == 10
    async with database.read() as connection:
        rows = await connection.execute(
            text("SELECT kind FROM facts WHERE topic = 'catalog' AND kind <> 'TitleChanged' ORDER BY \"offset\"")
        )
        assert list(rows.scalars()) == ["TitlePublished", "TitleWithdrawn"] * 5
        state = await connection.execute(text("SELECT state, version FROM titles"))
        assert tuple(state.one()) == ("WITHDRAWN", 11)


async def test_publishing_directly_and_withdrawing_work_as_before(desk: Desk, work: Work) -> None:
    revision = await desk.approved(Draft([GERMAN]))
    await publish_title(work, viewer=desk.author, title_id=desk.title.id, expected_version=1)
    await withdraw_title(work, viewer=desk.author, title_id=desk.title.id, expected_version=2)
    await desk.publish(revision)
    assert ((await desk.now()).state, (await desk.now()).version) == (TitleState.PUBLISHED, 4)
