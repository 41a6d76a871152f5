"""The outbox: what is told is sent at least once, under one key, signed, and never led astray."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.core import mail
from django.db import transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.models import Entry
from portal.errors import Invalid, Refused
from portal.jobs.models import AllowedTarget, Delivery, DeliveryState
from portal.jobs.services import dispatch, enqueue_mail, enqueue_webhook, outbox
from portal.jobs.webhooks import call
from tests.portal.jobs.threads import in_threads

pytestmark = pytest.mark.django_db


class Server(ThreadingHTTPServer):
    request_queue_size = 50  # the default of 5 makes a burst wait a second


class Receiver:
    """An HTTP server on the loopback address that answers as told and keeps what it got."""

    def __init__(self, answers: list[int], pause: float) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers.items()), body))
                for part in range(20):
                    if not pause:
                        break
                    time.sleep(pause)
                    self.wfile.write(b"H" if part else b"")
                self.send_response(
                    receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                )
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.answers = answers
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?team=risk"

    @property
    def keys(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]


@contextmanager
def receiver(*answers: int, pause: float = 0) -> Iterator[Receiver]:
    made = Receiver(list(answers), pause)
    thread = threading.Thread(target=made.server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()


@contextmanager
def allowed_receiver(actor: User, *answers: int, pause: float = 0) -> Iterator[Receiver]:
    with receiver(*answers, pause=pause) as made:
        outbox.allow_target("127.0.0.1", made.port, actor=actor, reason="The receiver of this test")
        yield made


def make_due() -> None:
    Delivery.objects.update(available_at=timezone.now() - timedelta(seconds=1))


def test_a_mail_is_sent_once_and_its_key_never_again() -> None:
    for _ in range(2):
        enqueue_mail("ann@example.org", "Two votes\nneeded", "The case waits for you.", "case-7-ann")
    assert dispatch() == 1
    enqueue_mail("ann@example.org", "Two votes needed", "The case waits for you.", "case-7-ann")
    assert dispatch() == 0
    (message,) = mail.outbox
    assert (message.to, message.subject, message.body) == (
        ["ann@example.org"],
        "Two votes needed",
        "The case waits for you.",
    )


def test_somebody_without_an_address_gets_no_mail() -> None:
    enqueue_mail("", "Hello", "Nobody reads this.", "key")
    assert not Delivery.objects.exists()


def test_a_webhook_arrives_signed_in_the_form_of_standard_webhooks(ada: User) -> None:
    at = datetime(2026, 11, 4, 12, tzinfo=UTC)
    with allowed_receiver(ada, 204) as there:
        enqueue_webhook(there.url, "finding.raised", {"id": 7, "system": "Churn"}, "finding-7", at=at)
        assert dispatch() == 1
    ((headers, body),) = there.got
    assert json.loads(body) == {
        "type": "finding.raised",
        "timestamp": "2026-11-04T12:00:00Z",
        "data": {"id": 7, "system": "Churn"},
    }
    secret = base64.b64decode(call.secret_of(there.url).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["Idempotency-Key"] == headers["webhook-id"] == "finding-7"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 10
    assert headers["Host"] == f"127.0.0.1:{there.port}"


def test_a_payload_that_is_not_json_is_refused_where_it_is_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        enqueue_webhook("https://example.org/", "metric", {"psi": float("nan")}, "key")


def test_what_is_rolled_back_is_not_told() -> None:
    with transaction.atomic():
        enqueue_mail("ann@example.org", "It happened", "Or not.", "key")
        transaction.set_rollback(True)
    assert dispatch() == 0


def test_a_receiver_that_fails_is_asked_again_with_the_same_key_and_body(ada: User) -> None:
    with allowed_receiver(ada, 500, 302, 200) as there:
        enqueue_webhook(there.url, "finding.raised", {}, "finding-8")
        assert dispatch() == 0
        waiting = Delivery.objects.get()
        assert waiting.available_at > timezone.now() + timedelta(seconds=5)
        assert "500" in waiting.error
        make_due()
        assert dispatch() == 0, "a redirect is not followed"
        make_due()
        assert dispatch() == 1
    assert there.keys == ["finding-8"] * 3
    assert len({body for _, body in there.got}) == 1
    assert Delivery.objects.get().state == DeliveryState.SENT


def test_a_receiver_that_never_answers_ends_in_the_dead_letters_and_can_be_asked_again(ada: User) -> None:
    with receiver(200) as closed:
        pass
    outbox.allow_target("127.0.0.1", closed.port, actor=ada, reason="Nobody listens there")
    enqueue_webhook(closed.url, "finding.raised", {}, "finding-9")
    for _ in range(outbox.ATTEMPTS):
        make_due()
        dispatch()
    dead = Delivery.objects.get()
    assert (dead.state, dead.attempt) == (DeliveryState.DEAD, outbox.ATTEMPTS)
    assert Entry.objects.get(action="delivery.given_up").object_id == str(dead.pk)
    again = outbox.send_again(dead, actor=ada)
    assert (again.state, again.attempt) == (DeliveryState.QUEUED, 0)
    with pytest.raises(Refused):
        outbox.send_again(again, actor=ada)


def test_a_receiver_that_is_gone_for_good_is_not_asked_again(ada: User) -> None:
    with allowed_receiver(ada, 410) as there:
        enqueue_webhook(there.url, "finding.raised", {}, "finding-10")
        dispatch()
    assert Delivery.objects.get().state == DeliveryState.DEAD
    assert len(there.got) == 1


def test_a_private_address_is_not_called_until_an_administrator_allows_it(ada: User) -> None:
    with receiver(200) as there:
        enqueue_webhook(there.url, "finding.raised", {}, "first")
        dispatch()
        refused = Delivery.objects.get()
        assert (refused.state, there.got) == (DeliveryState.DEAD, [])
        target = outbox.allow_target("127.0.0.1", there.port, actor=ada, reason="Our own receiver")
        outbox.send_again(refused, actor=ada)
        assert dispatch() == 1
        outbox.withdraw_target(target, actor=ada)
        enqueue_webhook(there.url, "finding.raised", {}, "second")
        assert dispatch() == 0
    assert there.keys == ["first"]
    assert {e.action for e in Entry.objects.filter(action__startswith="target.")} == {
        "target.allowed",
        "target.withdrawn",
    }


def test_whoever_vouches_for_a_target_says_why(ada: User) -> None:
    with pytest.raises(Invalid):
        outbox.allow_target("127.0.0.1", 8080, actor=ada, reason=" ")
    with pytest.raises(Invalid):
        outbox.allow_target("127.0.0.1", 70_000, actor=ada, reason="Why not")
    assert not AllowedTarget.objects.exists()


def test_a_receiver_that_drips_is_hung_up_on_and_holds_up_nobody(
    ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends a byte every 0.15 s for three seconds; the line is given 0.4 s."""
    monkeypatch.setattr(call, "SECONDS", 0.4)
    with allowed_receiver(ada, 200, pause=0.15) as slow, allowed_receiver(ada, 200) as quick:
        for n in range(3):
            enqueue_webhook(slow.url, "event", {}, f"slow-{n}")
        enqueue_webhook(quick.url, "event", {}, "quick")
        started = time.monotonic()
        assert dispatch() == 1
        assert time.monotonic() - started < 2
        assert quick.keys == ["quick"]
    assert Delivery.objects.filter(state=DeliveryState.QUEUED).count() == 3


