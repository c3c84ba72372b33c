"""Links to the overlay of a stream."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.live import overlay as domain
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.root_fields import stepwise_mutation_field


@strawberry.input(description="A link to make.")
class CreateOverlayLinkInput:
    """Whose overlay, and for how long."""

    stream_id: ID = strawberry.field(description="Which stream.")
    lasts_hours: int = strawberry.field(default=12, description="For how long it works; 1 to 168 hours.")


@strawberry.type(description="Whoever has this link sees the overlay, without signing in.")
class OverlayLinkCreated:
    """What createOverlayLink gives."""

    url: str = strawberry.field(description="The page to show over the picture: see-through, and for reading only.")
    expires_at: datetime = strawberry.field(description="Until when it works.")


@stepwise_mutation_field(
    OverlayLinkCreated,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden),
    description="Make a link to a page with a stream's polls and reactions, for software that mixes pictures."
    " Hosts of the stream's title, and editors.",
)
async def create_overlay_link(
    context: Context,
    input: Annotated[CreateOverlayLinkInput, strawberry.argument(description="The link.")],
) -> OverlayLinkCreated:
    """Make a link."""
    link = await domain.create_overlay_link(
        context.reads,
        viewer=context.viewer,
        keyring=context.runtime.keyring,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        lasts_hours=input.lasts_hours,
    )
    # Behind the number sign it is sent to no server with the page's address, and stands in no log.
    return OverlayLinkCreated(url=context.address_of(f"/overlay#{link.token}"), expires_at=link.expires_at)
