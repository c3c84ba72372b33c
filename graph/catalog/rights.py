"""Rights to show titles, as editors grant them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import catalog as domain
from domain.entitlements import Plan
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.batching import batched
from graph.catalog.titles import Right, Title
from graph.context import Context
from graph.device_classes import DeviceClass
from graph.enums import described
from graph.global_ids import Kind, read_id
from graph.loads import visible_titles
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field

described(
    Plan,
    description="What an account may hold.",
    values={
        Plan.BASIC: "One screen, in SD.",
        Plan.STANDARD: "Two screens, up to HD.",
        Plan.PREMIUM: "Three screens, up to UHD.",
    },
)


@problem(domain.RightOverlaps, description="The territory is covered for part of that time already. Revoke that right.")
class RightOverlaps(Problem):
    """There is such a right."""

    territory: str = strawberry.field(description="The territory.")


@strawberry.input(description="Where and when a title may be shown.")
class GrantRightInput:
    """A new right."""

    title_id: ID = strawberry.field(description="Which title.")
    territory: str = strawberry.field(description="An ISO 3166-1 alpha-2 code, or `*` for everywhere.")
    opens_at: datetime = strawberry.field(description="From when.")
    closes_at: datetime | None = strawberry.field(default=None, description="Until before when; leave out for no end.")
    device_classes: list[DeviceClass] | None = strawberry.field(
        default=None, description="Only on these; leave out for all."
    )
    plans: list[Plan] | None = strawberry.field(
        default=None, description="Only holders of these plans may play it; leave out for all."
    )


@strawberry.type(description="The title may be shown there and then.")
class RightGranted:
    """What grantRight gives."""

    right: Right = strawberry.field(description="The new right.")
    title: Title = batched(
        visible_titles, key=lambda granted: granted.right.title_id, description="The title it is of."
    )


@strawberry.input(description="A right to take back.")
class RevokeRightInput:
    """A right to take back."""

    right_id: ID = strawberry.field(description="Which one.")


@strawberry.type(description="The right is taken back. What plays under it ends within a minute.")
class RightRevoked:
    """What revokeRight gives."""

    title: Title = strawberry.field(description="The title it was of.")


@mutation_field(
    RightGranted,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, domain.RightOverlaps),
    description="Allow a title to be shown in a territory during a window. Editors only.",
)
async def grant_right(
    work: Work,
    context: Context,
    input: Annotated[GrantRightInput, strawberry.argument(description="The right.")],
) -> RightGranted:
    """Grant a right."""
    right = await domain.grant_right(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        territory=input.territory,
        opens_at=input.opens_at,
        closes_at=input.closes_at,
        device_classes=input.device_classes,
        plans=input.plans,
    )
    return RightGranted(right=shown(right))


@mutation_field(
    RightRevoked,
    refusals=(NotFound, SignInRequired, Forbidden),
    description="Take a right back. What plays under it ends with its lease. Editors only.",
)
async def revoke_right(
    work: Work,
    context: Context,
    input: Annotated[RevokeRightInput, strawberry.argument(description="The right.")],
) -> RightRevoked:
    """Take a right back."""
    title = await domain.revoke_right(work, viewer=context.viewer, right_id=read_id(Kind.RIGHT, input.right_id))
    return RightRevoked(title=shown(title))


MUTATIONS = [grant_right, revoke_right]
