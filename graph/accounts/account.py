"""The viewer: the account of whoever is signed in."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry

from domain.accounts import Account, Role, accounts_by_id, require_manager
from domain.accounts import Viewer as Acting
from domain.playback import PlaybackSession as SessionRow
from domain.playback import sessions_of
from graph.accounts.devices import Device, SignIn, devices_of_accounts, sign_ins_of_accounts
from graph.accounts.own_data import Export, exports_of_accounts
from graph.accounts.profiles import Profile, acting_profiles, profiles_of_accounts
from graph.accounts.proofs import Credentials, credentials_of_accounts
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node
from graph.nodes import Node
from graph.root_fields import query_field
from graph.rows import declares

LoadRows = Callable[[Context, Sequence[UUID]], Awaitable[Sequence[Any]]]

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


async def sessions_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[SessionRow]]:
    """Load what plays now on the screens of accounts."""
    return await sessions_of(context.reads, keys)


def _for_managers(load: LoadRows) -> LoadRows:
    """Load only for whoever may manage the account."""

    async def loaded(context: Context, keys: Sequence[UUID]) -> Sequence[Any]:
        require_manager(context.viewer)
        return await load(context, keys)

    return loaded


@declares(Account)
@strawberry.type(description="The person who is signed in.")
class Viewer(Node):
    """The viewer's own account."""

    display_name: str = strawberry.field(description="What to call this person.")
    territory: str = strawberry.field(description="Where the account is at home, as an ISO 3166-1 alpha-2 code.")
    email: str | None = derived(
        lambda account, context: account.email if _viewer(context).knows_address else None,
        description="Its address; null of a service.",
    )
    marketing_consent_at: datetime | None = derived(
        lambda account, context: account.marketing_consent_at if _viewer(context).manages_account else None,
        description="When this person agreed to be told of offers; null is no.",
    )
    version: int = strawberry.field(description="Which version of the account this is; give it back with a change.")
    roles: list[Role] = derived(
        lambda account, context: sorted(_viewer(context).roles),
        description="What this person may do, in alphabetical order; without a second factor that is only watching.",
    )
    needs_second_factor: bool = derived(
        lambda account, context: _viewer(context).needs_second_factor,
        description="Whether there are more roles, which wait for a second factor: sign in with one, or add one.",
    )
    profile: Profile = batched(
        acting_profiles, key=lambda account: account.id, description="The profile that is watching."
    )
    profiles: list[Profile] = batched(
        profiles_of_accounts, key=lambda account: account.id, description="Everybody of the household, oldest first."
    )
    devices: list[Device] = batched(
        _for_managers(devices_of_accounts),
        key=lambda account: account.id,
        description="Its devices, the 50 that were seen last, the latest first.",
    )
    sign_ins: list[SignIn] = batched(
        _for_managers(sign_ins_of_accounts),
        key=lambda account: account.id,
        list_size=5,
        description="Where it is signed in, up to 50, the newest first.",
    )
    exports: list[Export] = batched(
        _for_managers(exports_of_accounts),
        key=lambda account: account.id,
        list_size=2,
        description="Files of everything that is kept about it, until they expire, the newest first.",
    )
    credentials: Credentials = batched(
        _for_managers(credentials_of_accounts),
        key=lambda account: account.id,
        description="What the account proves itself with.",
    )
    playback_sessions: list[Annotated["PlaybackSession", strawberry.lazy("graph.playback")]] = batched(  # type: ignore[name-defined]  # noqa: F821 (lazy: playback imports this module)
        sessions_of_accounts,
        key=lambda account: account.id,
        list_size=5,
        description="What plays now on the account's screens, the newest first.",
    )


@query_field(Viewer | None, description="Who is signed in, or null.")
async def viewer(context: Context) -> Account | None:
    """Return the viewer's own account."""
    if context.viewer is None:
        return None
    (account,) = await accounts_by_id(context.reads, [context.viewer.account_id])
    return account


def _viewer(context: Context) -> Acting:
    assert context.viewer is not None, "only the viewer's own account is ever loaded"
    return context.viewer


def _is_own(context: Context, account_id: UUID) -> bool:
    return context.viewer is not None and context.viewer.account_id == account_id


QUERIES = [viewer]
