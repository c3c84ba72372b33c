"""What lists and pages of titles show of their media: one statement for a whole screen, and no more than it shows."""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import Integer, Select, Text, Uuid, any_, bindparam, case, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.listing import titles
from domain.kernel.hot import HotQuery
from domain.media.artwork import ArtworkKind, ImageFormat, PictureFile
from domain.media.asset import AssetState, Playing, PlayingLanguages
from domain.media.package import TrackKind
from domain.media.store.artwork import artwork_renditions, artworks
from domain.media.store.asset_tables import assets, package_tracks, packages

_KEYS = bindparam("keys", type_=ARRAY(Uuid))
_a, _r, _t = artworks.c, artwork_renditions.c, package_tracks.c


def _ready(*columns: object) -> Select[tuple[object, ...]]:
    """Select of the asset that plays for each title: the one that became ready last."""
    return (
        select(assets.c.title_id, *columns)
        .ext(distinct_on(assets.c.title_id))
        .where(assets.c.title_id == any_(_KEYS), assets.c.state == AssetState.READY.value)
        .order_by(assets.c.title_id, assets.c.ready_at.desc(), assets.c.id.desc())
    )


_PLAYING = HotQuery(_ready(assets.c.id, assets.c.duration_s, assets.c.width, assets.c.height, assets.c.poster_widths))


async def playing_of_titles(connection: AsyncConnection, title_ids: Sequence[UUID]) -> list[Playing | None]:
    """Return what plays for each title, aligned."""
    rows = await _PLAYING.rows(connection, keys=title_ids)
    found = {title_id: Playing(*shown) for title_id, *shown in rows}
    return [found.get(id) for id in title_ids]


@cache
def _languages() -> HotQuery:
    ready = _ready(assets.c.id).subquery("ready")
    # All packages of an asset have the same tracks.
    package = (
        select(packages.c.id)
        .where(packages.c.asset_id == ready.c.id, packages.c.state == "READY")
        .order_by(packages.c.scheme.desc(), packages.c.id)
        .limit(1)
        .scalar_subquery()
    )
    ordered = func.array_agg(aggregate_order_by(_t.language, _t.position))
    heard, written = (ordered.filter(_t.kind == kind.value) for kind in (TrackKind.AUDIO, TrackKind.TEXT))
    spoken = (
        select(heard.label("audio"), written.label("text"))
        .where(_t.package_id == package, _t.language.is_not(None))
        .lateral("spoken")
    )
    return HotQuery(select(ready.c.title_id, spoken).select_from(ready.join(spoken, true())))


async def languages_of_titles(connection: AsyncConnection, title_ids: Sequence[UUID]) -> list[PlayingLanguages]:
    """Return the languages of what plays for each title, aligned."""
    rows = await _languages().rows(connection, keys=title_ids)
    # A language has several tracks, one for each quality.
    found = {
        title_id: PlayingLanguages(list(dict.fromkeys(audio or ())), list(dict.fromkeys(text or ())))
        for title_id, audio, text in rows
    }
    nothing = PlayingLanguages([], [])
    return [found.get(id, nothing) for id in title_ids]


@cache
def _pictures() -> HotQuery:
    width = bindparam("width", type_=Integer)
    is_wide_enough = _r.width >= width
    file = (
        select(_r.width, _r.height, _r.format, _r.name)
        .where(_r.artwork_id == _a.id, _r.format == any_(bindparam("formats", type_=ARRAY(Text))))
        .order_by(
            (_r.format == bindparam("format", type_=Text)).desc(),
            is_wide_enough.desc(),
            case((is_wide_enough, _r.width), else_=-_r.width),
        )
        .limit(1)
        .lateral("file")
    )
    return HotQuery(
        select(_a.title_id, titles.c.default_language, _a.id, _a.language, _a.dominant_color, _a.blur_hash, file)
        .select_from(artworks.join(file, true()).join(titles, titles.c.id == _a.title_id))
        .where(_a.title_id == any_(_KEYS), _a.kind == bindparam("kind", type_=Text), _a.state == "READY")
        .order_by(_a.id)
    )


async def pictures_of_titles(
    connection: AsyncConnection,
    title_ids: Sequence[UUID],
    *,
    kind: ArtworkKind,
    width: int,
    format: ImageFormat | None,
) -> list[tuple[str, list[PictureFile]]]:
    """Return (default language, the file to show of each language's picture) of each title, aligned.

    The file is the smallest that is wide enough, or the widest. Without a format, or where there is none of it, it is
    the one that every client shows: JPEG, or PNG for what is see-through.
    """
    wanted = (format or ImageFormat.JPEG).value
    plain = (ImageFormat.JPEG.value, ImageFormat.PNG.value)
    rows = await _pictures().rows(
        connection, keys=title_ids, kind=kind.value, width=width, format=wanted, formats=[wanted, *plain]
    )
    found: dict[UUID, tuple[str, list[PictureFile]]] = {}
    for title_id, default_language, artwork_id, language, color, blur_hash, wide, high, format_, name in rows:
        file = PictureFile(artwork_id, language, color, blur_hash, wide, high, ImageFormat(format_), name)
        found.setdefault(title_id, (default_language, []))[1].append(file)
    return [found.get(id, ("", [])) for id in title_ids]