def test_no_more_are_under_way_at_once_than_is_good_for_the_jobs_beside(ada: User) -> None:
    with allowed_receiver(ada, 200) as there:
        for n in range(outbox.AT_ONCE + 1):
            enqueue_webhook(there.url, "event", {"n": n}, f"event-{n}")
        elsewhere = Delivery.objects.exclude(key="event-0")
        elsewhere.update(lease_until=timezone.now() + timedelta(seconds=30))
        assert dispatch() == 0
        elsewhere.filter(key="event-1").update(lease_until=None, state=DeliveryState.SENT)
        assert dispatch() == 1
    assert there.keys == ["event-0"]


@pytest.mark.real_commits
def test_two_dispatchers_do_not_send_the_same_twice_and_one_that_died_is_replaced(ada: User) -> None:
    with allowed_receiver(ada, 200) as there:
        for n in range(30):
            enqueue_webhook(there.url, "event", {"n": n}, f"event-{n}")
        Delivery.objects.filter(key="event-0").update(  # its dispatcher died in the middle
            lease_until=timezone.now() - timedelta(seconds=1), attempt=1
        )
        in_threads([dispatch, dispatch])
    assert sorted(there.keys) == sorted(f"event-{n}" for n in range(30))
    assert not Delivery.objects.exclude(state=DeliveryState.SENT).exists()


def certificate_for(name: str, folder: Path) -> Path:
    """A certificate that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_an_encrypted_receiver_must_show_a_certificate_for_its_name(
    ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, trusted: bool
) -> None:
    pem = certificate_for("localhost", tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with receiver(200) as there:
        outbox.allow_target("localhost", there.port, actor=ada, reason="The receiver of this test")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        there.server.socket = context.wrap_socket(there.server.socket, server_side=True)
        enqueue_webhook(f"https://localhost:{there.port}/", "event", {}, "secret")
        assert dispatch() == int(trusted)
    assert there.keys == (["secret"] if trusted else [])
    assert ("CERTIFICATE_VERIFY_FAILED" in Delivery.objects.get().error) is not trusted
