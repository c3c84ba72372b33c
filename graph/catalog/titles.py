"""Titles as viewers find them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain import catalog as domain
from domain.catalog import Right as RightRow
from domain.catalog import Title as TitleRow
from domain.catalog import TitleKind, TitlesOf, TitleState, rights_of, texts_of, translations_of
from domain.catalog import TitleText as TextRow
from domain.kernel.paging import Page, PageRequest
from domain.media.asset import Asset as AssetRow
from domain.media.assets import assets_of_titles
from graph.artwork import Artwork, Image, artwork_image, poster_of, titles_artwork, titles_artworks, titles_posters
from graph.batching import batched, derived
from graph.catalog.belonging import titles_field
from graph.catalog.details import (
    Availability,
    Chapter,
    Extra,
    Marker,
    Rating,
    titles_availability,
    titles_chapters,
    titles_extras,
    titles_markers,
    titles_ratings,
)
from graph.catalog.named import (
    Collection,
    Credit,
    Tag,
    Titles,
    titles_collections,
    titles_credits,
    titles_genres,
    titles_tags,
)
from graph.catalog.parts import following, season_numbers, titles_season, titles_series
from graph.catalog.revisions import Revision, ScheduledChange, titles_revisions, titles_scheduled
from graph.context import Context
from graph.device_classes import DeviceClass
from graph.enums import described
from graph.fragments import kept
from graph.global_ids import Kind, load_node, loads_node
from graph.guide.slots import (
    ScheduleSlot,
    channels_listings_ids,
    channels_now_and_next,
    channels_schedules,
    schedule_of,
)
from graph.loads import is_editor, title_assets, titles_languages, titles_playing
from graph.media import Asset
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.resume import resume_points
from graph.root_fields import query_field
from graph.rows import declares

described(
    TitleKind,
    description="What sort of thing a title is.",
    values={
        TitleKind.MOVIE: "A film.",
        TitleKind.SERIES: "A series, which has seasons or episodes.",
        TitleKind.SEASON: "A season of a series.",
        TitleKind.EPISODE: "One part of a series.",
        TitleKind.CLIP: "Something short: a trailer, an extra.",
        TitleKind.LIVE_EVENT: "Something that happens at a set time: a match, a concert, a show.",
        TitleKind.CHANNEL: "Something that goes on and on, with a schedule.",
    },
)
described(
    TitleState,
    description="Whether viewers may find a title.",
    values={
        TitleState.DRAFT: "Not yet: editors are working on it.",
        TitleState.PUBLISHED: "Wherever it has an open right.",
        TitleState.WITHDRAWN: "No longer.",
    },
)


async def titles_texts(context: Context, keys: Sequence[UUID]) -> list[TextRow | None]:
    """Load the best text of each title for this caller's languages."""
    return await texts_of(context.reads, keys, languages=context.caller.languages)


async def titles_translations(context: Context, keys: Sequence[UUID]) -> list[list[TextRow]]:
    """Load the texts of titles in every language."""
    return await translations_of(context.reads, keys)


async def titles_rights(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[RightRow]]:
    """Load the rights of titles; only editors see them."""
    return await rights_of(context.reads, keys) if is_editor(context) else [() for _ in keys]


async def titles_assets(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[AssetRow]]:
    """Load every asset of titles, the newest first; only editors see them."""
    return await assets_of_titles(context.reads, keys) if is_editor(context) else [() for _ in keys]


@loads_node(Kind.RIGHT, row=RightRow)
async def visible_rights(context: Context, keys: Sequence[UUID]) -> list[RightRow | None]:
    """Load rights; only editors see them."""
    return await domain.rights_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


def _id_of(row: TitleRow) -> UUID:
    return row.id


def _parent_of(row: TitleRow) -> UUID | None:
    return row.parent_id


