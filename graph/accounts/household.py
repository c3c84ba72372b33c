"""Making, changing, removing and choosing profiles."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import (
    Avatar,
    ConfirmationRequired,
    LastProfile,
    PinRequired,
    PinWrong,
    ProfileChange,
    ProfileInUse,
    TooManyAttempts,
    TooManyProfiles,
)
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired, StaleVersion
from graph.accounts.profiles import Profile
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.root_fields import stepwise_mutation_field

_GUARDED = (SignInRequired, PinRequired, PinWrong, TooManyAttempts)
_EDIT_PIN = (
    "The profile's PIN if it has one, else, from a kids profile, that one's. Not needed within ten minutes after the "
    "viewer proved who they are."
)


@strawberry.input(description="A profile to add to the household.")
class CreateProfileInput:
    """A profile to add."""

    name: str = strawberry.field(description="What to call it; 1 to 80 characters.")
    avatar: Avatar | None = strawberry.field(default=None, description="What it looks like; a fox unless given.")
    language: str | None = strawberry.field(
        default=None, description="The language it prefers, as a BCP 47 tag; that of the acting profile unless given."
    )
    maturity_limit: int | None = strawberry.field(
        default=None,
        description="The highest age rating it may watch, in years, 0 to 21, of a kids profile to 12; that of the "
        "acting profile unless given. More takes a proof of who the viewer is.",
    )
    is_kids: bool = strawberry.field(default=False, description="Whether it is a child's; it needs a PIN then.")
    autoplay: bool = strawberry.field(default=True, description="Whether the next episode starts by itself.")
    new_pin: str | None = strawberry.field(
        default=None, description="Its PIN, 4 to 8 digits: to enter it by, or to leave a kids profile."
    )
    pin: str | None = strawberry.field(
        default=None,
        description="From a kids profile: its PIN. Not needed within ten minutes after the viewer proved who they are.",
    )


@strawberry.type(description="The profile is there.")
class ProfileCreated:
    """What createProfile gives."""

    profile: Profile = strawberry.field(description="The new profile.")


@stepwise_mutation_field(
    ProfileCreated,
    refusals=(*_GUARDED, InvalidInput, ConfirmationRequired, TooManyProfiles),
    description="Add a profile to the household, which may have six.",
)
async def create_profile(
    context: Context, input: Annotated[CreateProfileInput, strawberry.argument(description="The profile.")]
) -> ProfileCreated:
    """Add a profile."""
    change = ProfileChange(
        name=input.name,
        avatar=input.avatar,
        language=input.language,
        maturity_limit=input.maturity_limit,
        is_kids=input.is_kids,
        autoplay=input.autoplay,
        new_pin=input.new_pin,
    )
    created = await accounts.create_profile(context.runtime.desk(), viewer=context.viewer, change=change, pin=input.pin)
    return ProfileCreated(profile=shown(created))


@strawberry.input(description="What is to be different of a profile. What is left out or null stays as it is.")
class UpdateProfileInput:
    """Changes of a profile."""

    profile_id: ID = strawberry.field(description="Which profile; of the viewer's account.")
    expected_version: int = strawberry.field(description="The profile's `version` as you know it.")
    name: str | None = strawberry.field(default=None, description="What to call it; 1 to 80 characters.")
    avatar: Avatar | None = strawberry.field(default=None, description="What it looks like.")
    language: str | None = strawberry.field(default=None, description="The language it prefers, as a BCP 47 tag.")
    maturity_limit: int | None = strawberry.field(
        default=None,
        description="The highest age rating it may watch, in years, 0 to 21, of a kids profile to 12. More than "
        "before and than the acting profile's takes a proof of who the viewer is.",
    )
    is_kids: bool | None = strawberry.field(default=None, description="Whether it is a child's; it needs a PIN then.")
    autoplay: bool | None = strawberry.field(default=None, description="Whether the next episode starts by itself.")
    new_pin: str | None = strawberry.field(default=None, description="Another PIN, 4 to 8 digits.")
    remove_pin: bool = strawberry.field(default=False, description="Whether it is to have no PIN any more.")
    pin: str | None = strawberry.field(default=None, description=_EDIT_PIN)


@strawberry.type(description="The profile is another now.")
class ProfileUpdated:
    """What updateProfile gives."""

    profile: Profile = strawberry.field(description="The profile as it is now.")


@stepwise_mutation_field(
    ProfileUpdated,
    refusals=(*_GUARDED, InvalidInput, NotFound, StaleVersion, ConfirmationRequired, LastProfile),
    description="Change a profile of the household.",
)
async def update_profile(
    context: Context, input: Annotated[UpdateProfileInput, strawberry.argument(description="The changes.")]
) -> ProfileUpdated:
    """Change a profile."""
    change = ProfileChange(
        name=input.name,
        avatar=input.avatar,
        language=input.language,
        maturity_limit=input.maturity_limit,
        is_kids=input.is_kids,
        autoplay=input.autoplay,
        new_pin=input.new_pin,
        removes_pin=input.remove_pin,
    )
    updated = await accounts.update_profile(
        context.runtime.desk(),
        viewer=context.viewer,
        profile_id=read_id(Kind.PROFILE, input.profile_id),
        expected_version=input.expected_version,
        change=change,
        pin=input.pin,
    )
    return ProfileUpdated(profile=shown(updated))


@strawberry.input(description="A profile to remove.")
class RemoveProfileInput:
    """A profile to remove."""

    profile_id: ID = strawberry.field(description="Which profile; of the viewer's account.")
    expected_version: int = strawberry.field(description="The profile's `version` as you know it.")
    pin: str | None = strawberry.field(default=None, description=_EDIT_PIN)


@strawberry.type(description="The profile is gone, and whoever acted as it elsewhere is signed out.")
class ProfileRemoved:
    """What removeProfile gives."""

    profile_id: ID = strawberry.field(description="The id it had.")


@stepwise_mutation_field(
    ProfileRemoved,
    refusals=(*_GUARDED, NotFound, StaleVersion, LastProfile, ProfileInUse),
    description="Remove a profile of the household, with what it watched. The last one that is no child's stays.",
)
async def remove_profile(
    context: Context, input: Annotated[RemoveProfileInput, strawberry.argument(description="The profile.")]
) -> ProfileRemoved:
    """Remove a profile."""
    await accounts.remove_profile(
        context.runtime.desk(),
        viewer=context.viewer,
        profile_id=read_id(Kind.PROFILE, input.profile_id),
        expected_version=input.expected_version,
        pin=input.pin,
    )
    return ProfileRemoved(profile_id=input.profile_id)


@strawberry.input(description="A profile to act as.")
class ChooseProfileInput:
    """A profile to act as."""

    profile_id: ID = strawberry.field(description="Which profile; of the viewer's account.")
    pin: str | None = strawberry.field(
        default=None,
        description="The profile's PIN if it has one and is no child's; else, on leaving a kids profile, that one's.",
    )


@strawberry.type(description="The viewer acts as this profile from the next request on; open streams are opened again.")
class ProfileChosen:
    """What chooseProfile gives."""

    profile: Profile = strawberry.field(description="The profile.")


@stepwise_mutation_field(
    ProfileChosen,
    refusals=(*_GUARDED, NotFound),
    description="Act as another profile on this device. Choosing a kids profile hands the device over: what the viewer "
    "proved on it before no longer counts.",
)
async def choose_profile(
    context: Context, input: Annotated[ChooseProfileInput, strawberry.argument(description="The profile.")]
) -> ProfileChosen:
    """Act as another profile."""
    chosen = await accounts.choose_profile(
        context.runtime.desk(),
        viewer=context.viewer,
        profile_id=read_id(Kind.PROFILE, input.profile_id),
        pin=input.pin,
    )
    return ProfileChosen(profile=shown(chosen))


MUTATIONS = [create_profile, update_profile, remove_profile, choose_profile]
