"""Releases of client programs: what a build has registered, until it is retired."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.clients import store
from domain.clients.documents import ClientDocument, DocumentIdTaken
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work

# A large client has some hundreds.
DOCUMENTS_MAX = 5_000
RELEASES_SHOWN_MAX = 500

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+/@-]{0,99}")


@dataclass(frozen=True)
class Release:
    """One version of a client. Its documents are answered until it is retired."""

    client: str
    version: str
    registered_at: datetime
    retired_at: datetime | None
    document_count: int


@dataclass(frozen=True)
class Registered:
    """What a registration changed: how many documents the release has, and how many no release had before."""

    document_count: int
    new_count: int


async def register_release(
    work: Work, *, client: str, version: str, documents: Sequence[ClientDocument], keep: int | None = None
) -> Registered:
    """Register the documents of a release. Safe to repeat; a retired release lives again, and documents are added.

    `keep` retires all but the newest releases of the client.

    Raises:
        InvalidInput: a name that cannot be used, or too many documents.
        DocumentIdTaken: nothing was registered.
    """
    for field, name in (("client", client), ("version", version)):
        if not _NAME.fullmatch(name):
            raise InvalidInput(field, "Use 1 to 100 letters, digits and . _ + / @ -, beginning with a letter or digit.")
    by_id = {document.id: document.text for document in documents}
    if not 1 <= len(by_id) <= DOCUMENTS_MAX:
        raise InvalidInput("documents", f"Register 1 to {DOCUMENTS_MAX} documents.")
    for document in documents:
        if by_id[document.id] != document.text:
            raise DocumentIdTaken(document.id)
    new_count = await store.insert_documents(work.connection, by_id, at=work.now)
    kept = await store.texts_of(work.connection, list(by_id))
    for id, text in by_id.items():
        if kept[id] != text:
            raise DocumentIdTaken(id)
    await store.upsert_release(work.connection, client=client, version=version, ids=list(by_id), at=work.now)
    if keep is not None:
        await store.retire_all_but(work.connection, client=client, keep=keep, at=work.now)
    return Registered(document_count=len(by_id), new_count=new_count)


async def retire_release(work: Work, *, client: str, version: str) -> None:
    """Answer the documents of a release no longer, unless another one holds them too. Safe to repeat.

    Raises:
        NotFound: there is no such release.
    """
    if not await store.retire(work.connection, client=client, version=version, at=work.now):
        raise NotFound("release", f"{client} {version}")


async def list_releases(reads: Reads, *, client: str | None = None) -> list[Release]:
    """Return the newest releases, of one client or of all."""
    async with reads.connection() as connection:
        return [
            Release(row.client, row.version, row.registered_at, row.retired_at, row.document_count)
            for row in await store.releases(connection, client=client, limit=RELEASES_SHOWN_MAX)
        ]
