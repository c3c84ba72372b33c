"""What a running process holds: its settings, database, bus, object store, keys and media programs."""

import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain.accounts.desk import Desk
from domain.accounts.passwords import Passwords
from domain.drm import AxinomSettings, KeySystem, LicenceProvider, choose_provider
from domain.kernel.bus import Bus
from domain.kernel.clock import Clock, system_clock
from domain.kernel.crypto import KEY_BYTES, Keyring
from domain.kernel.gathering import Gathering
from domain.kernel.group_commit import GroupCommits
from domain.kernel.refusals import Unavailable
from domain.kernel.sharing import Shared
from domain.kernel.work import Database, Reads, Work
from domain.media.object_store import ObjectStore
from domain.media.tools import MediaTools, ToolMissing
from domain.settings import Environment, SettingInvalid, Settings

LOCAL_KEY_FILE = "master-key"


@dataclass(frozen=True)
class Runtime:
    """The parts of one process. Made once at start, given to whoever needs it, never looked up."""

    settings: Settings
    database: Database
    bus: Bus
    objects: ObjectStore
    keyring: Keyring
    tools: MediaTools
    licences: LicenceProvider
    clock: Clock = system_clock
    shared: Shared = field(default_factory=Shared)
    gathering: Gathering = field(default_factory=Gathering)
    commits: GroupCommits = field(default_factory=GroupCommits)
    passwords: Passwords = field(default_factory=Passwords)

    def work(self) -> AbstractAsyncContextManager[Work]:
        """Open one transaction.

        Raises:
            Unavailable: the database went away.
        """
        return self.database.work(bus=self.bus, clock=self.clock)

    def desk(self) -> Desk:
        """Return what people prove themselves at."""
        return Desk(self.work, self.passwords, self.keyring, self.settings.public_url)

    def reads(self) -> Reads:
        """Return what batch reads take their connections from, with one `now` for all of them."""
        return Reads(self.database, now=self.clock())


@asynccontextmanager
async def open_runtime(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[Runtime]:
    """Connect everything a process needs, and close it again when the block ends.

    Neither the database nor the bus has to be up: calls fail with `Unavailable` until it is.

    Raises:
        SettingInvalid: a part cannot be made from its setting.
    """
    if not settings.database_url:
        raise SettingInvalid("DATABASE_URL", "is not set; `marquee run` starts a server of its own")
    keyring = keyring_of(settings)
    tools, licences, objects = _tools_of(settings), _licences_of(settings, keyring), _objects_of(settings)
    database = Database.connect(
        settings.database_url, pool_size=settings.write_pool_size, read_pool_size=settings.read_pool_size
    )
    passwords, commits = Passwords(threads=settings.password_threads), GroupCommits()
    try:
        async with Bus.open(settings.bus_url or settings.database_url) as bus:
            try:
                yield Runtime(
                    settings=settings,
                    database=database,
                    bus=bus,
                    objects=objects,
                    keyring=keyring,
                    tools=tools,
                    licences=licences,
                    clock=clock,
                    passwords=passwords,
                    commits=commits,
                )
            finally:
                await commits.close()
    finally:
        passwords.close()
        await database.close()
        await objects.close()


def keyring_of(settings: Settings) -> Keyring:
    """Return the master keys: those set, or in development the one in the data folder, made at the first call.

    Raises:
        SettingInvalid.
    """
    if settings.master_keys:
        try:
            return Keyring.parse(settings.master_keys)
        except ValueError as malformed:
            raise SettingInvalid("MASTER_KEYS", str(malformed)) from malformed
    if settings.environment is Environment.PRODUCTION:
        raise SettingInvalid("MASTER_KEYS", "must be set in production")
    return Keyring({"local": _local_key(settings.data_dir / LOCAL_KEY_FILE)})


def _local_key(path: Path) -> bytes:
    """Read the key file, or make it. Two processes that start together agree: the link succeeds only once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(os.urandom(KEY_BYTES))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise SettingInvalid("MASTER_KEYS", f"{path} must hold {KEY_BYTES} bytes; restore it, or delete all local data")
    return key


def _tools_of(settings: Settings) -> MediaTools:
    try:
        return MediaTools.find(
            ffmpeg=settings.ffmpeg_path, ffprobe=settings.ffprobe_path, packager=settings.packager_path
        )
    except ToolMissing as missing:
        variable = {"ffmpeg": "FFMPEG_PATH", "ffprobe": "FFPROBE_PATH"}.get(missing.tool, "PACKAGER_PATH")
        raise SettingInvalid(variable, str(missing)) from missing


def _objects_of(settings: Settings) -> ObjectStore:
    try:
        return ObjectStore.open(settings.media_url or (settings.data_dir / "media").as_uri())
    except (ValueError, Unavailable) as fault:
        raise SettingInvalid("MEDIA_URL", str(fault)) from fault


def _licences_of(settings: Settings, keyring: Keyring) -> LicenceProvider:
    urls = {
        KeySystem.WIDEVINE: settings.axinom_widevine_url,
        KeySystem.PLAYREADY: settings.axinom_playready_url,
        KeySystem.FAIRPLAY: settings.axinom_fairplay_url,
    }
    axinom = AxinomSettings(
        communication_key_id=settings.axinom_communication_key_id,
        communication_key=settings.axinom_communication_key,
        licence_urls={system: url for system, url in urls.items() if url},
        requires_hdcp=settings.axinom_requires_hdcp,
    )
    try:
        return choose_provider(
            name=settings.drm_provider, public_url=settings.public_url, keyring=keyring, axinom=axinom
        )
    except ValueError as malformed:
        raise SettingInvalid("DRM_PROVIDER", str(malformed)) from malformed
