"""One signed call, in the form of Standard Webhooks: id, timestamp and signature in the header."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException

from django.conf import settings

from portal.jobs.webhooks.guard import Target

SECONDS = 5.0
"""A receiver's time for everything: connecting, reading and answering."""
SALT = b"portal.jobs.webhooks"


class NotTaken(Exception):
    """The receiver did not take it. ``final`` when it says it never will."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def secret_of(url: str) -> str:
    """The secret that signs calls to this URL, in the form its owner enters into a verifying library.

    Derived from the portal's secret key, so it is stored nowhere and the same after every restart.
    """
    return "whsec_" + base64.b64encode(_secret(url)).decode()


def signature(url: str, key: str, timestamp: int, body: str) -> str:
    """``v1,`` and the HMAC-SHA256 of id, timestamp and body."""
    signed = f"{key}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(_secret(url), signed, hashlib.sha256)).decode()


def _secret(url: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), SALT + url.encode(), hashlib.sha256)


def post(target: Target, url: str, *, key: str, body: str) -> None:
    """Send the body once. Raises NotTaken or OSError when it was not taken with a 2xx.

    Redirects are not followed, and the answer's body is not read.
    """
    timestamp = int(time.time())
    headers = {
        "Host": target.origin,
        "Content-Type": "application/json",
        "User-Agent": f"ai-governance-portal/{settings.PORTAL_VERSION}",
        "Connection": "close",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(url, key, timestamp, body),
    }
    line = HTTPConnection(target.host, target.port)
    plain = _connect(target)
    try:
        with _hung_up_after(SECONDS, plain):
            line.sock = _encrypted(plain, target.host) if target.secure else plain
            line.request("POST", target.path, body=body.encode(), headers=headers)
            status = line.getresponse().status
    except HTTPException as reason:
        raise NotTaken(f"It did not answer in HTTP within {SECONDS:g} s: {reason!r}") from reason
    finally:
        line.close()
        plain.close()
    if not 200 <= status < 300:
        raise NotTaken(f"It answered {status}.", final=status == 410)


def _connect(target: Target) -> socket.socket:
    """A line to the first judged address that answers. Raises OSError when none does."""
    *others, last = target.addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((str(address), target.port), timeout=SECONDS / 2)
    return socket.create_connection((str(last), target.port), timeout=SECONDS)


def _encrypted(plain: socket.socket, host: str) -> socket.socket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


@contextmanager
def _hung_up_after(seconds: float, line: socket.socket) -> Iterator[None]:
    """A timeout that starts anew with every byte would let a slow receiver hold the line for ever."""
    with line.dup() as same:
        deadline = threading.Timer(seconds, _hang_up, [same])
        deadline.start()
        try:
            yield
        finally:
            deadline.cancel()
            deadline.join()


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        line.shutdown(socket.SHUT_RDWR)
