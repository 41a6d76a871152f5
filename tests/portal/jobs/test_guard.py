"""Where a webhook may go. Nothing here reaches the network: names resolve as the test says."""

import socket
from ipaddress import ip_address

import pytest

from portal.errors import Unprocessable
from portal.jobs.webhooks.guard import closed, judge

PUBLIC = "93.184.216.34"
INSIDE = (
    "https://127.0.0.1/", "https://127.1/", "https://127.0.0.1.:443/", "https://0/", "https://0.0.0.0/",
    "https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/",
    "https://10.0.0.1/", "https://10.255.255.255/", "https://172.16.0.1/", "https://172.31.255.254/",
    "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://192.0.0.8/",
    "https://192.0.2.1/", "https://198.18.0.1/", "https://198.51.100.7/", "https://203.0.113.9/", "https://224.0.0.1/",
    "https://240.0.0.1/", "https://255.255.255.255/", "https://[::1]/", "https://[::]/", "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::7f00:1]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://[2002:a00:1::1]/", "https://[2002:c0a8:101::]/", "https://[fe80::1]/",
    "https://[fec0::1]/", "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/",
    "https://[2001::1]/", "https://[100::1]/", "https://[3fff::1]/", "https://localhost/", "https://LOCALHOST./",
)  # fmt: skip
NO_ADDRESS = (
    "", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL",
    "javascript:alert(1)", "https://", "https:///path", "https://user@example.org/", "https://user:pw@example.org/",
    "https://example.org@127.0.0.1/", "https://127.0.0.1#@example.org/", "https://example.org/#fragment",
    "https://example.org\\@127.0.0.1/", "https:\\\\127.0.0.1\\", "https://exa mple.org/",
    "https://example.org/\r\nHost: x",
    "https://example.org/\tx", "https://example.org:99999/", "https://example.org:port/", "https://[::1/",
    "https://ⓔxample.org/", "https://example。org/", "http://example.org/", "https://example.org:8443/",
    "https://example.org:22/", "https://example.org:6379/",
)  # fmt: skip


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the name server answers; numbers in any spelling resolve as the system resolves them."""
    answers: dict[str, list[str]] = {"example.org": [PUBLIC]}
    system = socket.getaddrinfo

    def resolve(host: str, port: int, **hints: object) -> list[object]:
        if host in answers:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers[host]]
        return list(system(host, port, **hints))  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return answers


def test_a_public_address_over_https_is_called_at_the_address_that_was_judged(
    names: dict[str, list[str]],
) -> None:
    target = judge("https://example.org/hook?a=1")
    assert (target.secure, target.host, target.port, target.path) == (True, "example.org", 443, "/hook?a=1")
    assert target.addresses == (ip_address(PUBLIC),)
    assert target.origin == "example.org"
    names["example.org"] = ["127.0.0.1"]
    assert target.addresses == (ip_address(PUBLIC),), "a name server that changes its mind changes nothing"


@pytest.mark.parametrize("url", INSIDE)
def test_nothing_inside_is_called(url: str, names: dict[str, list[str]]) -> None:
    with pytest.raises(Unprocessable, match="not a public address"):
        judge(url)


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_two_readers_could_read_differently_is_refused(url: str, names: dict[str, list[str]]) -> None:
    with pytest.raises(Unprocessable):
        judge(url)


def test_one_private_address_among_public_ones_is_enough_to_refuse(names: dict[str, list[str]]) -> None:
    names["example.org"] = [PUBLIC, "10.0.0.1"]
    with pytest.raises(Unprocessable):
        judge("https://example.org/")


def test_an_allowed_target_is_that_host_and_port_only(names: dict[str, list[str]]) -> None:
    allowed = {("127.0.0.1", 8080)}
    assert judge("http://127.0.0.1:8080/", allowed).origin == "127.0.0.1:8080"
    for url in ("http://127.0.0.1:8081/", "http://127.0.0.2:8080/", "https://127.0.0.1/"):
        with pytest.raises(Unprocessable):
            judge(url, allowed)


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public_addresses_are_open_also_where_ipv6_carries_them(address: str) -> None:
    assert not closed(ip_address(address))
