"""The viewer's devices and sign-ins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import Device as DeviceRow
from domain.accounts import SignIn as SignInRow
from domain.accounts import devices_by_id, devices_of, sign_ins_by_id, sign_ins_of
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.accounts.profiles import Profile, own_profiles
from graph.batching import batched, derived
from graph.context import Context
from graph.device_classes import DeviceClass
from graph.global_ids import Kind, loads_node, read_id
from graph.nodes import Node
from graph.payloads import shown
from graph.root_fields import mutation_field
from graph.rows import declares


@loads_node(Kind.DEVICE, row=DeviceRow)
async def own_devices(context: Context, keys: Sequence[UUID]) -> list[DeviceRow | None]:
    """Load devices of the viewer's own account."""
    found = await devices_by_id(context.reads, keys)
    return [device if device is not None and _is_own(context, device.account_id) else None for device in found]


@loads_node(Kind.SIGN_IN, row=SignInRow)
async def own_sign_ins(context: Context, keys: Sequence[UUID]) -> list[SignInRow | None]:
    """Load sign-ins of the viewer's own account."""
    found = await sign_ins_by_id(context.reads, keys)
    return [sign_in if sign_in is not None and _is_own(context, sign_in.account_id) else None for sign_in in found]


async def devices_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[DeviceRow]]:
    """Load the devices of accounts."""
    return await devices_of(context.reads, keys)


async def sign_ins_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[SignInRow]]:
    """Load the sign-ins of accounts."""
    return await sign_ins_of(context.reads, keys)


@declares(DeviceRow)
@strawberry.type(description="A browser, phone or television that has signed in.")
class Device(Node):
    """A device."""

    name: str = strawberry.field(description="What its owner calls it, or else what it calls itself.")
    device_class: DeviceClass = strawberry.field(description="What sort of device it is.")
    last_seen_at: datetime = strawberry.field(description="When it last signed in.")
    is_current: bool = derived(
        lambda device, context: context.viewer is not None and context.viewer.device_id == device.id,
        description="Whether the viewer asks from it.",
    )


@declares(SignInRow)
@strawberry.type(description="A session on a device, until it ends or runs out.")
class SignIn(Node):
    """A sign-in."""

    device: Device | None = batched(own_devices, key=lambda sign_in: sign_in.device_id, description="Where it is.")
    profile: Profile | None = batched(
        own_profiles, key=lambda sign_in: sign_in.profile_id, description="Whom it acts as."
    )
    created_at: datetime = strawberry.field(description="When it began.")
    expires_at: datetime = strawberry.field(description="When it runs out.")
    is_current: bool = derived(
        lambda sign_in, context: context.viewer is not None and context.viewer.sign_in_id == sign_in.id,
        description="Whether the viewer asks by it.",
    )


@strawberry.input(description="A device to remove.")
class RemoveDeviceInput:
    """A device to remove."""

    device_id: ID = strawberry.field(description="Which device; of the viewer's account.")


@strawberry.type(description="The device is signed out: its streams end within seconds, what it plays after a minute.")
class DeviceRemoved:
    """What removeDevice gives."""

    device_id: ID = strawberry.field(description="The id it had.")


@mutation_field(
    DeviceRemoved,
    refusals=(NotFound, SignInRequired),
    description="Sign a device of the account out and forget it. Also the one that asks.",
)
async def remove_device(
    work: Work,
    context: Context,
    input: Annotated[RemoveDeviceInput, strawberry.argument(description="The device.")],
) -> DeviceRemoved:
    """Remove a device."""
    await accounts.remove_device(work, viewer=context.viewer, device_id=read_id(Kind.DEVICE, input.device_id))
    return DeviceRemoved(device_id=input.device_id)


@strawberry.input(description="Another name for a device.")
class RenameDeviceInput:
    """Another name."""

    device_id: ID = strawberry.field(description="Which device; of the viewer's account.")
    name: str = strawberry.field(description="What to call it; 1 to 80 characters. It stays when it signs in again.")


@strawberry.type(description="The device has its new name.")
class DeviceRenamed:
    """What renameDevice gives."""

    device: Device = strawberry.field(description="The device.")


@mutation_field(
    DeviceRenamed, refusals=(InvalidInput, NotFound, SignInRequired), description="Rename a device of the account."
)
async def rename_device(
    work: Work, context: Context, input: Annotated[RenameDeviceInput, strawberry.argument(description="The name.")]
) -> DeviceRenamed:
    """Rename a device."""
    renamed = await accounts.rename_device(
        work, viewer=context.viewer, device_id=read_id(Kind.DEVICE, input.device_id), name=input.name
    )
    return DeviceRenamed(device=shown(renamed))


@strawberry.input(description="A sign-in to end.")
class EndSignInInput:
    """A sign-in to end."""

    sign_in_id: ID = strawberry.field(description="Which sign-in; of the viewer's account.")


@strawberry.type(description="The sign-in has ended: its streams end within seconds, what it plays after a minute.")
class SignInEnded:
    """What endSignIn gives."""

    sign_in_id: ID = strawberry.field(description="The id it had.")


@mutation_field(
    SignInEnded,
    refusals=(NotFound, SignInRequired),
    description="End a sign-in of the account, and keep its device. Also the one that asks.",
)
async def end_sign_in(
    work: Work, context: Context, input: Annotated[EndSignInInput, strawberry.argument(description="The sign-in.")]
) -> SignInEnded:
    """End a sign-in."""
    await accounts.end_sign_in(work, viewer=context.viewer, sign_in_id=read_id(Kind.SIGN_IN, input.sign_in_id))
    return SignInEnded(sign_in_id=input.sign_in_id)


@strawberry.input(description="Which sign-ins to end.")
class SignOutEverywhereInput:
    """Which sign-ins to end."""

    keep_this: bool = strawberry.field(description="Whether the sign-in that asks goes on.")


@strawberry.type(description="The sign-ins have ended: their streams within seconds, what they play after a minute.")
class SignedOutEverywhere:
    """What signOutEverywhere gives."""

    kept_this: bool = strawberry.field(description="Whether the sign-in that asked goes on.")


@mutation_field(
    SignedOutEverywhere, refusals=(SignInRequired,), description="End all sign-ins of the account, clients' included."
)
async def sign_out_everywhere(
    work: Work, context: Context, input: Annotated[SignOutEverywhereInput, strawberry.argument(description="Which.")]
) -> SignedOutEverywhere:
    """Sign out everywhere."""
    await accounts.sign_out_everywhere(work, viewer=context.viewer, keeps_this=input.keep_this)
    return SignedOutEverywhere(kept_this=input.keep_this)


def _is_own(context: Context, account_id: UUID) -> bool:
    return context.viewer is not None and context.viewer.account_id == account_id


MUTATIONS = [remove_device, rename_device, end_sign_in, sign_out_everywhere]
