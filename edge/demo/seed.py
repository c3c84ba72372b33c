"""Seeds the demo through the verbs that everybody uses. It may be stopped anywhere and run again."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import TitleKind, TitleState, create_title, describe_title, grant_right, publish_title, titles_by_id
from domain.kernel.idempotency import answer_once
from domain.kernel.work import Work
from domain.media.asset import Asset, AssetState
from domain.media.assets import SubtitleUpload, assets_of_titles, create_asset, retry_asset, transcode_progress
from domain.runtime import Runtime
from edge.demo.channel import put_on_air
from edge.demo.clips import ClipFailed, make_clip
from edge.demo.people import acting_editor
from edge.demo.shelves import arrange_demo
from edge.demo.titles import TITLES, DemoTitle
from edge.demo.uploading import earlier_upload, send_file
from edge.local.terminal import Bars, Terminal

POLL_S = 0.5
EVERYWHERE = "*"


class DemoFailed(Exception):
    """The demo could not be made. The message is one line for people."""


async def seed_demo(runtime: Runtime, *, terminal: Terminal) -> None:
    """Make whatever of the demo is missing, and return when all of it plays. A worker has to be running.

    Raises:
        DemoFailed.
    """
    async with acting_editor(runtime) as editor:
        title_ids = {title.slug: await _title_once(runtime, editor, title) for title in TITLES}
        await arrange_demo(runtime, editor, title_ids)
        if not await _is_complete(runtime, list(title_ids.values())):
            terminal.say("Making the demo: drawing, transcoding and encrypting its titles (once) …")
            await _make(runtime, editor, title_ids, terminal)
        await put_on_air(runtime, editor, film_ids=list(title_ids.values()))


async def _make(runtime: Runtime, editor: Viewer, title_ids: Mapping[str, UUID], terminal: Terminal) -> None:
    with terminal.bars() as bars:
        try:
            async with asyncio.TaskGroup() as group:
                for title in TITLES:
                    asset_id = await _asset_once(runtime, editor, title, title_ids[title.slug], bars)
                    group.create_task(_follow(runtime, editor, title, title_ids[title.slug], asset_id, bars))
        except* ClipFailed as failed:
            raise DemoFailed(str(failed.exceptions[0])) from failed


async def _is_complete(runtime: Runtime, title_ids: list[UUID]) -> bool:
    found = await titles_by_id(runtime.reads(), title_ids)
    # A title that an editor withdrew, or that was never to be, is nothing to wait for.
    return all(title is None or title.state is not TitleState.DRAFT for title in found)


async def _title_once(runtime: Runtime, editor: Viewer, title: DemoTitle) -> UUID:
    """Create and describe the title with its rights, unless an earlier start did. One transaction."""

    async def perform() -> Mapping[str, object]:
        return {"title_id": str(await _create(work, editor, title))}

    async with runtime.work() as work:
        answer = await answer_once(
            work,
            account_id=editor.account_id,
            operation="demoTitle",
            key=f"demo-title-{title.slug}",
            request={"slug": title.slug},
            perform=perform,
        )
    return UUID(str(answer["title_id"]))


async def _create(work: Work, editor: Viewer, title: DemoTitle) -> UUID:
    (first, words), *others = title.texts.items()
    created = await create_title(
        work,
        viewer=editor,
        kind=TitleKind.MOVIE,
        language=first,
        name=words.name,
        synopsis=words.synopsis,
        release_year=title.release_year,
        maturity_age=title.maturity_age,
    )
    version = created.version
    for language, words in others:
        described = await describe_title(
            work,
            viewer=editor,
            title_id=created.id,
            language=language,
            name=words.name,
            synopsis=words.synopsis,
            expected_version=version,
        )
        version = described.version
    for territory in title.territories or (EVERYWHERE,):
        await grant_right(
            work, viewer=editor, title_id=created.id, territory=territory, opens_at=work.now, closes_at=None
        )
    return created.id


async def _asset_once(runtime: Runtime, editor: Viewer, title: DemoTitle, title_id: UUID, bars: Bars) -> UUID:
    """Return the asset that is being made for the title, starting one if there is none."""
    latest = await _latest_asset(runtime, title_id)
    if latest is not None and latest.state is AssetState.FAILED:
        async with runtime.work() as work:
            await retry_asset(work, viewer=editor, asset_id=latest.id)
    if latest is not None:
        return latest.id
    upload_id = await _source_once(runtime, editor, title, bars)
    subtitles = [
        SubtitleUpload(await _subtitle_once(runtime, editor, title, language), language) for language in title.subtitles
    ]
    async with runtime.work() as work:
        asset = await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id, subtitles=subtitles)
    _clip_path(runtime, title).unlink(missing_ok=True)
    return asset.id


async def _latest_asset(runtime: Runtime, title_id: UUID) -> Asset | None:
    (assets,) = await assets_of_titles(runtime.reads(), [title_id])
    return assets[0] if assets else None


async def _source_once(runtime: Runtime, editor: Viewer, title: DemoTitle, bars: Bars) -> UUID:
    path = _clip_path(runtime, title)
    if not path.exists():
        done = await earlier_upload(runtime, viewer=editor, file_name=path.name)
        if done is not None and not done.state.is_open:
            return done.id
        path.parent.mkdir(parents=True, exist_ok=True)
        await make_clip(runtime.tools, title, path, bars=bars)
    bars.move(title.name, fraction=0.0, note="uploading")
    return await send_file(runtime, viewer=editor, path=path, media_type="video/x-matroska")


async def _subtitle_once(runtime: Runtime, editor: Viewer, title: DemoTitle, language: str) -> UUID:
    spoken = title.subtitles[language]
    path = _clip_path(runtime, title).with_name(f"{title.slug}.{language}.{spoken.format}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(spoken.file())
    upload_id = await send_file(runtime, viewer=editor, path=path, media_type=spoken.format.media_type)
    path.unlink()
    return upload_id


async def _follow(
    runtime: Runtime, editor: Viewer, title: DemoTitle, title_id: UUID, asset_id: UUID, bars: Bars
) -> None:
    """Show the asset's progress until it ends, and publish the title when it plays."""
    while True:
        progress = await transcode_progress(runtime.reads(), asset_id)
        assert progress is not None, "an asset is never deleted"
        bars.move(title.name, fraction=progress.fraction, note=progress.message)
        if not progress.state.is_in_progress:
            break
        await asyncio.sleep(POLL_S)
    if progress.state is not AssetState.READY:
        return
    async with runtime.work() as work:
        (found,) = await titles_by_id(runtime.reads(), [title_id])
        if found is not None and found.state is TitleState.DRAFT:
            await publish_title(work, viewer=editor, title_id=title_id, expected_version=found.version)


def _clip_path(runtime: Runtime, title: DemoTitle) -> Path:
    return runtime.settings.data_dir / "demo" / f"{title.slug}.mkv"
