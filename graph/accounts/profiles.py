"""The profiles of a household: who watches, with what limits, and how to go from one to another."""

from collections.abc import Sequence
from uuid import UUID

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import Avatar, profiles_by_id, profiles_of
from domain.accounts import Profile as ProfileRow
from graph.batching import derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id, loads_node
from graph.nodes import Node
from graph.problems import Problem, problem
from graph.rows import declares

described(
    Avatar,
    description="What a profile looks like. Pages draw it.",
    values={
        Avatar.FOX: "A red fox.",
        Avatar.OWL: "An owl.",
        Avatar.WHALE: "A whale.",
        Avatar.TORTOISE: "A tortoise.",
        Avatar.HEDGEHOG: "A hedgehog.",
        Avatar.OTTER: "An otter.",
        Avatar.ROBOT: "A robot.",
        Avatar.ROCKET: "A rocket.",
        Avatar.CACTUS: "A cactus in a pot.",
        Avatar.LIGHTHOUSE: "A lighthouse.",
    },
)


@loads_node(Kind.PROFILE, row=ProfileRow)
async def own_profiles(context: Context, keys: Sequence[UUID]) -> list[ProfileRow | None]:
    """Load profiles of the viewer's own account."""
    own = None if context.viewer is None else context.viewer.account_id
    found = await profiles_by_id(context.reads, keys)
    return [profile if profile is not None and profile.account_id == own else None for profile in found]


async def profiles_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[ProfileRow]]:
    """Load the profiles of accounts."""
    return await profiles_of(context.reads, keys)


async def acting_profiles(context: Context, keys: Sequence[UUID]) -> list[ProfileRow | None]:
    """Load the profile that is watching, for the viewer's own account."""
    viewer = context.viewer
    assert viewer is not None, "only a signed-in viewer has an account to ask from"
    (profile,) = await profiles_by_id(context.reads, [viewer.profile_id])
    return [profile for _ in keys]


@declares(ProfileRow)
@strawberry.type(description="One person of a household, with its own language, age limit and places to go on from.")
class Profile(Node):
    """A profile."""

    name: str = strawberry.field(description="What it is called.")
    avatar: Avatar = strawberry.field(description="What it looks like.")
    language: str = strawberry.field(description="The language it prefers, as a BCP 47 tag.")
    maturity_limit: int = strawberry.field(description="The highest age rating it may watch, in years.")
    is_kids: bool = strawberry.field(
        description="Whether it is a child's: its age limit is at most 12, and leaving it takes its PIN."
    )
    has_pin: bool = strawberry.field(description="Whether it has a PIN.")
    autoplay: bool = strawberry.field(description="Whether the next episode starts by itself.")
    version: int = strawberry.field(description="Which version of it this is; give it back with a change.")


@problem(accounts.PinRequired, description="A PIN is needed. Ask for that profile's, then repeat.")
class PinRequired(Problem):
    """A PIN is needed."""

    profile_id: ID = derived(
        lambda refusal, _: global_id(Kind.PROFILE, refusal.profile_id), description="Whose PIN it is."
    )


@problem(accounts.PinWrong, description="This is not the PIN. After a few wrong ones there is a wait.")
class PinWrong(Problem):
    """Another PIN is right."""

    profile_id: ID = derived(
        lambda refusal, _: global_id(Kind.PROFILE, refusal.profile_id), description="Whose PIN is asked for."
    )


@problem(accounts.TooManyProfiles, description="The household has as many profiles as it may. Remove one first.")
class TooManyProfiles(Problem):
    """There are enough."""

    max: int = strawberry.field(description="How many it may have.")


@problem(accounts.LastProfile, description="At least one profile that is not for kids stays. Make another one first.")
class LastProfile(Problem):
    """Somebody grown up stays."""


@problem(accounts.ProfileInUse, description="The viewer acts as this profile. Choose another one first.")
class ProfileInUse(Problem):
    """It is in use."""
