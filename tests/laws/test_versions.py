"""The floors below which a package has a known vulnerability or fault, and what the lock files may hold."""

import re
from importlib.metadata import version
from pathlib import Path

import imageio_ffmpeg
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
# Each fixes a known vulnerability or fault.
FLOORS = {
    "strawberry-graphql": "0.341",
    "graphql-core": "3.3.1",
    "starlette": "1.3.1",
    "authlib": "1.9",
    "joserfc": "1.7.6",
    "sqlalchemy": "2.0.50",
    "pillow": "13",
    "uvicorn": "0.54",
}
# No door of ours reads multipart forms; whoever brings the package in brings it in whole.
FLOORS_IF_PRESENT = {"python-multipart": "0.0.27"}
FFMPEG_FLOOR = "9.0.2"


def _locked(lock: str) -> dict[str, list[Version]]:
    found: dict[str, list[Version]] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if match := re.match(r"([a-z0-9._-]+)==([^ ;\\]+)", line):
            found.setdefault(match[1], []).append(Version(match[2]))
    return found


@pytest.mark.parametrize("package", FLOORS)
def test_the_installed_package_is_at_or_above_its_floor(package: str) -> None:
    assert Version(version(package)) >= Version(FLOORS[package])


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_at_or_above_its_floor(lock: str) -> None:
    locked = _locked(lock)
    assert set(FLOORS) <= set(locked), "a floor guards a package that is gone: remove it from the list"
    for package, floor in {**FLOORS, **FLOORS_IF_PRESENT}.items():
        for found in locked.get(package, []):
            assert found >= Version(floor), f"{package} {found} in {lock} is below {floor}"


def test_the_bundled_ffmpeg_is_at_or_above_its_floor() -> None:
    binaries = sorted((Path(imageio_ffmpeg.__file__).parent / "binaries").glob("ffmpeg-*"))
    assert binaries, "the imageio-ffmpeg wheel of this platform brings no ffmpeg"
    found = re.search(r"v?(\d+(?:\.\d+)+)", binaries[-1].name)
    assert found is not None
    assert Version(found[1]) >= Version(FFMPEG_FLOOR)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_a_hash_and_nothing_has_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 50
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+==\S+", requirement), requirement.splitlines()[0]
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host|-f /|@ file", text)


def test_the_page_lock_has_hashes_and_no_addresses() -> None:
    text = (ROOT / "web" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') > 50


def test_the_locks_agree_and_satisfy_the_project() -> None:
    run, dev = _locked("requirements.lock"), _locked("requirements-dev.lock")
    assert {name: found for name, found in dev.items() if name in run} == run
    pyproject = (ROOT / "pyproject.toml").read_text()
    wanted = [Requirement(line) for line in re.findall(r'^  "([a-z][^"]+>=[^"]+)",?$', pyproject, re.MULTILINE)]
    assert len(wanted) > 40
    for requirement in wanted:
        name = requirement.name.lower().replace("_", "-")
        assert name in dev, f"{name} is not locked: run `make lock`"
        assert all(requirement.specifier.contains(found) for found in dev[name]), f"{name}: run `make lock`"
