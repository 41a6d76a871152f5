"""Which addresses a webhook may reach: public ones over https, and what an administrator allowed.

The name is resolved once, every address it has is judged, and the call goes to the very address judged, so a
name server that answers differently a moment later changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from portal.errors import Unprocessable

IPAddress = IPv4Address | IPv6Address

HTTPS_PORT = 443
CLOSED = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/96",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""IANA's special-purpose registries, and multicast: our own list, since Python's ``is_global`` differs by
version and lets some of these pass."""
CARRIERS = (
    (ip_network("::ffff:0:0/96"), 96),
    (ip_network("64:ff9b::/96"), 96),
    (ip_network("64:ff9b:1::/48"), 96),
    (ip_network("2002::/16"), 16),
)
"""IPv6 networks that carry an IPv4 address, and after how many bits it stands."""


@dataclass(frozen=True, slots=True)
class Target:
    """A judged address: connect to one of ``addresses``, speak to ``host``."""

    secure: bool
    host: str
    port: int
    addresses: tuple[IPAddress, ...]
    path: str

    @property
    def origin(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.secure else 80) else f"{host}:{self.port}"


def judge(url: str, allowed: Collection[tuple[str, int]] = ()) -> Target:
    """Where a call to this URL may go. Raises Unprocessable with the reason when it may not.

    ``allowed`` are hosts and ports an administrator vouches for; only they may be private, on another port,
    or without encryption. Raises OSError when the name does not resolve.
    """
    secure, host, port, path = _parts(url)
    trusted = (host, port) in allowed
    if not trusted and not secure:
        raise Unprocessable("A webhook goes over https.")
    if not trusted and port != HTTPS_PORT:
        raise Unprocessable(
            f"Port {port} is not allowed for webhooks; an administrator can allow {host}:{port}."
        )
    addresses = _resolve(host, port)
    if not trusted and any(closed(address) for address in addresses):
        raise Unprocessable(f"{host} is not a public address; an administrator can allow {host}:{port}.")
    return Target(secure, host, port, tuple(addresses), path)


def closed(address: IPAddress) -> bool:
    """Whether an address is not a public unicast one, looking through IPv6 that carries IPv4."""
    if isinstance(address, IPv6Address):
        for network, bits in CARRIERS:
            if address in network:
                return closed(IPv4Address(int(address) >> (96 - bits) & 0xFFFFFFFF))
    return any(address.version == block.version and address in block for block in CLOSED)


def _parts(url: str) -> tuple[bool, str, int, str]:
    """Whether it is https, and the host, port and path of a URL that no two readers read differently."""
    if not url.isascii() or any(c <= " " or c in "\\\x7f" for c in url):
        raise Unprocessable("A webhook address has only printable ASCII characters and no backslash.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as reason:
        raise Unprocessable(f"This is not an address: {reason}.") from reason
    if parts.scheme not in {"http", "https"} or not host:
        raise Unprocessable("A webhook address starts with https:// and a host.")
    if "@" in parts.netloc or parts.fragment:
        raise Unprocessable("A webhook address carries no user name and no fragment.")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return secure, host.rstrip("."), port or (HTTPS_PORT if secure else 80), path


def _resolve(host: str, port: int) -> list[IPAddress]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
