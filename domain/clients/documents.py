"""Registered documents: texts under ids.

Refusal
└── DocumentIdTaken     an id stands for another text already
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from domain.clients import store
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.work import Reads

ID_MAX_CHARS = 128
TEXT_MAX_CHARS = 20_000
# How GraphQL over HTTP marks an id that is a hash ("Persisted Documents", section "Document Identifier").
SHA256_PREFIX = "sha256:"

_ID = re.compile(rf"[A-Za-z0-9_.:/+=-]{{1,{ID_MAX_CHARS}}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DocumentIdTaken(Refusal):
    """An id stands for another text already. An id made from the text, such as its SHA-256, cannot meet this."""

    def __init__(self, id: str) -> None:
        super().__init__(f"The id {id} stands for another text already. Use a hash of the text as its id.")
        self.id = id


@dataclass(frozen=True)
class ClientDocument:
    """A document as a build registers it."""

    id: str
    text: str

    @classmethod
    def parse(cls, id: str, text: str) -> "ClientDocument":
        """Check an id and its text. `sha256:` before an id promises that it is the text's hash, and is left off.

        Raises:
            InvalidInput.
        """
        if not _ID.fullmatch(id):
            raise InvalidInput("id", f"Use 1 to {ID_MAX_CHARS} letters, digits and . : / + = _ -")
        if not 1 <= len(text) <= TEXT_MAX_CHARS:
            raise InvalidInput("text", f"Send 1 to {TEXT_MAX_CHARS} characters.")
        if id.startswith(SHA256_PREFIX) and id.removeprefix(SHA256_PREFIX) != sha256(text.encode()).hexdigest():
            raise InvalidInput("id", "It is not the SHA-256 of the text.")
        return cls(plain_document_id(id), text)


def plain_document_id(id: str) -> str:
    """Return an id as it is kept: without the prefix that says which hash it is."""
    rest = id.removeprefix(SHA256_PREFIX)
    return rest if _SHA256.fullmatch(rest) else id


async def document_text(reads: Reads, *, id: str, client: str | None = None, version: str | None = None) -> str | None:
    """Return the text of a document that a live release holds: any, one of `client`, or that of `version`."""
    if not _ID.fullmatch(id):
        return None
    async with reads.connection() as connection:
        return await store.document_text(connection, id=plain_document_id(id), client=client, version=version)
