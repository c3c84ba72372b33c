"""What an operator may set, read once per entry point from the environment. `.env.example` explains every variable."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Self, TypedDict
from urllib.parse import parse_qs, urlsplit

GIB = 1024**3
DAY_S = 24 * 60 * 60
# Ten years: whoever needs a record for longer copies it elsewhere.
KEPT_DAYS_MAX = 3_650
# Nobody repeats a request after a month.
ANSWERS_KEPT_DAYS_MAX = 30
VIDEO_CODECS = ("h264", "hevc", "av1")
PRODUCTION_NEEDS = ("DATABASE_URL", "MASTER_KEYS", "PUBLIC_URL")
# asyncpg and SQLAlchemy both know the first; the second is an old name for it.
POSTGRES_SCHEMES = ("postgresql", "postgres")
BUS_SCHEMES = (*POSTGRES_SCHEMES, "redis", "rediss", "valkey", "valkeys")
MAIL_SCHEMES = ("smtp", "smtps")
PROVIDER_ID = re.compile(r"[a-z0-9-]{1,40}")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MEDIA_SCHEMES = ("file", "s3", "gs", "az", "memory")


class SettingInvalid(ValueError):
    """A variable has a value that cannot be used. The message names the variable and what would do, on one line.

    It never repeats the value, which may be a secret.
    """

    def __init__(self, variable: str, reason: str) -> None:
        super().__init__(f"{variable}: {reason}")
        self.variable = variable
        self.reason = reason


class Environment(StrEnum):
    """Where this runs; production refuses the conveniences of development."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Retention:
    """How many days rows are kept that nobody needs any more, each counted from when they were last of use."""

    answers_days: int = 7
    facts_days: int = 7
    sign_ins_days: int = 30
    playback_sessions_days: int = 90
    devices_days: int = 400
    unused_uploads_days: int = 7
    schedules_days: int = 30
    chat_days: int = 90
    webhooks_days: int = 30


