"""Demo personas: ready-made people to try the service as. The door offers them only where the demo is on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.accounts import store
from domain.accounts.account import create_account
from domain.accounts.factors import Factor
from domain.accounts.people import DeviceClass, Role
from domain.accounts.sign_in import SignedIn, sign_in
from domain.kernel.work import Work


class Persona(StrEnum):
    """Who a visitor of the demo may be."""

    VIEWER = "VIEWER"
    BASIC = "BASIC"
    EDITOR = "EDITOR"
    ABROAD = "ABROAD"


@dataclass(frozen=True)
class _Cast:
    name: str
    territory: str
    roles: frozenset[Role]


_CAST = {
    Persona.VIEWER: _Cast("Vera Viewer", "DE", frozenset({Role.VIEWER})),
    Persona.BASIC: _Cast("Ben Basic", "DE", frozenset({Role.VIEWER})),
    Persona.EDITOR: _Cast("Edda Editor", "DE", frozenset({Role.VIEWER, Role.EDITOR})),
    Persona.ABROAD: _Cast("Aoi Abroad", "JP", frozenset({Role.VIEWER})),
}


async def sign_in_demo(
    work: Work,
    *,
    persona: Persona,
    device_name: str,
    devices: Sequence[UUID] = (),
    device_class: DeviceClass = DeviceClass.WEB,
) -> SignedIn:
    """Sign in as a persona; its account is created at the first time.

    Raises:
        InvalidInput: a device name that cannot be shown.
    """
    email = f"{persona.value.lower()}@demo.marquee.example"
    # Two first sign-ins at once: one creates the account, the other waits here and finds it.
    await store.lock_email(work.connection, email)
    account_id = await store.account_id_by_email(work.connection, email)
    if account_id is None:
        cast = _CAST[persona]
        account = await create_account(
            work, email=email, display_name=cast.name, territory=cast.territory, roles=cast.roles
        )
        account_id = account.id
    return await sign_in(
        work,
        account_id=account_id,
        device_name=device_name,
        device_id=await store.own_device(work.connection, account_id, devices),
        device_class=device_class,
        factors=frozenset({Factor.DEMO}),
    )
