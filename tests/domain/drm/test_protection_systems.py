import base64
import re
import subprocess
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.media.packager import Scheme
from domain.media.protection_systems import PLAYREADY_SYSTEM, common_pssh, playready_pssh, widevine_pssh
from tests.packaged_film import Film


def boxes_of_the_packager(film: Film, folder: Path, kid: UUID, scheme: Scheme) -> list[bytes]:
    """The boxes Shaka Packager writes for the same key: an implementation that is not ours."""
    argv = [
        str(film.tools.packager), "--quiet",
        f"in={film.sources['audio-0']},stream=audio,output={folder / 'out.mp4'}", "--enable_raw_key_encryption",
        f"--keys=label=:key_id={kid.hex}:key={'00' * 16}", "--protection_systems=Widevine,PlayReady,Common",
        f"--protection_scheme={scheme.value}", f"--mpd_output={folder / 'out.mpd'}",
    ]  # fmt: skip
    subprocess.run(argv, check=True, capture_output=True)
    found = re.findall(r"<cenc:pssh>([^<]+)", (folder / "out.mpd").read_text())
    return [base64.b64decode(box) for box in found]


@pytest.mark.parametrize("scheme", list(Scheme))
def test_boxes_are_those_of_another_implementation(film: Film, tmp_path: Path, scheme: Scheme) -> None:
    kid = uuid4()
    boxes = boxes_of_the_packager(film, tmp_path, kid, scheme)
    assert len(boxes) == 3
    assert common_pssh([kid]) in boxes
    assert widevine_pssh(kid, scheme) in boxes
    theirs = next(box for box in boxes if PLAYREADY_SYSTEM.bytes in box)
    # It adds a checksum of the key to the old header, which is optional and would need the key.
    header = re.sub("<CHECKSUM>.*</CHECKSUM>", "", theirs[42:].decode("utf-16-le"))
    assert playready_pssh(kid, scheme)[42:].decode("utf-16-le") == header
    if scheme is Scheme.CBCS:
        assert playready_pssh(kid, scheme) == theirs


def test_several_key_ids_fit_one_common_box() -> None:
    kids = [uuid4(), uuid4()]
    box = common_pssh(kids)
    assert int.from_bytes(box[:4], "big") == len(box) == 68
    assert box[28:32] == b"\x00\x00\x00\x02"
    assert box[32:64] == kids[0].bytes + kids[1].bytes
