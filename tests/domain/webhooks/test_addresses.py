"""Where webhooks may go."""

import pytest

from domain.kernel.refusals import InvalidInput
from domain.webhooks.addresses import Target, checked_url, chosen_address, is_public


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1", "192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "100::1", "5f00::1",
        "", "localhost", "example.com", "1", "0x7f000001",
    ],
)  # fmt: skip
def test_what_is_not_of_the_public_internet_is_not(address: str) -> None:
    assert not is_public(address)


def test_a_name_with_one_address_of_ours_has_none() -> None:
    assert chosen_address(["8.8.8.8", "8.8.4.4"], allows_loopback=False) == "8.8.8.8"
    assert chosen_address(["8.8.8.8", "127.0.0.1"], allows_loopback=False) is None
    assert chosen_address([], allows_loopback=False) is None
    assert chosen_address(["127.0.0.1"], allows_loopback=False) is None
    assert chosen_address(["127.0.0.1"], allows_loopback=True) == "127.0.0.1"
    assert chosen_address(["127.0.0.1", "10.0.0.1"], allows_loopback=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com", "https://hooks.example.com/a?b=c", "https://hooks.example.com:8443/",
        "https://8.8.8.8/", "https://[2606:4700::1111]/",
    ],
)  # fmt: skip
def test_https_addresses_of_public_hosts_are_taken(url: str) -> None:
    assert checked_url(url, allows_loopback=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.com", "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd",
        "https://", "https:///x", "https://user:secret@hooks.example.com/", "https://a@b@c.example.com/",
        "https://hooks.example.com/#part", "https://hooks.example.com:22/", "https://hooks.example.com:0/",
        "https://hooks.example.com:99999/", "https://localhost/", "https://intranet/", "https://127.0.0.1/",
        "https://127.1/", "https://2130706433/", "https://0x7f.0.0.1/", "https://0x7f.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/latest", "https://[fe80::1%25eth0]/", "https://[", "https://hooks.example.com/ x",
        "https://hooks.example.com/\n", "https://hooks.example.com\\@127.0.0.1/", "https://ex\u00e4mple.com/",
        "https://hooks.example.com/" + "a" * 2_000, "javascript:alert(1)",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        checked_url(url, allows_loopback=False)


def test_development_may_reach_this_machine_and_nothing_beyond() -> None:
    assert checked_url("http://localhost:9000/x", allows_loopback=True) == "http://localhost:9000/x"
    assert checked_url("http://127.0.0.1:9000/x", allows_loopback=True) == "http://127.0.0.1:9000/x"
    for url in ("http://hooks.example.com/", "https://10.0.0.1/", "http://127.0.0.2:9000/"):
        with pytest.raises(InvalidInput):
            checked_url(url, allows_loopback=True)


def test_an_address_is_taken_apart() -> None:
    assert Target.of("https://hooks.example.com/a?b=c") == Target("https", "hooks.example.com", 443, "/a?b=c")
    assert Target.of("https://hooks.example.com").authority == "hooks.example.com"
    assert Target.of("https://[2606:4700::1111]:8443/").authority == "[2606:4700::1111]:8443"
