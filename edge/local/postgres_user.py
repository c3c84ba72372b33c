"""The unprivileged user that the embedded PostgreSQL runs as when we are root."""

import os
import pwd
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

SERVICE_USER = "marquee-postgres"
# On a machine without `useradd`, the user that owns nothing is better than root.
LAST_RESORT = "nobody"
ONLY_THE_OWNER = 0o700


def choose(data_dir: Path) -> str | None:
    """Return the user to become, or None when we are not root. The owner of existing data keeps it."""
    if os.geteuid() != 0:
        return None
    with suppress(OSError, KeyError):
        owner = data_dir.stat().st_uid
        if owner != 0:
            return pwd.getpwuid(owner).pw_name
    for name in (SERVICE_USER, LAST_RESORT):
        if _exists(name) or (name == SERVICE_USER and _make(name)):
            return name
    return LAST_RESORT


def own_folder(folder: Path, user: str | None) -> None:
    """Make `folder` if it is absent, closed to everybody but its owner."""
    folder.mkdir(mode=ONLY_THE_OWNER, parents=True, exist_ok=True)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
    folder.chmod(ONLY_THE_OWNER)


def can_reach(user: str, *folders: Path) -> bool:
    """Tell whether every folder on the way to these lets that user through by its permission bits."""
    entry = pwd.getpwnam(user)
    on_the_way = {step for folder in folders for step in (folder.resolve(), *folder.resolve().parents)}
    return all(_lets_through(step.stat(), entry) for step in on_the_way)


def _lets_through(found: os.stat_result, entry: pwd.struct_passwd) -> bool:
    if found.st_uid == entry.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == entry.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _make(name: str) -> bool:
    useradd = shutil.which("useradd")
    if useradd is None:
        return False
    command = [useradd, "--system", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin", name]
    made = subprocess.run(command, capture_output=True, check=False)
    return made.returncode == 0 or _exists(name)