@dataclass(frozen=True)
class OidcProvider:
    """An outside identity provider (OpenID Connect) that people may sign in with."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything an operator may set. Sizes in bytes, times in seconds.

    An empty `database_url` means that none was given: `marquee run` then starts its own server.
    An empty `master_keys` means the key that is kept in the data folder, in development only.
    """

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = field(default_factory=lambda: Path(".marquee").absolute())
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    trusted_proxies: tuple[str, ...] = ()
    demo: bool = True
    graphql_trusted_only: bool = False
    graphql_rate_viewer: int = 0
    graphql_rate_address: int = 0
    graphql_streams_viewer: int = 0
    graphql_streams_address: int = 0
    entity_fragments: int = 10_000
    review_by_another: bool = True

    database_url: str = field(default="", repr=False)
    password_threads: int = 1
    mail_url: str = field(default="", repr=False)
    mail_from: str = "marquee@localhost"
    oidc_providers: tuple[OidcProvider, ...] = ()

    write_pool_size: int = 10
    read_pool_size: int = 10
    bus_url: str = field(default="", repr=False)
    retention: Retention = field(default_factory=Retention)
    media_url: str = field(default="", repr=False)
    master_keys: str = field(default="", repr=False)

    upload_max_size_bytes: int = 50 * GIB
    upload_ttl_s: int = DAY_S
    codecs: tuple[str, ...] = ("h264",)
    worker_concurrency: int = 2
    ffmpeg_path: str | None = None
    ffprobe_path: str | None = None
    packager_path: str | None = None

    drm_provider: str = "clearkey"
    axinom_communication_key_id: str = ""
    axinom_communication_key: str = field(default="", repr=False)
    axinom_widevine_url: str = ""
    axinom_playready_url: str = ""
    axinom_fairplay_url: str = ""
    axinom_requires_hdcp: bool = False
    speke_token: str | None = field(default=None, repr=False)
    player_origins: tuple[str, ...] = ()

    webhooks_to_loopback: bool = False

    log_format: str = "text"
    log_level: str = "info"
    otlp_endpoint: str | None = None

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Empty variables count as absent.

        Raises:
            SettingInvalid: a value cannot be used, or production lacks one it needs.
        """
        variables = _Variables(environ)
        environment = Environment(variables.one_of("ENVIRONMENT", tuple(Environment), default="development"))
        in_production = environment is Environment.PRODUCTION
        if in_production:
            for name in PRODUCTION_NEEDS:
                variables.require(name)
        data_dir = Path(variables.text("DATA_DIR", ".marquee")).expanduser().absolute()
        port = variables.whole("PORT", 8000, least=1, most=65535)
        database_url = variables.url("DATABASE_URL", "", POSTGRES_SCHEMES)
        return cls(
            environment=environment,
            data_dir=data_dir,
            host=variables.text("HOST", "127.0.0.1"),
            port=port,
            public_url=variables.url("PUBLIC_URL", f"http://localhost:{port}", ("http", "https")).rstrip("/"),
            trusted_proxies=variables.networks("TRUSTED_PROXIES", any_host=not in_production),
            demo=variables.flag("DEMO", default=not in_production),
            **_graphql(variables, in_production=in_production),
            review_by_another=variables.flag("REVIEW_BY_ANOTHER", default=True),
            **_people(variables),
            database_url=database_url,
            write_pool_size=variables.whole("WRITE_POOL_SIZE", 10, least=1, most=200),
            read_pool_size=variables.whole("READ_POOL_SIZE", 10, least=1, most=200),
            bus_url=variables.url("BUS_URL", database_url, BUS_SCHEMES),
            retention=_retention(variables),
            media_url=variables.url("MEDIA_URL", (data_dir / "media").as_uri(), MEDIA_SCHEMES),
            master_keys=variables.text("MASTER_KEYS", ""),
            **_media(variables),
            **_drm(variables),
            webhooks_to_loopback=_to_loopback(variables, in_production=in_production),
            log_format=variables.one_of("LOG_FORMAT", ("text", "json"), default="json" if in_production else "text"),
            log_level=variables.one_of("LOG_LEVEL", ("debug", "info", "warning", "error"), default="info"),
            otlp_endpoint=variables.optional("OTEL_EXPORTER_OTLP_ENDPOINT"),
        )


def _to_loopback(variables: "_Variables", *, in_production: bool) -> bool:
    allowed = variables.flag("WEBHOOKS_TO_LOOPBACK", default=False)
    if allowed and in_production:
        raise SettingInvalid("WEBHOOKS_TO_LOOPBACK", "would let hosts reach this machine; it is for development only")
    return allowed


class _People(TypedDict):
    password_threads: int
    mail_url: str
    mail_from: str
    oidc_providers: tuple[OidcProvider, ...]


def _people(variables: "_Variables") -> _People:
    return {
        "password_threads": variables.whole("PASSWORD_THREADS", 1, least=1, most=64),
        "mail_url": variables.url("MAIL_URL", "", MAIL_SCHEMES),
        "mail_from": variables.text("MAIL_FROM", "marquee@localhost"),
        "oidc_providers": variables.providers("OIDC_PROVIDERS"),
    }


class _GraphQL(TypedDict):
    graphql_trusted_only: bool
    graphql_rate_viewer: int
    graphql_rate_address: int
    graphql_streams_viewer: int
    graphql_streams_address: int
    entity_fragments: int


def _graphql(variables: "_Variables", *, in_production: bool) -> _GraphQL:
    # Enough for about ten home screens a second by one viewer, and for a crowd behind one address.
    viewer, address = (10_000, 50_000) if in_production else (0, 0)
    # Many tabs on all devices of a household, and a crowd behind one address.
    viewer_streams, address_streams = (50, 2_000) if in_production else (0, 0)
    return {
        "graphql_trusted_only": variables.flag("GRAPHQL_TRUSTED_ONLY", default=False),
        "graphql_rate_viewer": variables.whole("GRAPHQL_RATE_VIEWER", viewer, least=0, most=10**9),
        "graphql_rate_address": variables.whole("GRAPHQL_RATE_ADDRESS", address, least=0, most=10**9),
        "graphql_streams_viewer": variables.whole("GRAPHQL_STREAMS_VIEWER", viewer_streams, least=0, most=10**6),
        "graphql_streams_address": variables.whole("GRAPHQL_STREAMS_ADDRESS", address_streams, least=0, most=10**6),
        "entity_fragments": variables.whole("ENTITY_FRAGMENTS", 10_000, least=0, most=10**7),
    }


def _retention(variables: "_Variables") -> Retention:
    answers = variables.whole("ANSWERS_KEPT_DAYS", 7, least=1, most=ANSWERS_KEPT_DAYS_MAX)
    # A repeated request is answered from the session that the first one started, and trends count the last week.
    sessions_least = max(8, answers + 1)
    sessions = variables.whole("PLAYBACK_SESSIONS_KEPT_DAYS", 90, least=sessions_least, most=KEPT_DAYS_MAX - 2)
    return Retention(
        answers_days=answers,
        facts_days=variables.whole("FACTS_KEPT_DAYS", 7, least=1, most=KEPT_DAYS_MAX),
        sign_ins_days=variables.whole("SIGN_INS_KEPT_DAYS", 30, least=1, most=KEPT_DAYS_MAX),
        playback_sessions_days=sessions,
        # Sessions name their device, and start until half a day after it was last seen.
        devices_days=variables.whole("DEVICES_KEPT_DAYS", 400, least=sessions + 2, most=KEPT_DAYS_MAX),
        unused_uploads_days=variables.whole("UNUSED_UPLOADS_KEPT_DAYS", 7, least=1, most=KEPT_DAYS_MAX),
        schedules_days=variables.whole("SCHEDULES_KEPT_DAYS", 30, least=1, most=KEPT_DAYS_MAX),
        webhooks_days=variables.whole("WEBHOOKS_KEPT_DAYS", 30, least=1, most=KEPT_DAYS_MAX),
        chat_days=variables.whole("CHAT_KEPT_DAYS", 90, least=1, most=KEPT_DAYS_MAX),
    )


class _Media(TypedDict):
    upload_max_size_bytes: int
    upload_ttl_s: int
    codecs: tuple[str, ...]
    worker_concurrency: int
    ffmpeg_path: str | None
    ffprobe_path: str | None
    packager_path: str | None


def _media(variables: "_Variables") -> _Media:
    return {
        "upload_max_size_bytes": variables.whole("UPLOAD_MAX_SIZE_BYTES", 50 * GIB, least=1, most=2**50),
        "upload_ttl_s": variables.whole("UPLOAD_TTL_S", DAY_S, least=60, most=30 * DAY_S),
        "codecs": variables.words("VIDEO_CODECS", ("h264",), known=VIDEO_CODECS, needs="h264"),
        "worker_concurrency": variables.whole("WORKER_CONCURRENCY", 2, least=1, most=64),
        "ffmpeg_path": variables.optional("FFMPEG_PATH"),
        "ffprobe_path": variables.optional("FFPROBE_PATH"),
        "packager_path": variables.optional("PACKAGER_PATH"),
    }


class _Drm(TypedDict):
    drm_provider: str
    axinom_communication_key_id: str
    axinom_communication_key: str
    axinom_widevine_url: str
    axinom_playready_url: str
    axinom_fairplay_url: str
    axinom_requires_hdcp: bool
    speke_token: str | None
    player_origins: tuple[str, ...]


def _drm(variables: "_Variables") -> _Drm:
    provider = variables.one_of("DRM_PROVIDER", ("clearkey", "axinom"), default="clearkey")
    if provider == "axinom":
        variables.require("AXINOM_COMMUNICATION_KEY_ID")
        variables.require("AXINOM_COMMUNICATION_KEY")
    return {
        "drm_provider": provider,
        "axinom_communication_key_id": variables.text("AXINOM_COMMUNICATION_KEY_ID", ""),
        "axinom_communication_key": variables.text("AXINOM_COMMUNICATION_KEY", ""),
        "axinom_widevine_url": variables.url("AXINOM_WIDEVINE_URL", "", ("https",)),
        "axinom_playready_url": variables.url("AXINOM_PLAYREADY_URL", "", ("https",)),
        "axinom_fairplay_url": variables.url("AXINOM_FAIRPLAY_URL", "", ("https", "skd")),
        "axinom_requires_hdcp": variables.flag("AXINOM_REQUIRE_HDCP", default=False),
        "speke_token": variables.optional("SPEKE_TOKEN"),
        "player_origins": variables.words("PLAYER_ORIGINS", ()),
    }


class _Variables:
    """The environment, each value parsed at the door."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def optional(self, name: str) -> str | None:
        return self.text(name, "") or None

    def require(self, name: str) -> None:
        if not self.text(name, ""):
            raise SettingInvalid(name, "must be set here; see .env.example")

    def one_of(self, name: str, known: tuple[str, ...], *, default: str) -> str:
        value = self.text(name, default).lower()
        if value not in known:
            raise SettingInvalid(name, f"must be one of {', '.join(known)}")
        return value

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name, str(default))
        # `isdecimal` also accepts other scripts' digits, which `int` reads correctly; signs and spaces it refuses.
        number = int(value) if value.isdecimal() else -1
        if not least <= number <= most:
            raise SettingInvalid(name, f"must be a whole number from {least} to {most}")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.one_of(name, ("1", "true", "yes", "0", "false", "no"), default="true" if default else "false")
        return value in ("1", "true", "yes")

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value and not _is_url(value, schemes):
            raise SettingInvalid(name, f"must be an address that begins with {' or '.join(f'{s}://' for s in schemes)}")
        return value

    def words(
        self, name: str, default: tuple[str, ...], *, known: tuple[str, ...] = (), needs: str = ""
    ) -> tuple[str, ...]:
        value = self.text(name, ",".join(default))
        words = tuple(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))
        if known and not set(words) <= set(known):
            raise SettingInvalid(name, f"must list some of {', '.join(known)}, separated by commas")
        if needs and needs not in words:
            raise SettingInvalid(name, f"must include {needs}")
        return words

    def providers(self, name: str) -> tuple[OidcProvider, ...]:
        """Read identity providers, a JSON list of objects with the fields of one."""
        try:
            found = tuple(OidcProvider(**given) for given in json.loads(self.text(name, "[]")))
        except (TypeError, ValueError):
            fields = ", ".join(OidcProvider.__dataclass_fields__)
            raise SettingInvalid(name, f"must be a JSON list of objects with {fields}") from None
        for provider in found:
            texts = (provider.id, provider.name, provider.issuer, provider.client_id, provider.client_secret)
            if not all(isinstance(text, str) and text for text in texts) or not re.fullmatch(
                r"[a-z0-9-]+", provider.id
            ):
                raise SettingInvalid(
                    name, "must name each provider by an id of a-z, 0-9 and dashes, and leave none out"
                )
            is_local = _is_url(provider.issuer, ("http",)) and urlsplit(provider.issuer).hostname in LOOPBACK
            if not is_local and not _is_url(provider.issuer, ("https",)):
                raise SettingInvalid(name, "must name issuers that begin with https://")
        if len({provider.id for provider in found}) < len(found):
            raise SettingInvalid(name, "must give each provider an id of its own")
        return found

    def networks(self, name: str, *, any_host: bool) -> tuple[str, ...]:
        """Read addresses and networks; `*`, which stands for all of them, where it is allowed."""
        words = self.words(name, ())
        for word in words:
            if not (_is_network(word) or (any_host and word == "*")):
                raise SettingInvalid(name, "must list addresses or networks such as 10.0.0.0/8, without host bits")
        return words


def _is_network(word: str) -> bool:
    try:
        ip_network(word, strict=True)
    except ValueError:
        return False
    return True


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        # A PostgreSQL address may name several hosts, of which the first that answers is taken.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{host}").port for host in hosts]
        if parts.scheme in POSTGRES_SCHEMES and parts.query:
            parse_qs(parts.query, strict_parsing=True)
        return parts.scheme in schemes and all(port is None or port > 0 for port in ports)
    except ValueError:
        return False
