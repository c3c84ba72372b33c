"""The viewer, its profiles and its devices."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import Account, Role, accounts_by_id, devices_by_id, devices_of
from domain.accounts import Device as DeviceRow
from domain.kernel.refusals import NotFound, SignInRequired
from domain.kernel.work import Work
from domain.playback import PlaybackSession as SessionRow
from domain.playback import sessions_of
from graph.accounts.profiles import Profile, acting_profiles, profiles_of_accounts
from graph.accounts.proofs import Credentials, credentials_of_accounts
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node, read_id
from graph.nodes import Node
from graph.root_fields import mutation_field, query_field
from graph.rows import declares

described(
    Role,
    description="What a person may do beyond watching.",
    values={
        Role.VIEWER: "Watches.",
        Role.HOST: "Runs shows: opens polls, pins products, moderates.",
        Role.MERCHANT_OWNER: "Owns a shop: its products, its orders and its staff.",
        Role.MERCHANT_STAFF: "Works for a shop: its products and its orders.",
        Role.AD_OPERATIONS: "Runs campaigns and places advertisements.",
        Role.EDITOR: "Uploads films and publishes titles.",
        Role.SUPPORT: "Looks at accounts to help their owners, for a reason each time; changes nothing.",
        Role.ADMINISTRATOR: "May do everything, for every account.",
    },
)


@loads_node(Kind.VIEWER, row=Account)
async def own_account(context: Context, keys: Sequence[UUID]) -> list[Account | None]:
    """Load the viewer's own account; every other looks absent."""
    accounts = await accounts_by_id(context.reads, keys)
    return [account if account is not None and _is_own(context, account.id) else None for account in accounts]


@loads_node(Kind.DEVICE, row=DeviceRow)
async def own_devices(context: Context, keys: Sequence[UUID]) -> list[DeviceRow | None]:
    """Load devices of the viewer's own account."""
    devices = await devices_by_id(context.reads, keys)
    return [device if device is not None and _is_own(context, device.account_id) else None for device in devices]


async def devices_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[DeviceRow]]:
    """Load the devices of accounts."""
    return await devices_of(context.reads, keys)


async def sessions_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[SessionRow]]:
    """Load what plays now on the screens of accounts."""
    return await sessions_of(context.reads, keys)


@declares(DeviceRow)
@strawberry.type(description="A browser, phone or television that has signed in.")
class Device(Node):
    """A device."""

    name: str = strawberry.field(description="What it calls itself.")
    last_seen_at: datetime = strawberry.field(description="When it last signed in.")


@declares(Account)
@strawberry.type(description="The person who is signed in.")
class Viewer(Node):
    """The viewer's own account."""

    display_name: str = strawberry.field(description="What to call this person.")
    territory: str = strawberry.field(description="Where the account is at home, as an ISO 3166-1 alpha-2 code.")
    roles: list[Role] = derived(
        lambda account, _: sorted(account.roles), description="What this person may do, in alphabetical order."
    )
    profile: Profile = batched(
        acting_profiles, key=lambda account: account.id, description="The profile that is watching."
    )
    profiles: list[Profile] = batched(
        profiles_of_accounts, key=lambda account: account.id, description="Everybody of the household, oldest first."
    )
    devices: list[Device] = batched(
        devices_of_accounts,
        key=lambda account: account.id,
        description="Its devices, the 50 that were seen last, the latest first.",
    )
    credentials: Credentials = batched(
        credentials_of_accounts, key=lambda account: account.id, description="What the account proves itself with."
    )
    playback_sessions: list[Annotated["PlaybackSession", strawberry.lazy("graph.playback")]] = batched(  # type: ignore[name-defined]  # noqa: F821 (lazy: playback imports this module)
        sessions_of_accounts,
        key=lambda account: account.id,
        list_size=5,
        description="What plays now on the account's screens, the newest first.",
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


@query_field(Viewer | None, description="Who is signed in, or null.")
async def viewer(context: Context) -> Account | None:
    """Return the viewer's own account."""
    if context.viewer is None:
        return None
    (account,) = await accounts_by_id(context.reads, [context.viewer.account_id])
    return account


def _is_own(context: Context, account_id: UUID) -> bool:
    return context.viewer is not None and context.viewer.account_id == account_id


QUERIES = [viewer]
MUTATIONS = [remove_device]