@declares(TextRow)
@strawberry.type(description="What a title is called and about, in one language.")
class TitleText:
    """A title's texts in one language."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    name: str = strawberry.field(description="What the title is called.")
    synopsis: str = strawberry.field(description="What it is about; may be empty.")


@declares(RightRow)
@strawberry.type(description="Where and when a title may be shown.")
class Right(Node):
    """A right."""

    territory: str = strawberry.field(description="An ISO 3166-1 alpha-2 code, or `*` for everywhere.")
    opens_at: datetime = strawberry.field(description="From when.")
    closes_at: datetime | None = strawberry.field(description="Until before when; null without end.")
    device_classes: list[DeviceClass] = derived(
        lambda right, _: right.device_classes or (), description="Only on these; empty for all."
    )
    plans: list[str] = derived(
        lambda right, _: right.plans or (), description="Only holders of these plans may play it; empty for all."
    )


@kept
@declares(TitleRow)
@strawberry.type(description="Something to watch.")
class Title(Node):
    """A title. Its texts are in the best language for the caller: the profile's, then Accept-Language, then its own."""

    kind: TitleKind = strawberry.field(description="What sort of thing it is.")
    state: TitleState = strawberry.field(description="Whether viewers may find it.")
    name: str = batched(
        titles_texts,
        key=_id_of,
        is_shared=True,
        shape="name",
        description="What it is called, in `language`.",
    )
    synopsis: str = batched(
        titles_texts,
        key=_id_of,
        is_shared=True,
        shape="synopsis",
        description="What it is about, in `language`.",
    )
    language: str = batched(
        titles_texts,
        key=_id_of,
        is_shared=True,
        shape="language",
        description="The language of name and synopsis.",
    )
    texts: list[TitleText] = batched(
        titles_translations,
        key=_id_of,
        is_shared=True,
        list_size=3,
        description="Its texts in every language there is.",
    )
    release_year: int | None = strawberry.field(description="The year it came out.")
    original_language: str | None = strawberry.field(
        description="The language it was made in, as a BCP 47 tag; null when nobody said."
    )
    starts_at: datetime | None = strawberry.field(description="When a live event starts; null for all else.")
    ends_at: datetime | None = strawberry.field(description="When a live event ends; null when that is open.")
    series: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(
        titles_series, key=_parent_of, description="The series it is a season or an episode of."
    )
    season: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(
        titles_season, key=_parent_of, description="The season it is an episode of."
    )
    season_number: int | None = batched(
        season_numbers,
        key=_parent_of,
        shape=lambda number, _: number,
        description="The number of the season it is an episode of.",
    )
    number: int | None = strawberry.field(description="A season's or an episode's number in what it is a part of.")
    seasons: Titles | None = titles_field(
        TitlesOf.SEASONS, description="The seasons of a series that the viewer may find, by number."
    )
    episodes: Titles | None = titles_field(
        TitlesOf.EPISODES,
        description="The episodes of a season, or of a series without seasons, that the viewer may find, by number.",
    )
    next_episode: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(
        following,
        key=lambda row: row.id if row.kind is TitleKind.EPISODE else None,
        description="The episode after this one, which may be the first of the next season.",
    )
    credits: list[Credit] = batched(
        titles_credits, key=_id_of, description="Who worked on it, in the order editors chose."
    )
    genres: list[Tag] = batched(titles_genres, key=_id_of, list_size=3, description="Its genres.")
    tags: list[Tag] = batched(titles_tags, key=_id_of, list_size=5, description="Its other tags.")
    collections: list[Collection] = batched(
        titles_collections, key=_id_of, list_size=3, description="The collections it is in."
    )
    ratings: list[Rating] = batched(
        titles_ratings, key=_id_of, is_shared=True, list_size=3, description="Its national ratings."
    )
    availability: Availability | None = batched(
        titles_availability,
        key=_id_of,
        description="While when the viewer may find it where it is, on its device; null when it may not.",
    )
    extras: list[Extra] = batched(
        titles_extras, key=_id_of, list_size=5, description="Trailers and other clips that hang on it."
    )
    markers: list[Marker] = batched(
        titles_markers, key=_id_of, is_shared=True, list_size=3, description="What a player may offer to skip."
    )
    chapters: list[Chapter] = batched(
        titles_chapters, key=_id_of, is_shared=True, description="Its chapters, each in the best language there is."
    )
    maturity_age: int = strawberry.field(
        description="The youngest age it is meant for, in years, where no national rating holds."
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")
    published_at: datetime | None = strawberry.field(description="When it was first published.")
    duration_seconds: float | None = batched(
        titles_playing,
        key=_id_of,
        is_shared=True,
        shape="duration_s",
        description="How long it plays; null until it does.",
    )
    poster: Image | None = batched(
        titles_posters,
        key=_id_of,
        is_shared=True,
        shape=poster_of,
        load_arguments=("width",),
        description="The poster that was uploaded for the caller's language, or else a still; null until there is one.",
    )
    artwork: Image | None = batched(
        titles_artwork,
        key=_id_of,
        is_shared=True,
        shape=artwork_image,
        load_arguments=("kind", "width", "format"),
        description="A picture that was uploaded, in the best language for the caller; null when there is none.",
    )
    artworks: list[Artwork] = batched(
        titles_artworks,
        key=_id_of,
        list_size=5,
        description="Every picture that was uploaded, the newest first. Empty unless you edit.",
    )
    revisions: list[Revision] = batched(
        titles_revisions,
        key=_id_of,
        list_size=3,
        description="Its newest revisions, up to 50, the newest first. Empty unless you edit.",
    )
    scheduled_changes: list[ScheduledChange] = batched(
        titles_scheduled,
        key=_id_of,
        list_size=3,
        description="What is set to happen to it, or has: up to 50, the latest first. Empty unless you edit.",
    )
    rights: list[Right] = batched(
        titles_rights, key=_id_of, list_size=3, description="Where and when it may be shown. Empty unless you edit."
    )
    schedule: list[ScheduleSlot] = batched(
        channels_schedules,
        key=_id_of,
        shape=schedule_of,
        load_arguments=("opens_at", "closes_at"),
        list_size=50,
        description="Of a channel: what it shows between two instants, in order, up to 500. Empty for other titles.",
    )
    on_now: ScheduleSlot | None = batched(
        channels_now_and_next,
        key=_id_of,
        shape="now",
        description="Of a channel: what it shows at this instant; null when that is unknown.",
    )
    on_next: ScheduleSlot | None = batched(
        channels_now_and_next,
        key=_id_of,
        shape="next",
        description="Of a channel: what it shows after `onNow`; null when that is unknown.",
    )
    listings_id: str | None = batched(
        channels_listings_ids,
        key=_id_of,
        description="Of a channel: what XMLTV listings call it. Null unless you edit.",
    )
    asset: Asset | None = batched(
        title_assets, key=_id_of, description="What plays. Editors see the newest asset whatever its state."
    )
    assets: list[Asset] = batched(
        titles_assets, key=_id_of, list_size=3, description="Every asset, the newest first. Empty unless you edit."
    )
    resume_position_seconds: float | None = batched(
        resume_points,
        key=_id_of,
        shape="position_s",
        description="Where the viewer's profile left it; null when it never began.",
    )
    audio_languages: list[str] = batched(
        titles_languages,
        key=_id_of,
        is_shared=True,
        shape="audio",
        description="The languages of its sound, as BCP 47 tags.",
    )
    text_languages: list[str] = batched(
        titles_languages,
        key=_id_of,
        is_shared=True,
        shape="text",
        description="The languages of its subtitles and captions, as BCP 47 tags.",
    )


TitleConnection = connection_of(Title, plural="titles")


@query_field(Title | None, description="The title with this id, or null when there is none that the viewer may see.")
async def title(context: Context, id: Annotated[ID, strawberry.argument(description="The title's id.")]) -> Any:
    """Find a title."""
    return await load_node(context, id, only=Kind.TITLE)


@query_field(
    TitleConnection,
    description="Titles, the newest first: what is published and open where the viewer is; for editors, all.",
)
async def titles(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[TitleRow]:
    """List titles."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.list_titles(context.reads, viewer=context.viewer, page=page)
