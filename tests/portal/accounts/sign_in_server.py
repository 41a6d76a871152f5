"""A real little OpenID Connect server: discovery, authorization with PKCE, token, user information, keys."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

KEY = generate_private_key(public_exponent=65537, key_size=2048)
STRANGE_KEY = generate_private_key(public_exponent=65537, key_size=2048)
"""Somebody else's, which the server does not publish."""
CLIENT_ID, CLIENT_SECRET = "portal", "a shared secret"
Claims = dict[str, Any]


@dataclass
class Person:
    """Whom the server signs in next."""

    sub: str = "u-17"
    name: str = "Nora Berg"
    preferred_username: str = "nora.berg"
    email: str = "nora@fennmark.example"
    email_verified: bool = True

    def told(self) -> Claims:
        return dict(vars(self))


@dataclass
class SignInServer:
    """What it says can be spoiled: its claims, its key, its user information."""

    person: Person = field(default_factory=Person)
    spoil: Callable[[Claims], Claims] = dict
    key: RSAPrivateKey | str = KEY
    algorithm: str = "RS256"
    sends_token: bool = True
    userinfo: Claims = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    """What was asked for, by the code that answered."""

    def __enter__(self) -> Self:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def discovery(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def keys(self) -> Claims:
        public = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "k1", "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser goes on to, the person being signed in here."""
        code = secrets.token_urlsafe()
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> Claims:
        """The tokens for a code. Raises KeyError or AssertionError where the client is wrong."""
        asked = self.asked.pop(form["code"])
        assert (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.person.sub,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        signed = jwt.encode(self.spoil(claims), self.key, self.algorithm, headers={"kid": "k1"})
        sent = {"id_token": signed} if self.sends_token else {}
        return {"access_token": "a1", "token_type": "Bearer", "expires_in": 300, **sent}


def _handler_of(server: SignInServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            if address.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                self.send_response(302)
                self.send_header("Location", server.authorize(query))
                self.end_headers()
                return
            answers: dict[str, Callable[[], Claims]] = {
                "/.well-known/openid-configuration": server.discovery,
                "/keys": server.keys,
                "/userinfo": lambda: {**server.person.told(), **server.userinfo},
            }
            self._answer(200, answers[address.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            try:
                self._answer(200, server.token({name: values[0] for name, values in parse_qs(body).items()}))
            except (KeyError, AssertionError):
                self._answer(400, {"error": "invalid_grant"})

        def _answer(self, status: int, body: Claims) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """In silence."""

    return Handler
