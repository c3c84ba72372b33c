"""What an upload is: bytes of one account that arrive in pieces, in order, until they are whole. Pure.

CREATED ──► RECEIVING ──► COMPLETE ──► TERMINATED
   └────┬───────┘ └─► EXPIRED │
        └──► TERMINATED       └─► EXPIRED (nothing was made from it, or it was a part of another)

    Refusal
    ├── UploadOffsetMismatch    the next byte is another one; ask for the offset and go on from there
    ├── UploadBusy              another request is sending this upload
    ├── UploadTooLarge          more bytes than announced, or than anybody may send
    ├── UploadEnded             it has expired, or was terminated
    ├── UploadIsFinal           it is put together from others and takes no bytes
    ├── UploadInUse             an asset is still being made from it
    ├── ChecksumMismatch        the bytes arrived changed; nothing of them was kept
    ├── ChecksumUnknown         no such algorithm
    └── TooManyUploads          the account has too many unfinished ones
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from domain.kernel.refusals import InvalidInput, Refusal
from domain.settings import DAY_S, Settings

UploadId = NewType("UploadId", UUID)

FILE_NAME_MAX_CHARS = 200
FILE_NAME_DEFAULT = "upload"
MEDIA_TYPE_DEFAULT = "application/octet-stream"
METADATA_MAX_CHARS = 4_096
CONCATENATED_MAX = 100
# Uploads an account may have under way. A client that sends one file over parallel connections uses several.
OPEN_MAX = 100
UNUSED_TTL_S = 7.0 * DAY_S

# RFC 6838, section 4.2.
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
# Documents that run scripts when a browser shows them. No film is one.
_SCRIPTED = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript"})


class UploadState(StrEnum):
    """Where an upload is on its way."""

    CREATED = "CREATED"
    RECEIVING = "RECEIVING"
    COMPLETE = "COMPLETE"
    EXPIRED = "EXPIRED"
    TERMINATED = "TERMINATED"

    @property
    def is_open(self) -> bool:
        return self in (UploadState.CREATED, UploadState.RECEIVING)


@dataclass(frozen=True)
class Upload:
    """An upload as it stands. Sizes and offsets in bytes.

    `size_bytes` is None while the client defers it, `object_key` until the upload is whole, and for partial uploads.
    """

    id: UploadId
    account_id: UUID
    state: UploadState
    size_bytes: int | None
    offset_bytes: int
    file_name: str
    media_type: str
    metadata: str
    is_partial: bool
    concatenates: tuple[UUID, ...]
    object_key: str | None
    created_at: datetime
    expires_at: datetime | None

    @property
    def is_final(self) -> bool:
        """Whether it is put together from other uploads instead of being sent."""
        return bool(self.concatenates)

    def ended(self, now: datetime) -> "UploadState | None":
        """Return how the upload ended, if it did; one whose time is up has, whether or not it was swept yet.

        A whole one has not, because something may have been made from it meanwhile.
        """
        if self.state in (UploadState.EXPIRED, UploadState.TERMINATED):
            return self.state
        is_up = self.waits and self.expires_at is not None and self.expires_at <= now
        return UploadState.EXPIRED if is_up else None

    @property
    def waits(self) -> bool:
        """Whether it waits for more bytes, or for the other parts of a whole."""
        return self.state.is_open or self.is_partial


@dataclass(frozen=True)
class Part:
    """A run of received bytes, kept as one object until the upload is whole."""

    start_byte: int
    size_bytes: int
    object_key: str

    @property
    def end_byte(self) -> int:
        return self.start_byte + self.size_bytes


@dataclass(frozen=True)
class UploadLimits:
    """How much may be sent, and how long an upload is kept, in seconds.

    `ttl_s` after the last byte of an unfinished one, `unused_ttl_s` after a whole one that nothing is made from.
    """

    max_size_bytes: int
    ttl_s: float
    unused_ttl_s: float = UNUSED_TTL_S
    open_max: int = OPEN_MAX

    @classmethod
    def of(cls, settings: Settings) -> "UploadLimits":
        """Take the limits an operator set."""
        return cls(
            max_size_bytes=settings.upload_max_size_bytes,
            ttl_s=settings.upload_ttl_s,
            unused_ttl_s=settings.retention.unused_uploads_days * DAY_S,
        )


class UploadOffsetMismatch(Refusal):
    """`offset_bytes` is where the upload stands."""

    def __init__(self, offset_bytes: int) -> None:
        super().__init__(f"The upload stands at byte {offset_bytes}. Go on from there.")
        self.offset_bytes = offset_bytes


class UploadBusy(Refusal):
    """Another request is sending this upload; `retry_after_s` is in seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"Another request is sending this upload. Try again in {max(retry_after_s, 1):.0f} s.")
        self.retry_after_s = retry_after_s


