"""Where the portal is and who asks: two environment variables, or a file that only its owner reads."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from aiportal.errors import NotSignedIn, PortalError


@dataclass(frozen=True, slots=True)
class Credentials:
    """An address without a slash at its end, and a token that no message shows."""

    url: str
    token: str = field(repr=False)


def load() -> Credentials:
    """PORTAL_URL and PORTAL_TOKEN, each else from the file. Raises NotSignedIn where one is unknown.

    A token of the file goes to the address of the file only.
    """
    kept = _read()
    url = os.environ.get("PORTAL_URL", "") or kept.get("url", "")
    token = os.environ.get("PORTAL_TOKEN", "")
    if not token and url and url.rstrip("/") == kept.get("url", ""):
        token = kept.get("token", "")
    if not url or not token:
        absent = "PORTAL_URL" if not url else "PORTAL_TOKEN"
        raise NotSignedIn(f"{absent} is not set. Set PORTAL_URL and PORTAL_TOKEN, or run `aiportal login`.")
    return credentials(url, token)


def credentials(url: str, token: str) -> Credentials:
    """Checked credentials. Raises PortalError for an address that is none."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise PortalError(f"{url!r} is not the address of a portal, such as https://portal.example.org.")
    return Credentials(url.strip().rstrip("/"), token.strip())


def save(given: Credentials) -> Path:
    """Keep credentials for later commands, in a file of mode 0600. Returns the file."""
    path = file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"url": given.url, "token": given.token}, out)
    fresh.replace(path)
    return path


def file() -> Path:
    """The file of the credentials, whether it exists or not."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base else Path.home() / ".config") / "aiportal" / "credentials.json"


def _read() -> dict[str, str]:
    path = file()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise PortalError(f"{path} cannot be read: {error}. Run `aiportal login` again.") from error
    if not isinstance(found, dict):
        raise PortalError(f"{path} holds no credentials. Run `aiportal login` again.")
    return {str(name): str(value) for name, value in found.items()}
