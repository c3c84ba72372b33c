"""What stands around the demo's titles: genres, credits, ratings, markers, a collection, and the home screen's rows."""

from collections.abc import Mapping
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import collections, credits, markers, ratings, tags, titles_by_id
from domain.catalog.details import Credit, CreditRole, Marker, MarkerKind, TagKind
from domain.insights import RowRule, RowTarget, create_home_row, describe_home_row, fill_home_row
from domain.kernel.idempotency import answer_once
from domain.kernel.work import Work
from domain.runtime import Runtime
from edge.demo.titles import TITLES

GENRES = {"abstract": {"en": "Abstract", "de": "Abstrakt"}, "nature": {"en": "Nature", "de": "Natur"}}
GENRES_OF = {
    "tidal-light": ("nature",),
    "into-the-abyss": ("abstract",),
    "night-garden": ("abstract", "nature"),
    "weather-of-nowhere": ("nature",),
}
RULED_ROWS = {
    RowRule.NEW: {"en": "New on Marquee", "de": "Neu bei Marquee"},
    RowRule.TRENDING: {"en": "What everybody watches", "de": "Was alle sehen"},
    RowRule.BECAUSE_YOU_WATCHED: {"en": "Because of what you watched", "de": "Weil Sie Ähnliches gesehen haben"},
    RowRule.LEAVING_SOON: {"en": "Leaving soon", "de": "Nicht mehr lange"},
}
CREDITS_S = 6.0


async def arrange_demo(runtime: Runtime, editor: Viewer, title_ids: Mapping[str, UUID]) -> None:
    """Put everything around the titles, unless an earlier start did. One transaction."""

    async def perform() -> Mapping[str, object]:
        await _describe(work, editor, title_ids)
        await _shelve(work, editor, list(title_ids.values()))
        return {}

    async with runtime.work() as work:
        await answer_once(
            work,
            account_id=editor.account_id,
            operation="demoShelves",
            key="demo-shelves",
            request={},
            perform=perform,
        )


async def _describe(work: Work, editor: Viewer, title_ids: Mapping[str, UUID]) -> None:
    genres = {slug: await _genre(work, editor, slug, names) for slug, names in GENRES.items()}
    maker = await credits.create_person(
        work,
        viewer=editor,
        language="en",
        name="Ada Render",
        biography="Draws with formulas. None of her pictures was ever in front of a camera.",
    )
    for title in TITLES:
        id = title_ids[title.slug]
        (row,) = await titles_by_id(work.reads(), [id])
        assert row is not None, "it was made just before"
        await tags.set_tags(
            work,
            viewer=editor,
            title_id=id,
            tag_ids=[genres[genre] for genre in GENRES_OF[title.slug]],
            expected_version=row.version,
        )
        made_by = [Credit(maker.id, role, None) for role in (CreditRole.DIRECTOR, CreditRole.COMPOSER)]
        await credits.set_credits(work, viewer=editor, title_id=id, credits=made_by, expected_version=row.version + 1)
        rated = [("FSK", str(title.maturity_age))]
        await ratings.set_ratings(work, viewer=editor, title_id=id, ratings=rated, expected_version=row.version + 2)
        ends_s = float(title.duration_s)
        await markers.set_markers(
            work,
            viewer=editor,
            title_id=id,
            markers=[Marker(MarkerKind.INTRO, 0.0, 8.0), Marker(MarkerKind.CREDITS, ends_s - CREDITS_S, ends_s)],
            expected_version=row.version + 3,
        )


async def _genre(work: Work, editor: Viewer, slug: str, names: Mapping[str, str]) -> UUID:
    (first, name), *others = names.items()
    genre = await tags.create_tag(work, viewer=editor, kind=TagKind.GENRE, slug=slug, language=first, name=name)
    for version, (language, name) in enumerate(others, start=1):
        await tags.describe_tag(
            work, viewer=editor, tag_id=genre.id, language=language, name=name, expected_version=version
        )
    return genre.id


async def _shelve(work: Work, editor: Viewer, title_ids: list[UUID]) -> None:
    collection = await collections.create_collection(
        work, viewer=editor, slug="computed-worlds", language="en", name="Computed worlds",
        description="Places that exist for as long as somebody computes them.",
    )  # fmt: skip
    await collections.fill_collection(
        work, viewer=editor, collection_id=collection.id, title_ids=title_ids, expected_version=1
    )
    picks = await _row(work, editor, RowRule.EDITORIAL, {"en": "Our picks", "de": "Unsere Auswahl"}, 10)
    await fill_home_row(work, viewer=editor, row_id=picks, title_ids=title_ids, expected_version=2)
    for number, (rule, names) in enumerate(RULED_ROWS.items(), start=2):
        await _row(work, editor, rule, names, number * 10)


async def _row(work: Work, editor: Viewer, rule: RowRule, names: Mapping[str, str], position: int) -> UUID:
    (first, name), *others = names.items()
    row = await create_home_row(
        work,
        viewer=editor,
        rule=rule,
        language=first,
        name=name,
        position=position,
        is_shown=True,
        target=RowTarget(),
    )
    for version, (language, name) in enumerate(others, start=1):
        await describe_home_row(
            work, viewer=editor, row_id=row.id, language=language, name=name, expected_version=version
        )
    return row.id