class UploadTooLarge(Refusal):
    """More bytes than announced, or than anybody may send."""

    def __init__(self, max_size_bytes: int) -> None:
        super().__init__(f"This upload may have {max_size_bytes} bytes at most.")
        self.max_size_bytes = max_size_bytes


class UploadEnded(Refusal):
    """The upload has expired or was terminated, and its bytes are gone."""

    def __init__(self, state: UploadState) -> None:
        super().__init__(f"This upload is {state.value.lower()}. Create a new one.")
        self.state = state.value


class UploadIsFinal(Refusal):
    """The upload is put together from others and takes no bytes of its own."""

    def __init__(self) -> None:
        super().__init__("This upload is put together from others. Send the bytes to those.")


class UploadInUse(Refusal):
    """An asset is being made from the upload, or may be tried again."""

    def __init__(self) -> None:
        super().__init__("An asset is being made from this upload. Cancel the asset first, or wait for it.")


class ChecksumMismatch(Refusal):
    """The bytes arrived changed; the upload stands where it stood."""

    def __init__(self) -> None:
        super().__init__("The bytes do not match their checksum. Send them again.")


class ChecksumUnknown(Refusal):
    """No such algorithm; `known` are those that work."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(f"This checksum algorithm is not supported. Use one of {', '.join(known)}.")
        self.known = tuple(known)


class TooManyUploads(Refusal):
    """The account has too many unfinished uploads."""

    def __init__(self, open_max: int) -> None:
        super().__init__(f"You have {open_max} unfinished uploads. Finish or terminate some first.")
        self.open_max = open_max


def plain_file_name(name: str) -> str:
    """Return a name to show to people: the last path segment, without control or direction-changing characters."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char for char in last if unicodedata.category(char)[0] != "C")
    return shown.strip(" .")[:FILE_NAME_MAX_CHARS].rstrip(" .") or FILE_NAME_DEFAULT


def plain_media_type(media_type: str) -> str:
    """Return the bare media type in lower case; it is a claim of the client's, believed by nobody.

    Raises:
        InvalidInput: it is malformed, or names a document that browsers run.
    """
    bare = media_type.split(";", 1)[0].strip().lower() or MEDIA_TYPE_DEFAULT
    if not _MEDIA_TYPE.fullmatch(bare) or bare in _SCRIPTED:
        raise InvalidInput("mediaType", "Give the type of a media or subtitle file, such as video/mp4.")
    return bare


def upload_prefix(id: UUID) -> str:
    """Return where all objects of an upload are."""
    return f"uploads/{id}/"


def parts_prefix(id: UUID) -> str:
    """Return where the parts of an upload are until it is whole."""
    return f"uploads/{id}/parts/"


def part_key(id: UUID, *, start_byte: int, writer_id: UUID, number: int) -> str:
    """Return the key of a part. The writer is in it, so that a late one never overwrites another's."""
    return f"{parts_prefix(id)}{start_byte:015d}-{writer_id.hex}-{number}"


def whole_key(id: UUID, *, writer_id: UUID) -> str:
    """Return the key of the whole, again of this writer alone."""
    return f"{upload_prefix(id)}source-{writer_id.hex}"
