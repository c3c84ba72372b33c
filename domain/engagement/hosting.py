"""Who runs a show: its stream has to be one that the host can find, and the host one of its title's."""

from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.policy import ENGAGEMENT, EngagementAct
from domain.kernel.refusals import NotFound
from domain.kernel.work import Reads
from domain.live import Stream, visible_streams


async def hosted_stream(
    reads: Reads, *, viewer: Viewer | None, stream_id: UUID, act: EngagementAct = EngagementAct.RUN_SHOW
) -> tuple[Viewer, Stream]:
    """Return the viewer, and the stream that it may run or moderate.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    (stream,) = await visible_streams(reads, [stream_id], viewer=viewer)
    if stream is None:
        raise NotFound("stream", stream_id)
    return ENGAGEMENT.require(viewer, act, within=stream.title_id), stream


def may_host(viewer: Viewer | None, stream: Stream) -> bool:
    """Tell whether the viewer runs the show."""
    return ENGAGEMENT.permits(viewer, EngagementAct.RUN_SHOW, within=stream.title_id)
