"""What stands around a title: its ratings, extras, what may be skipped, chapters, and when it may be watched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from domain.catalog import Right, audience_of, extras, markers, ratings, rights_of
from domain.catalog.details import Chapter as ChapterRow
from domain.catalog.details import Extra as ExtraRow
from domain.catalog.details import ExtraKind, MarkerKind
from domain.catalog.details import Marker as MarkerRow
from domain.catalog.details import Rating as RatingRow
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.loads import visible_titles
from graph.rows import declares

if TYPE_CHECKING:
    from graph.catalog.titles import Title

described(
    ExtraKind,
    description="What an extra is to the title it hangs on.",
    values={
        ExtraKind.TRAILER: "Shows what it is like.",
        ExtraKind.TEASER: "A first glimpse.",
        ExtraKind.BEHIND_THE_SCENES: "How it was made.",
        ExtraKind.INTERVIEW: "Its makers talk.",
        ExtraKind.DELETED_SCENE: "A scene that was cut.",
        ExtraKind.BLOOPERS: "What went wrong.",
        ExtraKind.OTHER: "Something else.",
    },
)
described(
    MarkerKind,
    description="What a stretch of a title is.",
    values={
        MarkerKind.INTRO: "The opening: offer to skip it.",
        MarkerKind.RECAP: "What happened before: offer to skip it.",
        MarkerKind.CREDITS: "The closing credits: offer the next episode.",
        MarkerKind.PREVIEW: "What comes next: offer to skip it.",
    },
)


@dataclass(frozen=True)
class AvailabilityRow:
    """While when an audience may find a title."""

    opens_at: datetime
    closes_at: datetime | None
    plans: Sequence[str]


@declares(RatingRow)
@strawberry.type(description="A title's rating in one national system.")
class Rating:
    """A rating."""

    system: str = strawberry.field(description="The system, such as FSK, BBFC or MPA.")
    label: str = strawberry.field(description="Its label, such as 16, 12A or PG-13.")
    age: int = strawberry.field(description="The youngest age the label stands for, in years.")


@declares(MarkerRow)
@strawberry.type(description="A stretch of a title that a player may offer to skip.")
class Marker:
    """A marker."""

    kind: MarkerKind = strawberry.field(description="What it is.")
    starts_at_seconds: float = derived(
        lambda marker, _: marker.starts_s, is_shared=True, description="Where it starts."
    )
    ends_at_seconds: float = derived(lambda marker, _: marker.ends_s, is_shared=True, description="Where it ends.")


@declares(ChapterRow)
@strawberry.type(description="A chapter of a title.")
class Chapter:
    """A chapter."""

    starts_at_seconds: float = derived(
        lambda chapter, _: chapter.starts_s, is_shared=True, description="Where it starts."
    )
    name: str = strawberry.field(description="What it is called.")
    language: str = strawberry.field(description="The language of its name, as a BCP 47 tag.")


@declares(AvailabilityRow)
@strawberry.type(description="While when the viewer may find a title where it is, on its device.")
class Availability:
    """A window."""

    opens_at: datetime = strawberry.field(description="Since when.")
    closes_at: datetime | None = strawberry.field(description="Until before when; null without end.")
    plans: list[str] = strawberry.field(description="Plans whose holders may play it; empty for every plan.")


@declares(ExtraRow)
@strawberry.type(description="A clip that hangs on a title.")
class Extra:
    """An extra."""

    kind: ExtraKind = strawberry.field(description="What it is to the title.")
    title: Annotated["Title", strawberry.lazy("graph.catalog.titles")] = batched(
        visible_titles, key=lambda extra: extra.title_id, description="The clip."
    )


async def titles_ratings(context: Context, keys: Sequence[UUID]) -> list[list[RatingRow]]:
    """Load the ratings of titles."""
    return await ratings.ratings_of(context.reads, keys)


async def titles_markers(context: Context, keys: Sequence[UUID]) -> list[list[MarkerRow]]:
    """Load what may be skipped of titles."""
    return await markers.markers_of(context.reads, keys)


async def titles_chapters(context: Context, keys: Sequence[UUID]) -> list[list[ChapterRow]]:
    """Load the chapters of titles."""
    return await markers.chapters_of(context.reads, keys, languages=context.caller.languages)


async def titles_extras(context: Context, keys: Sequence[UUID]) -> list[list[ExtraRow]]:
    """Load the extras of titles that the viewer may find."""
    found = await extras.extras_of(context.reads, keys)
    ids = list({extra.title_id: None for of_title in found for extra in of_title})
    seen = {row.id for row in await visible_titles(context, ids) if row is not None}
    return [[extra for extra in of_title if extra.title_id in seen] for of_title in found]


async def titles_availability(context: Context, keys: Sequence[UUID]) -> list[AvailabilityRow | None]:
    """Load while when titles may be found: of the open rights, the one that ends last."""
    audience, now = audience_of(context.viewer), context.reads.now
    territory = audience.territory or ""
    found: list[AvailabilityRow | None] = []
    for rights in await rights_of(context.reads, keys):
        here: list[Right] = [
            right
            for right in rights
            if right.holds_in(territory)
            and right.is_open(now)
            and (right.device_classes is None or audience.device_class in right.device_classes)
        ]
        last = max(here, key=lambda right: (right.closes_at is None, right.closes_at or now), default=None)
        plans = () if any(right.plans is None for right in here) else sorted({p for r in here for p in r.plans or ()})
        found.append(None if last is None else AvailabilityRow(last.opens_at, last.closes_at, plans))
    return found
