"""A key for each account, under which goes what outlives its rows: files, and the copies of files in backups.

Erasing the account destroys the key; whatever was sealed under it opens no more, wherever a copy of it lies.
"""

from uuid import UUID

from domain.accounts import store
from domain.kernel.crypto import KEY_BYTES, Keyring, new_key
from domain.kernel.work import Work

REWRAP_BATCH = 500
_NAME = "account"


class KeyDestroyed(Exception):
    """The account was erased, and its key with it."""


async def account_keyring(work: Work, *, keyring: Keyring, account_id: UUID) -> Keyring:
    """Return what seals and opens an account's files; its key is made at the first call.

    Raises:
        KeyDestroyed.
    """
    sealed = await store.key_of(work.connection, account_id)
    if sealed is None:
        made = keyring.seal(new_key(), context=_context(account_id))
        sealed = await store.keep_key(work.connection, account_id, made)
    if sealed is None:
        raise KeyDestroyed
    key = keyring.unseal(sealed, context=_context(account_id))
    assert len(key) == KEY_BYTES
    return Keyring({_NAME: key})


async def rewrap_account_keys(work: Work, *, keyring: Keyring, after: UUID | None) -> tuple[int, UUID | None]:
    """Put the next keys under the current master key; return how many, and where to go on."""
    rows = await store.sealed_keys(work.connection, after=after, limit=REWRAP_BATCH)
    rewrapped = 0
    for account_id, sealed in rows:
        if keyring.needs_rewrap(sealed):
            renewed = keyring.rewrap(sealed, context=_context(account_id))
            rewrapped += await store.replace_sealed_key(work.connection, account_id, old=sealed, new=renewed)
    return rewrapped, rows[-1][0] if len(rows) == REWRAP_BATCH else None


def _context(account_id: UUID) -> bytes:
    return b"account-key/" + account_id.bytes
