"""Following an asset: state, not facts, so the newest is told and what lies between may be skipped."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from domain.kernel.refusals import NotFound
from domain.media.asset import TranscodeProgress, topic_of
from domain.media.assets import transcode_progress, visible_assets
from graph.context import Context

# At most four a second: more than that nobody can read.
PACE_S = 0.25
# A lost doorbell costs at most this.
POLL_S = 5.0


async def follow_progress(
    context: Context, asset_id: UUID, *, pace_s: float = PACE_S, poll_s: float = POLL_S
) -> AsyncGenerator[TranscodeProgress, None]:
    """Yield how far an asset is, then every change, until it has ended.

    The doorbell is subscribed before the first snapshot is read, so no change falls between the two.

    Raises:
        NotFound: no such asset of this viewer; the same for an absent one.
    """
    last: TranscodeProgress | None = None
    async with context.runtime.bus.listen(topic_of(asset_id)) as doorbell:
        (asset,) = await visible_assets(context.runtime.reads(), [asset_id], viewer=context.viewer)
        if asset is None:
            raise NotFound("asset", asset_id)
        while True:
            progress = await transcode_progress(context.runtime.reads(), asset_id)
            assert progress is not None, "an asset is never deleted"
            if progress != last:
                last = progress
                yield progress
            if not progress.state.is_in_progress:
                return
            await asyncio.sleep(pace_s)
            await doorbell.wait(poll_s)
