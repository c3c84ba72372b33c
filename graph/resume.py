"""Where the viewer's profile left titles, as a batch load."""

from collections.abc import Sequence
from uuid import UUID

from domain.playback import ResumePoint, resume_points_of
from graph.context import Context


async def resume_points(context: Context, keys: Sequence[UUID]) -> list[ResumePoint | None]:
    """Load where the viewer's profile left each title; None for a title it never began, and for strangers."""
    viewer = context.viewer
    if viewer is None:
        return [None for _ in keys]
    return await resume_points_of(context.reads, [(viewer.profile_id, title_id) for title_id in keys])
