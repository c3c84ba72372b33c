"""Streams for tests, arranged through their verbs."""

from domain.accounts import Viewer
from domain.catalog import TitleKind
from domain.kernel.work import Work
from domain.live import Stream, prepare_stream, start_stream
from tests.playable import create_playable


async def create_stream(work: Work, *, territory: str = "*", max_latency_s: int = 60) -> tuple[Stream, Viewer]:
    """Prepare a stream of a new channel, and return it with the editor who did."""
    made = await create_playable(work, territory=territory, kind=TitleKind.CHANNEL)
    stream = await prepare_stream(
        work,
        viewer=made.editor,
        title_id=made.title_id,
        asset_id=made.asset_id,
        name="Friday night",
        max_latency_s=max_latency_s,
    )
    return stream, made.editor


async def create_live_stream(work: Work, *, territory: str = "*", max_latency_s: int = 60) -> tuple[Stream, Viewer]:
    """Start a stream of a new channel, and return it with the editor who did."""
    stream, editor = await create_stream(work, territory=territory, max_latency_s=max_latency_s)
    return await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version), editor
