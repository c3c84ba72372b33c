"""Links in mails: each works once, for a while, for one purpose and one address.

The secret in a link is made from its row's id and a master key, at the moment the mail is written. So no table, queue
or backup holds anything that opens it.

Refusal
└── LinkExpired   the link was used, replaced or made up, or its time is over
"""

import base64
import binascii
import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from domain.accounts import store
from domain.accounts.pending import EmailLink, LinkPurpose
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import Refusal
from domain.kernel.work import Work

_KEY = "email links"
_ID_BYTES, _MAC_BYTES = 16, 32
# URL-safe base64 of the two, which needs no padding.
TOKEN_CHARS = (_ID_BYTES + _MAC_BYTES) * 4 // 3


LASTS = {
    LinkPurpose.SIGN_UP: timedelta(hours=24),
    # Whoever reads the mailbox later must not get in by it.
    LinkPurpose.RESET: timedelta(hours=1),
    LinkPurpose.CHANGE_EMAIL: timedelta(hours=1),
    # Whoever is invited may be away for some days.
    LinkPurpose.INVITATION: timedelta(days=7),
}


class LinkExpired(Refusal):
    """The link was used, replaced or made up, or its time is over."""

    def __init__(self) -> None:
        super().__init__("This link does not work any more. Ask for a new one.")


def link_token(keyring: Keyring, *, id: UUID, purpose: str) -> str:
    """Return what a link carries."""
    return base64.urlsafe_b64encode(id.bytes + _mac(keyring.derive(_KEY), id, purpose)).decode()


def read_link(keyring: Keyring, token: str, *, purpose: str) -> UUID | None:
    """Return the id in a link that was made here for this purpose, by any of the master keys; None of any other."""
    if len(token) != TOKEN_CHARS:
        return None
    try:
        data = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    id = UUID(bytes=data[:_ID_BYTES])
    made = [_mac(key, id, purpose) for key in keyring.derive_all(_KEY)]
    return id if any(hmac.compare_digest(data[_ID_BYTES:], mac) for mac in made) else None


async def make_link(work: Work, *, purpose: LinkPurpose, email: str, account_id: UUID | None = None) -> UUID:
    """Make a link. Those of the same account and purpose from before stop working."""
    if account_id is not None:
        await store.void_links(work.connection, account_id=account_id, purpose=purpose, at=work.now)
    id = work.new_id()
    link = EmailLink(id, purpose, email, account_id)
    await store.insert_link(work.connection, link, at=work.now, expires_at=work.now + LASTS[purpose])
    return id


async def use_link(work: Work, *, id: UUID, purpose: LinkPurpose) -> EmailLink:
    """Use a link up, and return what it was for.

    Raises:
        LinkExpired.
    """
    link = await store.use_link(work.connection, id, purpose=purpose, at=work.now)
    if link is None:
        raise LinkExpired
    return link


async def void_links(work: Work, *, account_id: UUID, purpose: LinkPurpose) -> None:
    """Let the account's links of a purpose stop working."""
    await store.void_links(work.connection, account_id=account_id, purpose=purpose, at=work.now)


async def prune_links(work: Work, *, kept: timedelta, limit: int) -> int:
    """Delete up to `limit` links, and what waited for them, that ran out `kept` ago; return how many."""
    return await store.prune_links(work.connection, before=work.now - kept, limit=limit)


def _mac(key: bytes, id: UUID, purpose: str) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\x00" + id.bytes, hashlib.sha256)
