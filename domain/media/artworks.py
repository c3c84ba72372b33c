"""Artwork of titles: added from a complete upload, made by a worker, taken away, and looked up.

Refusal
├── TooManyArtworks     the title has as many pictures as it may
└── (UploadNotComplete, UploadTooLarge: see `assets` and `upload`)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain import catalog
from domain.accounts import Viewer
from domain.catalog.audit import as_editor, as_service
from domain.catalog.title import language_tag
from domain.kernel.jobs import Job
from domain.kernel.refusals import NotFound, Refusal
from domain.kernel.work import Reads, Work
from domain.media.artwork import (
    ARTWORKS_OF_TITLE_MAX,
    SOURCE_MAX_BYTES,
    Artwork,
    ArtworkFailure,
    ArtworkId,
    ArtworkKind,
    ArtworkState,
    Picture,
)
from domain.media.assets import UploadNotComplete
from domain.media.store import artwork as store
from domain.media.upload import UploadState, UploadTooLarge
from domain.media.uploads import own_upload

MAKE = "media.make_artwork"
SWEEP = "media.sweep_artwork"
# Whoever has just been told an address may still load it.
SWEEP_DELAY_S = 3600.0


class TooManyArtworks(Refusal):
    """The title has as many pictures as it may."""

    def __init__(self, artworks_max: int) -> None:
        super().__init__(f"This title has {artworks_max} pictures. Remove some first.")
        self.artworks_max = artworks_max


@dataclass(frozen=True)
class ArtworkSource:
    """What a worker needs to make a picture's files."""

    artwork: Artwork
    object_key: str


async def add_artwork(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    upload_id: UUID,
    kind: ArtworkKind,
    language: str | None = None,
) -> Artwork:
    """Begin to make a complete upload into a picture of a title. Editors only; enqueues the making.

    Once it is ready it takes the place of the picture of that kind and language before it. Without a language it is
    for everybody.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
        NotFound: no such title, or no such upload of this account.
        UploadNotComplete, UploadTooLarge, TooManyArtworks.
    """
    viewer = await as_editor(work, viewer=viewer, action="add_artwork")
    tag = None if language is None else language_tag("language", language)
    upload = await own_upload(work, viewer=viewer, upload_id=upload_id)
    if upload.state is not UploadState.COMPLETE or upload.object_key is None or upload.size_bytes is None:
        raise UploadNotComplete(upload_id, upload.state.value)
    if upload.size_bytes > SOURCE_MAX_BYTES:
        raise UploadTooLarge(SOURCE_MAX_BYTES)
    if await store.count_of_title(work.connection, title_id) >= ARTWORKS_OF_TITLE_MAX:
        raise TooManyArtworks(ARTWORKS_OF_TITLE_MAX)
    artwork = Artwork(
        id=ArtworkId(work.new_id()),
        title_id=title_id,
        kind=kind,
        language=tag,
        upload_id=upload_id,
        state=ArtworkState.PROCESSING,
        failure=None,
        created_by=viewer.account_id,
        created_at=work.now,
        picture=None,
    )
    try:
        await store.insert_artwork(work.connection, artwork)
    except store.ArtworkTitleAbsent as absent:
        raise NotFound("title", title_id) from absent
    await work.enqueue(Job(MAKE, {"artwork_id": str(artwork.id)}, priority=50, dedupe_key=f"artwork:{artwork.id}"))
    return artwork


async def remove_artwork(work: Work, *, viewer: Viewer | None, artwork_id: UUID) -> UUID:
    """Take a picture away, whatever its state, and return the title it was of. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound.
    """
    await as_editor(work, viewer=viewer, action="remove_artwork")
    artwork = await store.lock_artwork(work.connection, artwork_id)
    if artwork is None:
        raise NotFound("artwork", artwork_id)
    await _sweep_later(work, artwork.id, await store.drop_renditions(work.connection, [artwork.id]))
    await store.delete_artwork(work.connection, artwork.id)
    await _tell(work, artwork)
    return artwork.title_id


async def artwork_source(work: Work, *, artwork_id: UUID) -> ArtworkSource | None:
    """Return what to make, or None when nothing is to be made any more."""
    artwork = await store.lock_artwork(work.connection, artwork_id)
    if artwork is None or artwork.state is not ArtworkState.PROCESSING:
        return None
    object_key = await store.source_key_of(work.connection, artwork_id)
    if object_key is None:
        await fail_artwork(work, artwork_id=artwork_id, failure=ArtworkFailure.GAVE_UP)
        return None
    return ArtworkSource(artwork, object_key)


async def name_renditions(work: Work, *, artwork_id: UUID, picture: Picture) -> bool:
    """Record the files of a picture before they are stored, so that no sweep removes them; False when it is gone."""
    await store.lock_names(work.connection)
    artwork = await store.lock_artwork(work.connection, artwork_id)
    if artwork is None or artwork.state is not ArtworkState.PROCESSING:
        return False
    await store.put_renditions(work.connection, artwork_id, picture.renditions)
    return True


async def finish_artwork(work: Work, *, artwork_id: UUID, picture: Picture) -> None:
    """Show a picture whose files are stored, unless a later one is shown at its place. Announces TitleChanged."""
    artwork = await store.lock_artwork(work.connection, artwork_id)
    if artwork is None or artwork.state is not ArtworkState.PROCESSING:
        return
    await as_service(work, account_id=artwork.created_by, action="make_artwork")
    is_newest, let_go = await store.take_place(work.connection, artwork)
    state = ArtworkState.READY if is_newest else ArtworkState.REPLACED
    await store.settle(work.connection, artwork_id, state=state, picture=picture)
    await _sweep_later(work, artwork.id, let_go)
    await _tell(work, artwork)


async def fail_artwork(work: Work, *, artwork_id: UUID, failure: ArtworkFailure) -> None:
    """Tell the editors why nothing comes of a picture."""
    await as_service(work, account_id=None, action="make_artwork")
    if await store.settle(work.connection, artwork_id, state=ArtworkState.FAILED, failure=failure):
        await _sweep_later(work, artwork_id, await store.drop_renditions(work.connection, [artwork_id]))


async def unused_names(work: Work, *, names: Sequence[str]) -> list[str]:
    """Return those of the files that no picture has any more, and let nobody name one until the work ends."""
    await store.lock_names(work.connection)
    return await store.unused_names(work.connection, names)


async def artworks_of_titles(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Artwork]]:
    """Batch load all pictures of titles, the newest first; for editors."""
    async with reads.connection() as connection:
        return await store.of_titles(connection, title_ids, limit=ARTWORKS_OF_TITLE_MAX)


async def artworks_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Artwork | None]:
    """Batch load pictures aligned with `ids`; who may see them is the caller's question."""
    async with reads.connection() as connection:
        return await store.artworks_by_id(connection, ids)


async def _sweep_later(work: Work, artwork_id: UUID, names: Sequence[str]) -> None:
    if names:
        key = f"artwork:{artwork_id}:sweep"
        await work.enqueue(Job(SWEEP, {"names": list(names)}, delay_s=SWEEP_DELAY_S, dedupe_key=key))


async def _tell(work: Work, artwork: Artwork) -> None:
    await work.announce(catalog.CATALOG_TOPIC, catalog.TitleChanged(catalog.TitleId(artwork.title_id)))
