"""The page's files: cached for good when hashed, asked for anew otherwise, and never anything outside the build."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from edge.pages import page_routes, workbench


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Marquee</title>")
    (folder / "ide.html").write_text("<title>Workbench</title>")
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-4f2a.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


@pytest.fixture
def browser(build: Path) -> TestClient:
    return TestClient(Starlette(routes=page_routes(build)))


def test_hashed_assets_are_kept_for_a_year(browser: TestClient) -> None:
    answer = browser.get("/assets/index-4f2a.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("address", ["/", "/title/VGl0bGU6MQ%3D%3D", "/watch/VGl0bGU6MQ", "/studio/titles/x"])
def test_every_address_of_the_page_gets_its_html_anew(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert (answer.status_code, answer.text) == (200, "<title>Marquee</title>")
    assert answer.headers["cache-control"] == "no-cache"


def test_files_at_the_root_are_served_as_they_are(browser: TestClient) -> None:
    answer = browser.get("/favicon.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize("address", ["/assets/gone-1111.js", "/assets/", "/robots.txt", "/index.php"])
def test_an_unknown_file_is_not_the_page(browser: TestClient, address: str) -> None:
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//etc/passwd.txt",
    ],
)
def test_nothing_outside_the_build_is_served(browser: TestClient, address: str) -> None:
    answer = browser.get(address)
    assert answer.status_code == 404
    assert "outside" not in answer.text


def test_a_link_that_leads_outside_is_not_followed(browser: TestClient, build: Path) -> None:
    (build / "assets" / "link.txt").symlink_to(build.parent / "secret.txt")
    assert browser.get("/assets/link.txt").status_code == 404


def test_a_missing_build_is_said_in_one_line(tmp_path: Path) -> None:
    answer = TestClient(Starlette(routes=page_routes(tmp_path / "nowhere"))).get("/")
    assert answer.status_code == 503
    assert answer.text == "The page is not built: run `npm ci && npm run build` in web/."
    assert answer.headers["cache-control"] == "no-store"


def test_the_workbench_is_the_second_page(build: Path, tmp_path: Path) -> None:
    assert workbench(build).status_code == 200
    assert workbench(tmp_path / "nowhere").status_code == 503


@pytest.mark.parametrize(
    ("opened", "sent_to"),
    [
        ("http://127.0.0.1:8000/title/x?y=1", "http://localhost:8000/title/x?y=1"),
        ("http://localhost:8000/", None),
        # Another server, or a name that somebody else may own, is left where it is.
        ("http://127.0.0.1:9000/", None),
        ("http://marquee.example:8000/", None),
    ],
)
def test_another_name_of_this_machine_leads_to_the_public_one(build: Path, opened: str, sent_to: str | None) -> None:
    app = Starlette(routes=page_routes(build, public_url="http://localhost:8000"))
    answer = TestClient(app).get(opened, follow_redirects=False)
    assert answer.headers.get("location") == sent_to
    assert answer.status_code == (200 if sent_to is None else 307)
