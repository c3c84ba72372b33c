"""What stands around a title: people, genres and tags, collections, ratings, extras, markers, chapters."""

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import (
    SlugTaken,
    Title,
    TitleKind,
    TitlesOf,
    collections,
    create_title,
    credits,
    extras,
    grant_right,
    markers,
    publish_title,
    ratings,
    tags,
    titles_of,
)
from domain.catalog.details import (
    Chapter,
    Credit,
    CreditRole,
    Extra,
    ExtraKind,
    Marker,
    MarkerKind,
    Rating,
    Tagged,
    TagKind,
)
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from tests.arrange import create_editor, create_viewer


@dataclass
class Desk:
    """An editor with a film."""

    work: Work
    editor: Viewer
    film: Title

    async def title(self, kind: TitleKind = TitleKind.MOVIE) -> Title:
        made = await create_title(self.work, viewer=self.editor, kind=kind, language="en", name="x")
        opens_at = self.work.now - timedelta(days=1)
        await grant_right(self.work, viewer=self.editor, title_id=made.id, territory="*", opens_at=opens_at)
        return await publish_title(self.work, viewer=self.editor, title_id=made.id, expected_version=1)

    async def person(self, name: str = "Ada") -> UUID:
        return (await credits.create_person(self.work, viewer=self.editor, language="en", name=name)).id

    async def tag(self, slug: str, kind: TagKind = TagKind.GENRE) -> UUID:
        made = await tags.create_tag(self.work, viewer=self.editor, kind=kind, slug=slug, language="en", name=slug)
        return made.id

    async def shown(self, what: TitlesOf, owner: UUID) -> list[UUID]:
        page = PageRequest.parse()
        (found,) = await titles_of(self.work.reads(), what, [owner], viewer=None, page=page)
        return [title.id for title in found.items]

    def facts(self) -> list[str]:
        return [fact.kind for _, fact in self.work._announced]


@pytest.fixture
async def desk(work: Work) -> Desk:
    editor = await create_editor(work)
    desk = Desk(work, editor, None)  # type: ignore[arg-type]  # set on the next line
    desk.film = await desk.title()
    return desk


async def test_credits_are_replaced_as_a_whole(desk: Desk) -> None:
    ada, bob = await desk.person(), await desk.person("Bob")
    cast = [
        Credit(ada, CreditRole.ACTOR, " Countess "),
        Credit(bob, CreditRole.DIRECTOR, None),
        Credit(bob, CreditRole.ACTOR, ""),
    ]
    changed = await credits.set_credits(
        desk.work, viewer=desk.editor, title_id=desk.film.id, credits=cast, expected_version=2
    )
    assert changed.version == 3
    assert await credits.credits_of(desk.work.reads(), [desk.film.id]) == [
        [Credit(ada, CreditRole.ACTOR, "Countess"), cast[1], Credit(bob, CreditRole.ACTOR, None)]
    ]
    # Two credits of one title are one title of the person.
    assert await desk.shown(TitlesOf.PERSON, bob) == [desk.film.id]
    await credits.set_credits(desk.work, viewer=desk.editor, title_id=desk.film.id, credits=[], expected_version=3)
    assert await credits.credits_of(desk.work.reads(), [desk.film.id, uuid4()]) == [[], []]
    assert desk.facts()[-2:] == ["TitleChanged", "TitleChanged"]


async def test_a_person_has_texts_in_several_languages(desk: Desk) -> None:
    ada = await desk.person()
    described = await credits.describe_person(
        desk.work, viewer=desk.editor, person_id=ada, language="DE-at", name="Ada ", biography="B", expected_version=1
    )
    assert (described.version, [(name.language, name.name, name.about) for name in described.names]) == (
        2,
        [("de-AT", "Ada", "B"), ("en", "Ada", "")],
    )
    assert desk.facts()[-1] == "PersonChanged"
    with pytest.raises(StaleVersion):
        await credits.describe_person(
            desk.work, viewer=desk.editor, person_id=ada, language="en", name="x", biography="", expected_version=1
        )
    with pytest.raises(NotFound):
        await credits.describe_person(
            desk.work, viewer=desk.editor, person_id=uuid4(), language="en", name="x", biography="", expected_version=1
        )


