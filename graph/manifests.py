"""Manifests: the list of documents that a frontend's build writes, in the forms that build tools use.

{"<id>": "<text>", …}                                   relay-compiler, GraphQL Code Generator
{"format": "apollo-persisted-query-manifest",
 "version": 1, "operations": [{"id", "body", …}, …]}     Apollo
"""

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from graphql import GraphQLError

from domain.clients import ClientDocument
from domain.clients.releases import DOCUMENTS_MAX
from domain.kernel.refusals import InvalidInput
from graph.operations import Documents, OperationRefused

MANIFEST_MAX_BYTES = 32 * 1024 * 1024
APOLLO_FORMAT, APOLLO_VERSION = "apollo-persisted-query-manifest", 1
# Errors shown for one document; the first says enough.
SHOWN_MAX = 3


class ManifestBroken(ValueError):
    """The file is no manifest. The message says what is wrong, on one line."""


@dataclass(frozen=True)
class Finding:
    """What is to be said about one document: what it costs with the pages it names, or why it cannot be registered.

    `names` are those of its operations.
    """

    id: str
    names: tuple[str, ...] = ()
    cost: int = 0
    problems: tuple[str, ...] = ()


def read_manifest(content: bytes) -> list[ClientDocument]:
    """Read the documents of a manifest.

    Raises:
        ManifestBroken.
    """
    if len(content) > MANIFEST_MAX_BYTES:
        raise ManifestBroken(f"it is longer than {MANIFEST_MAX_BYTES} bytes")
    try:
        given = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        raise ManifestBroken(f"it is not JSON: {fault}") from None
    if not isinstance(given, dict):
        raise ManifestBroken("it is no JSON object")
    pairs = list(_apollo_pairs(given) if "format" in given else given.items())
    if not 1 <= len(pairs) <= DOCUMENTS_MAX:
        raise ManifestBroken(f"it has {len(pairs)} documents; 1 to {DOCUMENTS_MAX} are accepted")
    return [_document(id, text) for id, text in pairs]


def check_documents(given: Iterable[ClientDocument], documents: Documents) -> list[Finding]:
    """Check each document against the schema and the limits, as if it were sent."""
    return [_check(document, documents) for document in given]


def _apollo_pairs(given: dict[str, object]) -> Iterable[tuple[object, object]]:
    if (given["format"], given.get("version")) != (APOLLO_FORMAT, APOLLO_VERSION):
        raise ManifestBroken(f"its format is not {APOLLO_FORMAT}, version {APOLLO_VERSION}")
    operations = given.get("operations")
    if not isinstance(operations, list):
        raise ManifestBroken("`operations` is no list")
    for operation in operations:
        if not isinstance(operation, dict):
            raise ManifestBroken("an operation is no object")
        yield operation.get("id"), operation.get("body")


def _document(id: object, text: object) -> ClientDocument:
    if not isinstance(id, str) or not isinstance(text, str):
        raise ManifestBroken("an id or a document is no text")
    try:
        return ClientDocument.parse(id, text)
    except InvalidInput as refused:
        raise ManifestBroken(f"document {id[:80]!r}: {refused.reason}") from None


def _check(document: ClientDocument, documents: Documents) -> Finding:
    try:
        operations = documents.check(document.text)
    except OperationRefused as refused:
        return Finding(document.id, problems=tuple(_said(error) for error in refused.errors[:SHOWN_MAX]))
    if not operations:
        return Finding(document.id, problems=("it holds no operation",))
    names = tuple(operation.name or "anonymous" for operation in operations)
    return Finding(document.id, names, max(operation.cost_with({}) for operation in operations))


def _said(error: GraphQLError) -> str:
    return " ".join(error.message.split())
