"""Every variable that is read is explained, and every one that is explained is read."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from domain.settings import Environment, SettingInvalid, Settings
from edge.local.env_file import read_env_file

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / ".env.example"
# Read by the vendors' own code, by the tests, or passed between our own processes; not settings.
NOT_SETTINGS = {"PATH", "HOME", "CI", "MARQUEE_PARENT_PID", "AWS_ENDPOINT_URL"}


PROVIDER = (
    '{"id": "one", "name": "One", "issuer": "https://one.example", "client_id": "us", "client_secret": "hunter2"}'
)


class _Recorder(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_given = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_given)

    def __len__(self) -> int:
        return len(self.values_given)


def test_every_variable_that_is_read_is_documented_and_the_other_way_round() -> None:
    environ = _Recorder({})
    Settings.from_env(environ)
    assert environ.asked == set(read_env_file(EXAMPLE))


def test_every_documented_variable_has_an_explanation_above_it() -> None:
    previous = ""
    for line in EXAMPLE.read_text().splitlines():
        if re.match(r"[A-Z]", line):
            assert previous.startswith("#") or re.match(r"[A-Z]", previous), f"{line} is not explained"
        previous = line


def test_the_example_is_a_valid_environment_and_means_the_defaults() -> None:
    assert Settings.from_env(read_env_file(EXAMPLE)) == Settings.from_env({})


def test_the_environment_is_read_in_no_other_place() -> None:
    sources = [path for folder in ("domain", "graph", "edge", "workers") for path in (ROOT / folder).rglob("*.py")]
    readers = re.compile(r"os\.(?:environ|getenv)[^\n]*[\"']([A-Z][A-Z_]+)[\"']")
    found = {name for path in sources for name in readers.findall(path.read_text())}
    assert found <= NOT_SETTINGS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENVIRONMENT", "staging"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "-1"),
        ("PUBLIC_URL", "localhost:8000"),
        ("PUBLIC_URL", "ftp://example.com"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgresql://localhost:notaport/x"),
        ("DATABASE_URL", "postgresql://one:5432,two:notaport/x"),
        ("DATABASE_URL", "postgresql://localhost/x?sslmode"),
        ("BUS_URL", "nats://localhost"),
        ("MEDIA_URL", "/var/media"),
        ("DEMO", "maybe"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy.internal"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0"),
        ("VIDEO_CODECS", "h264,vp9"),
        ("VIDEO_CODECS", "hevc"),
        ("WRITE_POOL_SIZE", "0"),
        ("READ_POOL_SIZE", "many"),
        ("UPLOAD_MAX_SIZE_BYTES", "1e9"),
        ("ANSWERS_KEPT_DAYS", "0"),
        ("FACTS_KEPT_DAYS", "3651"),
        ("PLAYBACK_SESSIONS_KEPT_DAYS", "7"),
        ("UPLOAD_TTL_S", "1"),
        ("WORKER_CONCURRENCY", "1000"),
        ("DRM_PROVIDER", "widevine"),
        ("OIDC_PROVIDERS", "["),
        ("OIDC_PROVIDERS", "5"),
        ("OIDC_PROVIDERS", '{"id": "one"}'),
        ("OIDC_PROVIDERS", '[{"id": "one"}]'),
        ("OIDC_PROVIDERS", f"[{PROVIDER.replace('one', 'One')}]"),
        ("OIDC_PROVIDERS", f"[{PROVIDER.replace('https', 'http')}]"),
        ("OIDC_PROVIDERS", f"[{PROVIDER.replace('one.example', '[')}]"),
        ("OIDC_PROVIDERS", f"[{PROVIDER}, {PROVIDER}]"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("AXINOM_WIDEVINE_URL", "http://insecure.example"),
    ],
)
def test_a_bad_value_is_refused_in_one_line_that_names_the_variable(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        Settings.from_env({name: value})
    assert refused.value.variable == name
    assert str(refused.value).startswith(f"{name}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:word@one:5432,two:5433/marquee?target_session_attrs=primary&sslmode=verify-full",
        "postgres://[::1]:5432/marquee",
        "postgresql:///marquee?host=/run/postgresql",
    ],
)
def test_an_address_may_name_several_hosts_and_options(url: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": url})
    assert (settings.database_url, settings.bus_url) == (url, url)


def test_a_session_is_kept_longer_than_the_answer_that_names_it() -> None:
    with pytest.raises(SettingInvalid, match=r"^PLAYBACK_SESSIONS_KEPT_DAYS: must be a whole number from 31 to 3648$"):
        Settings.from_env({"ANSWERS_KEPT_DAYS": "30", "PLAYBACK_SESSIONS_KEPT_DAYS": "30"})
    kept = Settings.from_env({"ANSWERS_KEPT_DAYS": "30", "PLAYBACK_SESSIONS_KEPT_DAYS": "31"}).retention
    assert (kept.answers_days, kept.playback_sessions_days) == (30, 31)


def test_a_device_is_kept_longer_than_the_sessions_that_name_it() -> None:
    with pytest.raises(SettingInvalid, match=r"^DEVICES_KEPT_DAYS: must be a whole number from 502 to 3650$"):
        Settings.from_env({"PLAYBACK_SESSIONS_KEPT_DAYS": "500"})
    assert Settings.from_env({"PLAYBACK_SESSIONS_KEPT_DAYS": "398"}).retention.devices_days == 400


def test_a_secret_is_never_repeated() -> None:
    with pytest.raises(SettingInvalid) as refused:
        Settings.from_env({"DATABASE_URL": "postgres//user:hunter2@host/db"})
    assert "hunter2" not in str(refused.value)
    settings = Settings.from_env({"DATABASE_URL": "postgresql://user:hunter2@host/db", "SPEKE_TOKEN": "hunter2"})
    assert "hunter2" not in repr(settings)


def test_providers_are_read_and_their_secrets_never_repeated() -> None:
    settings = Settings.from_env({"OIDC_PROVIDERS": f"[{PROVIDER}]"})
    (provider,) = settings.oidc_providers
    assert (provider.id, provider.issuer, provider.client_secret) == ("one", "https://one.example", "hunter2")
    assert "hunter2" not in repr(settings)


def test_trusted_proxies_are_addresses_and_networks_and_never_everybody_in_production() -> None:
    given = {"TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32, 192.0.2.7"}
    assert Settings.from_env(given).trusted_proxies == ("10.0.0.0/8", "2001:db8::/32", "192.0.2.7")
    assert Settings.from_env({"TRUSTED_PROXIES": "*"}).trusted_proxies == ("*",)
    production = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://db/marquee",
        "MASTER_KEYS": "v1:AAAA",
        "PUBLIC_URL": "https://marquee.example",
        "TRUSTED_PROXIES": "10.0.0.0/8,*",
    }
    with pytest.raises(SettingInvalid, match=r"^TRUSTED_PROXIES: "):
        Settings.from_env(production)


@pytest.mark.parametrize("missing", ["DATABASE_URL", "MASTER_KEYS", "PUBLIC_URL"])
def test_production_needs_its_own_database_keys_and_address(missing: str) -> None:
    environ = {
        "ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://db/marquee",
        "MASTER_KEYS": "v1:AAAA",
        "PUBLIC_URL": "https://marquee.example",
    }
    settings = Settings.from_env(environ)
    assert settings.environment is Environment.PRODUCTION
    assert not settings.demo
    assert settings.log_format == "json"
    del environ[missing]
    with pytest.raises(SettingInvalid, match=f"^{missing}: "):
        Settings.from_env(environ)


def test_the_command_line_says_one_line_and_ends_with_two() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "edge", "migrate"],
        cwd=ROOT,
        env={**os.environ, "PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == "marquee: PORT: must be a whole number from 1 to 65535\n"
    assert ended.stdout == ""
