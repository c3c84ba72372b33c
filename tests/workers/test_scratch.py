"""A worker's scratch space leaves nothing behind, not even after a kill."""

import subprocess
import sys
from pathlib import Path

import pytest

from workers.scratch import Scratch


def roots(parent: Path) -> list[Path]:
    return sorted(parent.glob("worker-*"))


def test_a_folder_is_gone_after_its_work_also_when_it_fails(tmp_path: Path) -> None:
    with Scratch.open(tmp_path) as scratch:
        with scratch.folder("chunk") as folder:
            (folder / "part.mp4").write_bytes(b"x")
        assert not folder.exists()
        with pytest.raises(ValueError, match="broken"), scratch.folder("chunk") as folder:
            raise ValueError("broken")
        assert not folder.exists()
    assert roots(tmp_path) == []


def test_two_workers_side_by_side_keep_out_of_each_others_way(tmp_path: Path) -> None:
    with Scratch.open(tmp_path) as first, Scratch.open(tmp_path) as second:
        assert roots(tmp_path) == sorted([first.root, second.root])
    assert roots(tmp_path) == []


def test_the_next_worker_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from workers.scratch import Scratch\n"
        "with Scratch.open(Path(sys.argv[1])) as scratch:\n"
        "    (scratch.root / 'half.mp4').write_bytes(b'x'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=30)
    (left,) = roots(tmp_path)
    assert (left / "half.mp4").exists()
    with Scratch.open(tmp_path) as scratch:
        assert roots(tmp_path) == [scratch.root]
