"""Content keys: one for each track class of an asset, made here, kept sealed, and never shown.

A key is sealed with its key id and its asset as context, so a row copied over another one does not open. The key and
its initialisation vector are left out of every representation, so neither a log nor a traceback can hold them.

Refusal
└── KeyTaken    the key id belongs to another asset or another track class
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from domain.drm import store
from domain.kernel.crypto import Keyring
from domain.kernel.refusals import Refusal
from domain.kernel.work import Reads, Work
from domain.media.asset import AssetId
from domain.media.ladder import TrackClass

# AES-128 keys and 16-byte vectors, as ISO/IEC 23001-7 asks of every scheme.
KEY_BYTES = 16
IV_BYTES = 16
# Small enough to hold row locks only for milliseconds while the service runs.
REWRAP_BATCH = 200
# A content of any sensible number of periods and track types; bounds one request.
KEYS_PER_REQUEST_MAX = 256


class KeyTaken(Refusal):
    """The key id names a key of another asset, or of another track class of this one."""

    def __init__(self, kid: UUID) -> None:
        super().__init__(f"The key id {kid} is in use for something else. Choose another one.")
        self.kid = str(kid)


@dataclass(frozen=True)
class ContentKey:
    """What encrypts the tracks of one class. `key` and `iv` are 16 bytes each."""

    kid: UUID
    asset_id: AssetId
    track_class: TrackClass
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


@dataclass(frozen=True)
class RewrapBatch:
    """What one batch did. `next_after` is where to go on, None when every key has been looked at."""

    checked: int
    rewrapped: int
    next_after: UUID | None


async def keys_for_asset(
    work: Work, *, keyring: Keyring, asset_id: UUID, track_classes: Collection[TrackClass]
) -> list[ContentKey]:
    """Return the asset's own key of each class, in the order of `TrackClass`; missing ones are made.

    Two callers at once get the same keys: the first insert wins, the second reads it.
    """
    wanted = [track_class for track_class in TrackClass if track_class in track_classes]
    found = await store.own_keys(work.connection, asset_id, wanted)
    missing = set(wanted) - {row.track_class for row in found}
    if missing:
        made = [_seal(keyring, _make(uuid4(), asset_id, track_class), own=True) for track_class in sorted(missing)]
        await store.insert_keys(work.connection, made, now=work.now)
        found = await store.own_keys(work.connection, asset_id, wanted)
    by_class = {row.track_class: row for row in found}
    return [_open(keyring, by_class[track_class]) for track_class in wanted]


async def keys_by_requested_id(
    work: Work, *, keyring: Keyring, asset_id: UUID, wanted: Sequence[tuple[UUID, TrackClass]]
) -> list[ContentKey]:
    """Return a key for each key id that an encryptor chose, in that order; missing ones are made.

    Raises:
        KeyTaken: a key id is in use for another asset or another track class. Nothing is kept.
    """
    assert len(wanted) <= KEYS_PER_REQUEST_MAX
    kids = [kid for kid, _ in wanted]
    known = {row.kid for row in await store.keys_by_id(work.connection, kids)}
    made = [
        _seal(keyring, _make(kid, asset_id, track_class), own=False)
        for kid, track_class in sorted(dict(wanted).items())
        if kid not in known
    ]
    await store.insert_keys(work.connection, made, now=work.now)
    by_id = {row.kid: row for row in await store.keys_by_id(work.connection, kids)}
    for kid, track_class in wanted:
        row = by_id[kid]
        if (row.asset_id, row.track_class) != (asset_id, track_class):
            raise KeyTaken(kid)
    return [_open(keyring, by_id[kid]) for kid in kids]


async def keys_of_asset(reads: Reads, *, keyring: Keyring, asset_id: UUID) -> list[ContentKey]:
    """Return every key of an asset, its own first and then those that encryptors asked for."""
    async with reads.connection() as connection:
        rows = await store.keys_of_asset(connection, asset_id)
    return [_open(keyring, row) for row in rows]


async def rewrap_keys(
    work: Work, *, keyring: Keyring, after: UUID | None = None, limit: int = REWRAP_BATCH
) -> RewrapBatch:
    """Put the next keys, in the order of their ids, under the current master key. Safe to repeat and to interrupt.

    Call with `after=None` first, then with `next_after` of the batch before, each in a work of its own. Only the
    wrapping changes: the content keys stay what they are.
    """
    rows = await store.keys_after(work.connection, after, limit=min(limit, REWRAP_BATCH))
    rewrapped = 0
    for row in rows:
        if keyring.needs_rewrap(row.sealed):
            sealed = keyring.rewrap(row.sealed, context=_context(row.kid, row.asset_id))
            rewrapped += await store.replace_sealed(work.connection, row.kid, old=row.sealed, new=sealed)
    return RewrapBatch(len(rows), rewrapped, rows[-1].kid if len(rows) == limit else None)


def _make(kid: UUID, asset_id: UUID, track_class: TrackClass) -> ContentKey:
    key, iv = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(IV_BYTES)
    return ContentKey(kid, AssetId(asset_id), track_class, key, iv)


def _seal(keyring: Keyring, made: ContentKey, *, own: bool) -> store.KeyRow:
    sealed = keyring.seal(made.key + made.iv, context=_context(made.kid, made.asset_id))
    return store.KeyRow(made.kid, made.asset_id, made.track_class, own, sealed)


def _open(keyring: Keyring, row: store.KeyRow) -> ContentKey:
    secret = keyring.unseal(row.sealed, context=_context(row.kid, row.asset_id))
    return ContentKey(row.kid, AssetId(row.asset_id), row.track_class, secret[:KEY_BYTES], secret[KEY_BYTES:])


def _context(kid: UUID, asset_id: UUID) -> bytes:
    return b"content-key/" + kid.bytes + asset_id.bytes
