"""`marquee documents`: what operators do when a client is shipped."""

import json
from pathlib import Path

import pytest

from tests.edge.test_cli import marquee

TEXT = "query Who { viewer { id displayName } }"


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "persisted.json"
    path.write_text(json.dumps({"who-1": TEXT}))
    return path


def test_a_release_is_registered_listed_and_retired(manifest: Path, database_url: str) -> None:
    release = ("--client", "web", "--version", "1.2.3")

    def documents(*arguments: str) -> str:
        ended = marquee("documents", *arguments, DATABASE_URL=database_url)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    assert "No release is registered." in documents("list")
    said = documents("register", str(manifest), *release)
    assert "ok      who-1  Who  costs 4\n" in said
    assert "web 1.2.3 has 1 documents, 1 of them new." in said
    assert "web 1.2.3 has 1 documents, 0 of them new." in documents("register", str(manifest), *release)
    assert "web 1.2.3  1 documents  registered 20" in documents("list", "--client", "web")
    assert "No release is registered." in documents("list", "--client", "tv")
    assert documents("retire", *release) == "web 1.2.3 is retired.\n"
    assert "  retired 20" in documents("list")


def test_one_document_that_does_not_pass_keeps_all_out(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "persisted.json"
    path.write_text(json.dumps({"good": TEXT, "bad": "{ viewr { id } }"}))
    ended = marquee("documents", "register", str(path), "--client", "web", "--version", "1", DATABASE_URL=database_url)
    assert ended.returncode == 1
    assert "refused bad    Cannot query field 'viewr' on type 'Query'.\n" in ended.stdout
    assert ended.stderr == "Error: 1 of 2 documents cannot be registered; nothing was changed\n"
    assert "No release" in marquee("documents", "list", DATABASE_URL=database_url).stdout


def test_an_id_with_another_text_is_refused(manifest: Path, tmp_path: Path, database_url: str) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"who-1": "{ viewer { id } }"}))
    for path, status in ((manifest, 0), (other, 1)):
        ended = marquee(
            "documents", "register", str(path), "--client", "web", "--version", path.stem, DATABASE_URL=database_url
        )
        assert ended.returncode == status
    assert ended.stderr.startswith("Error: The id who-1 stands for another text already.")


def test_what_is_no_manifest_and_what_is_no_release_is_said_in_one_line(tmp_path: Path, database_url: str) -> None:
    path = tmp_path / "persisted.json"
    path.write_text("[]")
    broken = marquee("documents", "register", str(path), "--client", "web", "--version", "1", DATABASE_URL=database_url)
    unknown = marquee("documents", "retire", "--client", "web", "--version", "1", DATABASE_URL=database_url)
    for ended in (broken, unknown):
        assert ended.returncode == 1
        assert ended.stderr.startswith("Error: ")
        assert ended.stderr.count("\n") == 1
