"""What tus says in headers, read and written. Pure. Source: tus resumable upload protocol 1.0.0, https://tus.io."""

import base64
import binascii
import re
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import UUID

from starlette.datastructures import Headers

from domain.kernel.refusals import InvalidInput
from domain.media.checksums import ALGORITHMS
from domain.media.upload import (
    CONCATENATED_MAX,
    FILE_NAME_DEFAULT,
    MEDIA_TYPE_DEFAULT,
    METADATA_MAX_CHARS,
    Upload,
    UploadState,
)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-defer-length,termination,checksum,expiration,concatenation"
PIECE_TYPE = "application/offset+octet-stream"
EXPOSED = (
    "Location, Retry-After, Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version,"
    " Upload-Concat, Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset"
)
UPLOADS_PATH = "/uploads"

# 2^63 - 1 has 19 digits; the largest sizes are refused by the limit, not by an overflow.
_NUMBER = re.compile(r"[0-9]{1,18}")
_METADATA_KEY = re.compile(r"[!-+\x2d-~]{1,100}")
_UPLOAD_PATH = re.compile(rf".*{UPLOADS_PATH}/([0-9a-fA-F-]{{36}})")


@dataclass(frozen=True)
class Described:
    """What the metadata of an upload says, and how the client wrote it."""

    file_name: str
    media_type: str
    written: str


@dataclass(frozen=True)
class Announced:
    """What a creation asks for: a size or none yet, or the partial uploads to put together."""

    size_bytes: int | None
    is_partial: bool
    partial_ids: tuple[UUID, ...]
    described: Described


def read_announced(headers: Headers) -> Announced:
    """Read the headers of a creation.

    Raises:
        InvalidInput.
    """
    is_partial, partial_ids = _read_concat(headers.get("upload-concat"))
    size_bytes = None if partial_ids else _read_size(headers)
    return Announced(size_bytes, is_partial, partial_ids, _read_metadata(headers.get("upload-metadata", "")))


def read_number(headers: Headers, name: str) -> int | None:
    """Read a count of bytes; None when the header is absent.

    Raises:
        InvalidInput.
    """
    value = headers.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise InvalidInput(name, "Give a number of bytes in decimal digits.")
    return int(value)


def upload_headers(upload: Upload) -> dict[str, str]:
    """Write what a HEAD request tells about an upload."""
    headers = {"Cache-Control": "no-store"} | progress_headers(upload)
    if upload.size_bytes is None:
        headers["Upload-Defer-Length"] = "1"
    else:
        headers["Upload-Length"] = str(upload.size_bytes)
    if upload.metadata:
        headers["Upload-Metadata"] = upload.metadata
    if upload.is_partial:
        headers["Upload-Concat"] = "partial"
    elif upload.is_final:
        headers["Upload-Concat"] = "final;" + " ".join(location(id) for id in upload.concatenates)
        if upload.state is not UploadState.COMPLETE:
            # Concatenation, "HEAD": no offset before it is finished.
            del headers["Upload-Offset"]
    return headers


def progress_headers(upload: Upload) -> dict[str, str]:
    """Write where an upload stands, and until when it waits for more."""
    headers = {"Upload-Offset": str(upload.offset_bytes)}
    # The header is about unfinished uploads ("Expiration"); clients forget one whose time it tells.
    if upload.expires_at is not None and upload.waits:
        headers["Upload-Expires"] = format_datetime(upload.expires_at, usegmt=True)
    return headers


def option_headers(max_size_bytes: int) -> dict[str, str]:
    """Write what this server can do."""
    return {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(max_size_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }


def location(id: UUID) -> str:
    """Write the address of an upload, relative to the origin so that it also holds behind a proxy."""
    return f"{UPLOADS_PATH}/{id}"


def _read_size(headers: Headers) -> int | None:
    size_bytes = read_number(headers, "Upload-Length")
    defers = headers.get("upload-defer-length")
    if defers not in (None, "1"):
        raise InvalidInput("Upload-Defer-Length", "Give 1, or leave it out.")
    if (size_bytes is None) == (defers is None):
        raise InvalidInput("Upload-Length", "Give the size in bytes, or Upload-Defer-Length: 1, not both.")
    return size_bytes


def _read_concat(value: str | None) -> tuple[bool, tuple[UUID, ...]]:
    if value is None or value == "partial":
        return value is not None, ()
    kind, _, addresses = value.partition(";")
    found = [_UPLOAD_PATH.fullmatch(urlsplit(address).path) for address in addresses.split()[: CONCATENATED_MAX + 1]]
    try:
        ids = tuple(UUID(match[1]) for match in found if match)
    except ValueError:
        ids = ()
    if kind != "final" or not ids or len(ids) != len(found):
        raise InvalidInput("Upload-Concat", "Give partial, or final; and the addresses of partial uploads.")
    return False, ids


def _read_metadata(written: str) -> Described:
    if len(written) > METADATA_MAX_CHARS:
        raise InvalidInput("Upload-Metadata", f"Give at most {METADATA_MAX_CHARS} characters.")
    values: dict[str, str] = {}
    for pair in written.split(",") if written.strip() else []:
        key, _, encoded = pair.strip().partition(" ")
        if not _METADATA_KEY.fullmatch(key) or key in values:
            raise InvalidInput("Upload-Metadata", "Give different keys, each followed by a value in base64.")
        values[key] = _decoded(encoded)
    name = values.get("filename") or values.get("name") or FILE_NAME_DEFAULT
    return Described(name, values.get("filetype") or values.get("type") or MEDIA_TYPE_DEFAULT, written.strip())


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", errors="replace")
    except (ValueError, binascii.Error) as malformed:
        raise InvalidInput("Upload-Metadata", "Give every value in base64.") from malformed
