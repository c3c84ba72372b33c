"""Manifests of documents, as build tools write them."""

from hashlib import sha256

import orjson
import pytest

from domain.clients import ClientDocument
from graph.limits import Limits
from graph.manifests import ManifestBroken, check_documents, read_manifest
from graph.operations import Documents
from graph.schema import graphql_schema

TEXT = "query Who { viewer { id } }"


def test_the_manifest_of_relay_and_of_code_generator_is_read() -> None:
    assert read_manifest(orjson.dumps({"a": TEXT, "b": "{ viewer { id } }"})) == [
        ClientDocument("a", TEXT),
        ClientDocument("b", "{ viewer { id } }"),
    ]


def test_the_manifest_of_apollo_is_read() -> None:
    operation = {"id": "a", "name": "Who", "type": "query", "body": TEXT}
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}
    assert read_manifest(orjson.dumps(manifest)) == [ClientDocument("a", TEXT)]


def apollo(**changes: object) -> bytes:
    return orjson.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [], **changes})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "0 documents"),
        (b'{"a": 5}', "no text"),
        (b'{"a": null}', "no text"),
        (b'{"a": ""}', "document 'a'"),
        (b'{"a b": "{x}"}', "document 'a b'"),
        (orjson.dumps({"a": "x" * 20_001}), "document 'a'"),
        (orjson.dumps({f"sha256:{sha256(b'x').hexdigest()}": TEXT}), "not the SHA-256"),
        (orjson.dumps({str(number): TEXT for number in range(5_001)}), "5001 documents"),
        (apollo(), "0 documents"),
        (apollo(version=2), "format"),
        (apollo(format="other"), "format"),
        (apollo(operations={}), "no list"),
        (apollo(operations=[5]), "no object"),
        (apollo(operations=[{"id": "a"}]), "no text"),
    ],
)
def test_what_is_no_manifest_is_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ManifestBroken, match=reason) as broken:
        read_manifest(content)
    assert "\n" not in str(broken.value)


def test_every_document_is_checked_against_the_schema_and_the_limits() -> None:
    documents = Documents(graphql_schema(), limits=Limits(), is_open=False)
    texts = {
        "good": TEXT,
        "both": "query A { viewer { id } } query B { viewer { displayName } }",
        "broken": "{",
        "unknown": "{ viewr { id } }",
        "deep": "{" + "node(id:1){" * 20 + "id" + "}" * 21,
        "costly": "{titles(first: 100) {nodes {assets {tracks {label codec width height language kind}}}}}",
        "fragment": "fragment F on Viewer { id }",
        "introspection": "{ __schema { types { name } } }",
    }
    findings = {one.id: one for one in check_documents([ClientDocument(*pair) for pair in texts.items()], documents)}
    assert {id for id, finding in findings.items() if not finding.problems} == {"good", "both"}
    assert (findings["good"].names, findings["good"].cost) == (("Who",), 3)
    assert findings["both"].names == ("A", "B")
    assert "viewr" in findings["unknown"].problems[0]
    assert "20000" in findings["costly"].problems[0]
