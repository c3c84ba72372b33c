"""The passkeys of an account: adding them, naming them, and letting them go."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from domain.accounts import store
from domain.accounts.challenges import answer_challenge, ask
from domain.accounts.confirmation import require_recent
from domain.accounts.credentials import Passkey, PasskeyId
from domain.accounts.enrolment import enrolled, let_go
from domain.accounts.factors import Factor
from domain.accounts.pending import ChallengeKind
from domain.accounts.people import Viewer, require_manager
from domain.accounts.second_factor import PasskeyAsked
from domain.accounts.webauthn_checks import Json, PasskeyInvalid, RelyingParty, check_creation, creation_options
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work

PASSKEYS_MAX = 20
NAME_MAX_CHARS = 80
# The answer of an authenticator that vouches for itself is a tenth of this; what is longer is none.
CREDENTIAL_MAX_CHARS = 16_384


@dataclass(frozen=True, repr=False)
class PasskeyAdded:
    """A new passkey, and the recovery codes that came with it if it is the first second factor."""

    passkey: Passkey
    recovery_codes: list[str]


async def start_passkey(work: Work, *, viewer: Viewer | None, name: str, public_url: str) -> PasskeyAsked:
    """Ask the viewer's browser for a passkey, to be called `name`.

    Raises:
        SignInRequired, ConfirmationRequired.
        InvalidInput: a name that cannot be shown, or there are as many passkeys as there may be.
    """
    viewer, name = require_recent(viewer, now=work.now), _checked_name(name)
    (known,) = await store.passkeys_of(work.connection, [viewer.account_id])
    if len(known) >= PASSKEYS_MAX:
        raise InvalidInput("name", f"There are {PASSKEYS_MAX} already. Remove one first.")
    (account,) = await store.accounts_by_id(work.connection, [viewer.account_id])
    assert account is not None, "a viewer has an account"
    assert account.email is not None, "a service never proves who it is"
    asked = await ask(
        work,
        kind=ChallengeKind.NEW_PASSKEY,
        account_id=viewer.account_id,
        sign_in_id=viewer.sign_in_id,
        device_name=name,
    )
    options = creation_options(
        RelyingParty.of(public_url),
        challenge=asked.challenge.nonce,
        account_id=viewer.account_id,
        email=account.email,
        name=account.display_name,
        known=[passkey.credential_id for passkey in known],
    )
    return PasskeyAsked(asked.token, options)


async def add_passkey(
    work: Work, *, viewer: Viewer | None, challenge: str, credential_json: str, public_url: str
) -> PasskeyAdded:
    """Add the passkey that the viewer's browser made for a challenge of this sign-in.

    Raises:
        SignInRequired, ConfirmationRequired, ChallengeExpired.
        InvalidInput: what the browser answered proves nothing, or the passkey is known.
    """
    viewer = require_recent(viewer, now=work.now)
    credential = _read_credential(credential_json)
    asked = await answer_challenge(work, token=challenge, kind=ChallengeKind.NEW_PASSKEY)
    if asked.sign_in_id != viewer.sign_in_id:
        raise InvalidInput("challenge", "It was made for another sign-in. Begin again.")
    try:
        made = check_creation(RelyingParty.of(public_url), credential, challenge=asked.nonce)
    except PasskeyInvalid:
        raise InvalidInput("credentialJson", "This answer of the authenticator cannot be used. Begin again.") from None
    name = asked.device_name or ""
    codes = await enrolled(work, viewer=viewer, factor=Factor.PASSKEY, what=f"a passkey, “{name}”")
    passkey = Passkey(
        id=PasskeyId(work.new_id()),
        account_id=viewer.account_id,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        name=name,
        created_at=work.now,
        last_used_at=None,
    )
    if not await store.insert_passkey(work.connection, passkey, aaguid=made.aaguid, is_backed_up=made.is_backed_up):
        raise InvalidInput("credentialJson", "This passkey is known already. Use it, or make another one.")
    return PasskeyAdded(passkey, codes)


async def rename_passkey(work: Work, *, viewer: Viewer | None, passkey_id: UUID, name: str) -> Passkey:
    """Rename a passkey of the viewer's account.

    Raises:
        SignInRequired, AccountScopeRequired, NotFound, InvalidInput.
    """
    viewer, name = require_manager(viewer), _checked_name(name)
    renamed = await store.rename_passkey(work.connection, passkey_id, account_id=viewer.account_id, name=name)
    if renamed is None:
        raise NotFound("passkey", passkey_id)
    return renamed


async def remove_passkey(work: Work, *, viewer: Viewer | None, passkey_id: UUID) -> None:
    """Remove a passkey of the viewer's account.

    Raises:
        SignInRequired, ConfirmationRequired, NotFound, SecondFactorMandatory.
    """
    viewer = require_recent(viewer, now=work.now)
    # The account first, as everybody locks them.
    await store.hold_accounts(work.connection, [viewer.account_id])
    if not await store.delete_passkey(work.connection, passkey_id, account_id=viewer.account_id):
        raise NotFound("passkey", passkey_id)
    await let_go(work, viewer=viewer, what="a passkey")


async def passkeys_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[Passkey]]:
    """Return every account's passkeys, the oldest first."""
    async with reads.connection() as connection:
        return await store.passkeys_of(connection, account_ids)


async def passkeys_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Passkey | None]:
    """Return the passkeys of these ids, None where there is none."""
    async with reads.connection() as connection:
        return await store.passkeys_by_id(connection, keys)


def _read_credential(text: str) -> Json:
    try:
        credential = orjson.loads(text) if len(text) <= CREDENTIAL_MAX_CHARS else None
    except orjson.JSONDecodeError:
        credential = None
    if not isinstance(credential, dict):
        raise InvalidInput("credentialJson", "Send what the authenticator answered, as JSON.")
    return credential


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or not name.isprintable():
        raise InvalidInput("name", f"Use 1 to {NAME_MAX_CHARS} printable characters.")
    return name