async def test_genres_and_tags_keep_their_order(desk: Desk) -> None:
    drama, noir = await desk.tag("drama"), await desk.tag("noir", TagKind.TAG)
    await tags.set_tags(desk.work, viewer=desk.editor, title_id=desk.film.id, tag_ids=[noir, drama], expected_version=2)
    assert await tags.tags_of(desk.work.reads(), [desk.film.id]) == [
        [Tagged(noir, TagKind.TAG), Tagged(drama, TagKind.GENRE)]
    ]
    assert await desk.shown(TitlesOf.TAG, drama) == [desk.film.id]
    assert await tags.tag_by_slug(desk.work.reads(), "noir") == noir
    assert await tags.tag_by_slug(desk.work.reads(), "Noir") is None
    (found,) = await tags.tags_by_id(desk.work.reads(), [noir])
    assert found is not None
    assert (found.slug, found.kind, [name.name for name in found.names]) == ("noir", TagKind.TAG, ["noir"])
    await tags.describe_tag(
        desk.work, viewer=desk.editor, tag_id=noir, language="de", name="Schwarz", expected_version=1
    )
    assert desk.facts()[-1] == "TagChanged"


async def test_a_slug_is_taken_once(desk: Desk) -> None:
    await desk.tag("drama")
    with pytest.raises(SlugTaken):
        await desk.tag("drama", TagKind.TAG)
    made = {"viewer": desk.editor, "language": "en", "name": "x"}
    await collections.create_collection(desk.work, slug="summer", **made)
    with pytest.raises(SlugTaken):
        await collections.create_collection(desk.work, slug="summer", **made)
    for slug in ("", "Summer", "a b", "-a", "a--b", "ä", "x" * 61, "a\n"):
        with pytest.raises(InvalidInput):
            await collections.create_collection(desk.work, slug=slug, **made)


async def test_a_collection_shows_what_may_be_found_in_its_order(desk: Desk) -> None:
    made = await collections.create_collection(
        desk.work, viewer=desk.editor, slug="best", language="en", name="Best of", description="All of it"
    )
    hidden = await create_title(desk.work, viewer=desk.editor, kind=TitleKind.CLIP, language="en", name="draft")
    other = await desk.title()
    filled = await collections.fill_collection(
        desk.work,
        viewer=desk.editor,
        collection_id=made.id,
        title_ids=[other.id, hidden.id, desk.film.id],
        expected_version=1,
    )
    assert filled.version == 2
    assert await desk.shown(TitlesOf.COLLECTION, made.id) == [other.id, desk.film.id]
    assert await collections.collections_of(desk.work.reads(), [desk.film.id, uuid4()]) == [[made.id], []]
    assert desk.facts()[-1] == "CollectionChanged"
    for ids in ([desk.film.id] * 2, [uuid4()]):
        with pytest.raises((InvalidInput, NotFound)):
            await collections.fill_collection(
                desk.work, viewer=desk.editor, collection_id=made.id, title_ids=ids, expected_version=2
            )


async def test_ratings_follow_their_systems(desk: Desk) -> None:
    await ratings.set_ratings(
        desk.work, viewer=desk.editor, title_id=desk.film.id, ratings=[("MPA", "PG-13"), ("FSK", "12")],
        expected_version=2,
    )  # fmt: skip
    assert await ratings.ratings_of(desk.work.reads(), [desk.film.id]) == [
        [Rating("FSK", "12", 12), Rating("MPA", "PG-13", 13)]
    ]
    for wrong in ([("FSK", "13")], [("XYZ", "12")], [("FSK", "12"), ("FSK", "16")]):
        with pytest.raises(InvalidInput):
            await ratings.set_ratings(
                desk.work, viewer=desk.editor, title_id=desk.film.id, ratings=wrong, expected_version=3
            )


async def test_only_clips_hang_on_titles(desk: Desk) -> None:
    trailer = await desk.title(TitleKind.CLIP)
    wanted = [Extra(trailer.id, ExtraKind.TRAILER)]
    await extras.set_extras(desk.work, viewer=desk.editor, title_id=desk.film.id, extras=wanted, expected_version=2)
    assert await extras.extras_of(desk.work.reads(), [desk.film.id]) == [wanted]
    film = await desk.title()
    for ids in ([film.id], [uuid4()], [trailer.id, trailer.id]):
        with pytest.raises((InvalidInput, NotFound)):
            async with desk.work.connection.begin_nested():
                await extras.set_extras(
                    desk.work,
                    viewer=desk.editor,
                    title_id=desk.film.id,
                    extras=[Extra(id, ExtraKind.OTHER) for id in ids],
                    expected_version=3,
                )


