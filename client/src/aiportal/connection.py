"""HTTP to one portal: time-outs on every call, and another attempt only where that is safe."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from aiportal.credentials import Credentials
from aiportal.errors import NotSignedIn, Refused, Unreachable

TIMEOUT = httpx.Timeout(60, connect=5, pool=5)
"""Seconds an attempt waits for the next byte, and to be connected."""
ATTEMPTS = 3
FIRST_PAUSE = 0.5
"""Seconds before the second attempt, give or take a fifth; twice that before the third."""
DEADLINE = 120.0
"""Seconds after which a call is not attempted once more."""
BUSY = frozenset({429, 502, 503, 504})
KEY = "Idempotency-Key"
SAFE = frozenset({"GET", "PUT"})


class Connection:
    """One portal, one token. Threads may share it."""

    def __init__(self, credentials: Credentials, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self.url = credentials.url
        self._token = credentials.token
        self._client = httpx.Client(
            base_url=credentials.url,
            headers={"Authorization": f"Bearer {credentials.token}", "User-Agent": "aiportal/0.1"},
            timeout=timeout,
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON below ``/api/v1/``."""
        given = {name: value for name, value in parameters.items() if value is not None}
        return self.call("GET", f"/api/v1/{path}", params=given).json()

    def rows(self, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page after page."""
        page = self.get(path, limit=1000, **parameters)
        while True:
            yield from page["results"]
            if not page.get("next"):
                return
            page = self.call("GET", httpx.URL(page["next"]).raw_path.decode()).json()

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", f"/api/v1/{path}", json=body).json()

    def post(self, path: str, body: Any = None, *, key: str = "", **request: Any) -> Any:
        """Send something once, whatever the line does: every attempt carries the same key."""
        if body is not None:
            request["json"] = body
        headers = {**request.pop("headers", {}), KEY: key or new_key()}
        return self.call("POST", f"/api/v1/{path}", headers=headers, **request).json()

    def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One answer that is not an error. Raises NotSignedIn, Refused and Unreachable."""
        is_safe = method in SAFE or KEY in request.get("headers", {})
        until = time.monotonic() + DEADLINE
        attempts = ATTEMPTS if is_safe else 1
        for attempt in range(1, attempts + 1):
            pause = FIRST_PAUSE * 2**attempt * random.uniform(0.4, 0.6)  # noqa: S311 - it guards nothing
            try:
                answer = self._client.request(method, path, **request)
            except httpx.TransportError as error:
                failure = Unreachable(f"{self.url} does not answer: {error or type(error).__name__}.")
                failure.__cause__ = error
            else:
                if not _is_worth_another(answer):
                    return _checked(answer)
                failure = Unreachable(f"{self.url} answers {answer.status_code}, again and again.")
                pause = _asked_pause(answer, pause)
            if attempt == attempts or time.monotonic() + pause > until:
                break
            time.sleep(pause)
        raise failure

    def has_token(self, prefix: str) -> bool:
        """Whether the token begins like this."""
        return self._token.startswith(prefix)

    @contextmanager
    def streamed(self, path: str, **parameters: Any) -> Iterator[Iterator[bytes]]:
        """The body of a GET in pieces, for what may be large. One attempt."""
        try:
            with self._client.stream("GET", f"/api/v1/{path}", params=parameters) as answer:
                if answer.is_error:
                    answer.read()
                _checked(answer)
                yield answer.iter_bytes()
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer: {error or type(error).__name__}.") from error

    def absolute(self, path: str | None) -> str:
        """An address of the portal as a browser takes it; empty for none."""
        return urljoin(f"{self.url}/", path) if path else ""


def new_key() -> str:
    """A name for one request, whatever number of attempts it takes."""
    return uuid.uuid4().hex


def part(name: object) -> str:
    """A name as one part of an address."""
    return quote(str(name), safe="")


def _is_worth_another(answer: httpx.Response) -> bool:
    """Whether the portal is busy, or still at work on an earlier attempt."""
    return answer.status_code in BUSY or (answer.status_code == 409 and "Retry-After" in answer.headers)


def _asked_pause(answer: httpx.Response, otherwise: float) -> float:
    asked = answer.headers.get("Retry-After", "")
    return max(otherwise, float(asked)) if asked.isdigit() else otherwise


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    problem = dict(_problem(answer))
    if answer.is_server_error and (name := answer.headers.get("X-Request-ID")):
        problem["detail"] = f"{problem.get('detail') or problem.get('title')} Tell them the request: {name}."
    if answer.status_code == 401:
        raise NotSignedIn(
            f"The portal does not accept the token: {problem.get('detail') or 'it is not valid.'}"
        )
    raise Refused(answer.status_code, problem)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    """The problem body; of MLflow's error its message; of a page the status alone."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"title": f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}."}
    return {"detail": found["message"], **found} if "message" in found else found
