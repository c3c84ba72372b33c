"""The keys that sign tokens. One signs, the next one is published before it does, and old ones are as long as needed.

    NEXT ──rotate──> CURRENT ──rotate──> RETIRED ──prune──> gone

Whoever checks signatures keeps our public keys for a while. So a key is published long before it signs, and stays
published until the last token under it has run out; a retired key's private half is forgotten at once.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.authorization import store
from domain.authorization.jose import new_key_pair
from domain.kernel.crypto import Keyring
from domain.kernel.work import Reads, Work

ROTATED_AFTER = timedelta(days=30)
# Many times what a token lasts, and what others may keep our keys for.
RETIRED_KEPT = timedelta(days=1)
CURRENT, NEXT, RETIRED = "CURRENT", "NEXT", "RETIRED"


@dataclass(frozen=True)
class SigningKey:
    """The key that signs now."""

    kid: str
    private_jwk: str = field(repr=False)


@dataclass(frozen=True)
class PublishedKey:
    """A key as everybody may see it. `public_jwk` is JSON."""

    kid: str
    state: str
    public_jwk: str
    created_at: datetime
    current_since: datetime | None
    retired_at: datetime | None

    def as_jwk(self) -> dict[str, object]:
        """Return the public key as it stands in a key set (RFC 7517)."""
        jwk: dict[str, object] = json.loads(self.public_jwk)
        return jwk


async def signing_key(work: Work, *, keyring: Keyring) -> SigningKey:
    """Return the key that signs; the first caller of all makes it, and the next one with it."""
    rows = await store.all_keys(work.connection)
    if not any(row.state == CURRENT for row in rows):
        await store.lock_keys(work.connection)
        rows = await store.all_keys(work.connection)
        if not any(row.state == CURRENT for row in rows):
            await _rotate(work, keyring, rows)
            rows = await store.all_keys(work.connection)
    current = next(row for row in rows if row.state == CURRENT)
    assert current.private_sealed is not None, "a key that signs has its private half"
    return SigningKey(current.kid, keyring.unseal(current.private_sealed, context=_context(current.kid)).decode())


async def published_keys(reads: Reads) -> list[PublishedKey]:
    """Return all keys that tokens may be signed with: the one that signs, the next one, and the retired ones."""
    async with reads.connection() as connection:
        rows = await store.all_keys(connection)
    return [
        PublishedKey(row.kid, row.state, row.public_jwk, row.created_at, row.current_since, row.retired_at)
        for row in rows
    ]


async def rotate_keys(work: Work, *, keyring: Keyring, is_compromised: bool = False) -> None:
    """Let the next key sign from now on, and publish a new next one.

    Tokens under the old key stay good until they run out. If it is compromised, so is the next one, which lay beside
    it: then both are gone at once, and new ones sign.
    """
    await store.lock_keys(work.connection)
    rows = await store.all_keys(work.connection)
    if is_compromised:
        await store.delete_keys(work.connection, [row.kid for row in rows if row.state != RETIRED])
        rows = []
    await _rotate(work, keyring, rows)


async def rotate_due_keys(work: Work, *, keyring: Keyring) -> bool:
    """Rotate when the key has signed long enough, and forget retired ones. Returns whether it rotated."""
    await store.lock_keys(work.connection)
    rows = await store.all_keys(work.connection)
    gone = [row.kid for row in rows if row.retired_at is not None and row.retired_at < work.now - RETIRED_KEPT]
    await store.delete_keys(work.connection, gone)
    current = next((row for row in rows if row.state == CURRENT), None)
    if current is not None and (current.current_since or work.now) > work.now - ROTATED_AFTER:
        return False
    await _rotate(work, keyring, rows)
    return True


async def rewrap_signing_keys(work: Work, *, keyring: Keyring) -> int:
    """Put the private keys under the current master key; return how many were under another one."""
    rewrapped = 0
    for row in await store.all_keys(work.connection):
        if row.private_sealed is not None and keyring.needs_rewrap(row.private_sealed):
            sealed = keyring.rewrap(row.private_sealed, context=_context(row.kid))
            rewrapped += await store.replace_sealed(work.connection, row.kid, old=row.private_sealed, new=sealed)
    return rewrapped


async def _rotate(work: Work, keyring: Keyring, rows: list[store.KeyRow]) -> None:
    """Move everything on by one. Whoever calls this holds the lock."""
    await store.retire_current(work.connection, at=work.now)
    if not any(row.state == NEXT for row in rows):
        await _make_next(work, keyring)
    await store.promote_next(work.connection, at=work.now)
    await _make_next(work, keyring)


async def _make_next(work: Work, keyring: Keyring) -> None:
    made = new_key_pair()
    await store.insert_key(
        work.connection,
        store.KeyRow(
            kid=made.kid,
            state=NEXT,
            public_jwk=made.public_jwk,
            private_sealed=keyring.seal(made.private_jwk.encode(), context=_context(made.kid)),
            created_at=work.now,
            current_since=None,
            retired_at=None,
        ),
    )


def _context(kid: str) -> bytes:
    return b"signing-key/" + kid.encode()
