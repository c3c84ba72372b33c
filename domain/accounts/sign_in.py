"""Signing in and out with opaque tokens, of which only a hash is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.attempts import HOUR_S, Limit, take_attempt
from domain.accounts.desk import Place
from domain.accounts.factors import Factor
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import queue_mail
from domain.accounts.people import DeviceClass, DeviceId, SignInId, Viewer
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work

SIGN_IN_LASTS = timedelta(hours=12)
TOKEN_BYTES = 32
# The URL-safe base64 of 32 bytes; whatever has another length was not issued here and needs no look-up.
TOKEN_CHARS = 43
SERVICE_KEY_PREFIX = "mk_"
DEVICE_NAME_MAX_CHARS = 80
# More than a household signs in, however often it forgets that it did.
SIGN_INS_OF_ACCOUNT = Limit("sign_in.account", burst=60, per_s=HOUR_S)


@dataclass(frozen=True, repr=False)
class SignedIn:
    """A fresh sign-in. `token` is shown this once and never again."""

    token: str
    viewer: Viewer
    expires_at: datetime


async def sign_in(
    work: Work,
    *,
    account_id: UUID,
    device_name: str,
    device_id: UUID | None = None,
    device_class: DeviceClass = DeviceClass.WEB,
    factors: frozenset[Factor] = frozenset(),
    confirmable: bool = True,
    lasts: timedelta | None = None,
) -> SignedIn:
    """Sign an account in on a device; a device of another account, or none, becomes a new one, and its owner is told.

    The caller has established who it is, by `factors`. Credentials can be changed only from a sign-in that is
    `confirmable`: one on our own page, whose holder can be asked to prove it again. Raises:
        InvalidInput: a device name that cannot be shown.
        NotFound: no such account, or a suspended one.
    """
    device_name = device_name.strip()
    if not 1 <= len(device_name) <= DEVICE_NAME_MAX_CHARS or not device_name.isprintable():
        raise InvalidInput("deviceName", f"Use 1 to {DEVICE_NAME_MAX_CHARS} printable characters.")
    fresh_id = work.new_id()
    device = await store.see_device(
        work.connection,
        id=device_id or fresh_id,
        fresh_id=fresh_id,
        account_id=account_id,
        name=device_name,
        device_class=device_class,
        at=work.now,
    )
    if device is None:
        raise NotFound("account", account_id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = work.now + (lasts or SIGN_IN_LASTS)
    viewer = await store.insert_sign_in(
        work.connection,
        id=SignInId(work.new_id()),
        account_id=account_id,
        device_id=DeviceId(device),
        token_hash=_hash(token),
        at=work.now,
        expires_at=expires_at,
        # What everybody may be is nobody's to change.
        auth_time=work.now if confirmable and Factor.DEMO not in factors else None,
        factors=factors,
    )
    if device == fresh_id and factors.isdisjoint({Factor.DEMO, Factor.KEY}):
        await _tell_of_device(work, account_id, DeviceId(device), device_name)
    return SignedIn(token=token, viewer=viewer, expires_at=expires_at)


async def sign_in_at(work: Work, *, account_id: UUID, place: Place, factors: frozenset[Factor]) -> SignedIn:
    """Sign an account in at a place, on the device it was there before.

    Raises:
        InvalidInput, NotFound.
        TooManyAttempts: the account was signed in too often lately.
    """
    # Who proves who they are is never held up by attempts; but each sign-in is a row, perhaps a device, and a mail.
    await take_attempt(work, limit=SIGN_INS_OF_ACCOUNT, subject=str(account_id))
    return await sign_in(
        work,
        account_id=account_id,
        device_name=place.device_name,
        device_id=await store.own_device(work.connection, account_id, place.devices),
        device_class=place.device_class,
        factors=factors,
    )


async def viewer_by_token(reads: Reads, token: str) -> Viewer | None:
    """Return who holds this token, or None when it is unknown, expired, ended, or its account is suspended."""
    token = token.removeprefix(SERVICE_KEY_PREFIX)
    if len(token) != TOKEN_CHARS:
        return None
    async with reads.connection() as connection:
        return await store.viewer_by_hash(connection, _hash(token), now=reads.now)


async def viewers_by_token(reads: Reads, tokens: Sequence[str]) -> list[Viewer | None]:
    """Return who holds these tokens, aligned, as `viewer_by_token` does for one."""
    hashes = [_hash(token.removeprefix(SERVICE_KEY_PREFIX)) for token in tokens]
    async with reads.connection() as connection:
        return await store.viewers_by_hash(connection, hashes, now=reads.now)


async def sign_out(work: Work, *, viewer: Viewer) -> None:
    """End the viewer's own sign-in. Doing it twice changes nothing."""
    await store.end_sign_in(work.connection, viewer.sign_in_id, at=work.now)


async def viewers_now(reads: Reads, sign_in_ids: Sequence[UUID]) -> dict[UUID, Viewer]:
    """Return the viewers of those of these sign-ins that still count, by sign-in."""
    async with reads.connection() as connection:
        found = await store.viewers_by_sign_in(connection, sign_in_ids, now=reads.now)
    return {viewer.sign_in_id: viewer for viewer in found}


async def _tell_of_device(work: Work, account_id: UUID, device_id: DeviceId, name: str) -> None:
    if await store.tells_of_device(work.connection, account_id, device_id):
        await queue_mail(work, template=MailTemplate.NEW_DEVICE, account_id=account_id, device=name)


def _hash(token: str) -> bytes:
    # The token has 256 random bits, so a plain hash is as good as a slow one.
    return hashlib.sha256(token.encode()).digest()
