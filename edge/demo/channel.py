"""A channel that is on air in the demo: it sends one of the demo's films over and over."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import TitleKind, create_title, describe_title, grant_right, publish_title
from domain.kernel.idempotency import answer_once
from domain.kernel.work import Work
from domain.live import live_streams_of, prepare_stream, start_stream
from domain.media.assets import ready_asset_of_titles
from domain.runtime import Runtime

NAME = "Marquee Live"
SYNOPSIS = "One film after another, which is always the same one, with polls and a chat about it."
SYNOPSIS_DE = "Ein Film nach dem anderen, und immer derselbe, mit Umfragen und einem Chat darüber."
_EVERYWHERE = "*"
# The right is older than the channel's first second, whatever clocks say.
_OPENED_BEFORE = timedelta(minutes=1)


async def put_on_air(runtime: Runtime, editor: Viewer, *, film_ids: list[UUID]) -> None:
    """Have the demo's channel send the first of these films that is ready, unless something is on. Twice is once."""
    assets = await ready_asset_of_titles(runtime.reads(), film_ids)
    asset = next((one for one in assets if one is not None), None)
    if asset is None:
        return
    title_id = await _channel_once(runtime, editor)
    (on_air,) = await live_streams_of(runtime.reads(), [title_id])
    if on_air is not None:
        return
    async with runtime.work() as work:
        stream = await prepare_stream(work, viewer=editor, title_id=title_id, asset_id=asset.id, name="Round the clock")
        await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version)


async def _channel_once(runtime: Runtime, editor: Viewer) -> UUID:
    async def perform() -> Mapping[str, object]:
        return {"title_id": str(await _create(work, editor))}

    async with runtime.work() as work:
        answer = await answer_once(
            work,
            account_id=editor.account_id,
            operation="demoTitle",
            key="demo-title-marquee-live",
            request={"slug": "marquee-live"},
            perform=perform,
        )
    return UUID(str(answer["title_id"]))


async def _create(work: Work, editor: Viewer) -> UUID:
    title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="en", name=NAME, synopsis=SYNOPSIS)
    title = await describe_title(
        work,
        viewer=editor,
        title_id=title.id,
        language="de",
        name=NAME,
        synopsis=SYNOPSIS_DE,
        expected_version=title.version,
    )
    await grant_right(work, viewer=editor, title_id=title.id, territory=_EVERYWHERE, opens_at=work.now - _OPENED_BEFORE)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=title.version)
    return title.id
