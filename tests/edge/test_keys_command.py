import base64
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from domain.drm import keys_for_asset, keys_of_asset
from domain.kernel.bus import Bus
from domain.kernel.clock import system_clock
from domain.kernel.crypto import Keyring, SealBroken
from domain.kernel.work import Database, Reads
from domain.media.ladder import TrackClass
from tests.domain.drm.cpix_reader import decrypted_keys, plain_keys
from tests.domain.drm.recipients import recipient
from tests.domain.drm.test_keys import new_asset

OLD, NEW = (f"{name}:{base64.b64encode(bytes([number] * 32)).decode()}" for number, name in enumerate(("old", "new")))


@pytest.fixture
async def asset_id(database: Database, bus: Bus) -> UUID:
    """An asset whose keys lie under the old master key."""
    async with database.work(bus=bus) as work:
        asset_id = await new_asset(work)
        await keys_for_asset(work, keyring=Keyring.parse(OLD), asset_id=asset_id, track_classes=frozenset(TrackClass))
    return asset_id


def run(database_url: str, folder: Path, master_keys: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `marquee keys` as an operator would, away from any settings file."""
    settings = {"DATABASE_URL": database_url, "MASTER_KEYS": master_keys, "DATA_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", "keys", *arguments],
        env=os.environ | settings, cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


async def kept(database: Database, master_keys: str, asset_id: UUID) -> dict[UUID, bytes]:
    reads = Reads(database, now=system_clock())
    keys = await keys_of_asset(reads, keyring=Keyring.parse(master_keys), asset_id=asset_id)
    return {key.kid: key.key for key in keys}


async def test_after_a_rewrap_the_old_master_key_can_be_dropped(
    database: Database, database_url: str, tmp_path: Path, asset_id: UUID
) -> None:
    before = await kept(database, OLD, asset_id)
    with pytest.raises(SealBroken):
        await kept(database, NEW, asset_id)
    done = run(database_url, tmp_path, f"{NEW},{OLD}", "rewrap")
    assert (done.returncode, done.stdout) == (
        0,
        "Looked at 4 content keys and put 4 under the current master key.\n"
        "Put 0 signing keys and 0 secrets of authenticator apps under it.\n",
    )  # fmt: skip
    assert await kept(database, NEW, asset_id) == before
    again = run(database_url, tmp_path, NEW, "rewrap")
    assert again.stdout.startswith("Looked at 4 content keys and put 0 under the current master key.\n")


async def test_keys_are_exported_to_a_recipient(
    database: Database, database_url: str, tmp_path: Path, asset_id: UUID
) -> None:
    certificate, private = recipient("first")
    (tmp_path / "first.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    done = run(database_url, tmp_path, OLD, "export", str(asset_id), "--recipient", "first.pem")
    assert done.returncode == 0, done.stderr
    assert decrypted_keys(ElementTree.fromstring(done.stdout), private) == await kept(database, OLD, asset_id)


async def test_keys_leave_in_the_clear_only_when_asked_to(
    database: Database, database_url: str, tmp_path: Path, asset_id: UUID
) -> None:
    refused = run(database_url, tmp_path, OLD, "export", str(asset_id))
    assert (refused.returncode, refused.stdout) == (2, "")
    done = run(database_url, tmp_path, OLD, "export", str(asset_id), "--in-the-clear", "--scheme", "cbcs")
    assert plain_keys(ElementTree.fromstring(done.stdout)) == await kept(database, OLD, asset_id)


async def test_an_export_that_cannot_be_made_says_why_in_one_line(
    database_url: str, tmp_path: Path, asset_id: UUID
) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    unknown = run(database_url, tmp_path, OLD, "export", str(uuid4()), "--in-the-clear")
    malformed = run(database_url, tmp_path, OLD, "export", str(asset_id), "--recipient", "bad.pem")
    assert (unknown.returncode, malformed.returncode) == (1, 2)
    assert "There is no asset with keys" in unknown.stderr
    assert "not a certificate in PEM form" in malformed.stderr
    for done in (unknown, malformed):
        assert "Traceback" not in done.stderr