async def test_markers_do_not_overlap_their_kind(desk: Desk) -> None:
    wanted = [Marker(MarkerKind.CREDITS, 580.0, 600.0), Marker(MarkerKind.INTRO, 0.0, 30.5)]
    await markers.set_markers(desk.work, viewer=desk.editor, title_id=desk.film.id, markers=wanted, expected_version=2)
    assert await markers.markers_of(desk.work.reads(), [desk.film.id]) == [wanted[::-1]]
    for wrong in (
        [Marker(MarkerKind.INTRO, 0, 10), Marker(MarkerKind.INTRO, 9, 20)],
        [Marker(MarkerKind.INTRO, 10, 10)],
        [Marker(MarkerKind.INTRO, -1, 10)],
        [Marker(MarkerKind.INTRO, math.nan, 10)],
        [Marker(MarkerKind.INTRO, 1, math.inf)],
        [Marker(MarkerKind.INTRO, float(n), n + 0.5) for n in range(51)],
    ):
        with pytest.raises(InvalidInput):
            await markers.set_markers(
                desk.work, viewer=desk.editor, title_id=desk.film.id, markers=wrong, expected_version=3
            )


async def test_chapters_are_told_in_the_best_language(desk: Desk) -> None:
    for version, (language, names) in enumerate(
        [("en", ["Start", "End"]), ("de", ["Anfang", "Ende"]), ("de", ["Beginn"])], start=2
    ):
        await markers.set_chapters(
            desk.work,
            viewer=desk.editor,
            title_id=desk.film.id,
            language=language,
            chapters=[(n * 10.0, name) for n, name in enumerate(names)],
            expected_version=version,
        )
    (found,) = await markers.chapters_of(desk.work.reads(), [desk.film.id], languages=["de-AT"])
    assert found == [Chapter(0.0, "de", "Beginn"), Chapter(10.0, "en", "End")]


async def _credits(desk: Desk, viewer: Viewer | None, title_id: UUID, version: int) -> Any:
    return await credits.set_credits(desk.work, viewer=viewer, title_id=title_id, credits=[], expected_version=version)


async def _tags(desk: Desk, viewer: Viewer | None, title_id: UUID, version: int) -> Any:
    return await tags.set_tags(desk.work, viewer=viewer, title_id=title_id, tag_ids=[], expected_version=version)


async def _markers(desk: Desk, viewer: Viewer | None, title_id: UUID, version: int) -> Any:
    return await markers.set_markers(desk.work, viewer=viewer, title_id=title_id, markers=[], expected_version=version)


@pytest.mark.parametrize("change", [_credits, _tags, _markers])
async def test_who_may_not_or_knows_another_version_changes_nothing(
    desk: Desk, change: Callable[[Desk, Viewer | None, UUID, int], Awaitable[Any]]
) -> None:
    viewer = await create_viewer(desk.work)
    for who, title_id, version, refusal in (
        (None, desk.film.id, 2, SignInRequired),
        (viewer, desk.film.id, 2, Forbidden),
        (desk.editor, uuid4(), 2, NotFound),
        (desk.editor, desk.film.id, 1, StaleVersion),
    ):
        with pytest.raises(refusal):
            await change(desk, who, title_id, version)
    assert (
        await desk.work.connection.scalar(text("SELECT version FROM titles WHERE id = :id"), {"id": desk.film.id}) == 2
    )


@pytest.mark.parametrize("credit", [Credit(uuid4(), CreditRole.ACTOR, None)])
async def test_a_credit_of_nobody_is_not_found(desk: Desk, credit: Credit) -> None:
    with pytest.raises(NotFound):
        await credits.set_credits(
            desk.work, viewer=desk.editor, title_id=desk.film.id, credits=[credit], expected_version=2
        )
    with pytest.raises(InvalidInput):
        await credits.set_credits(
            desk.work, viewer=desk.editor, title_id=desk.film.id, credits=[credit] * 201, expected_version=2
        )
