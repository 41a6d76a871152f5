"""Whether the web server here is ready: asked by the supervisor and by the health check of the image."""

import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from scripts.place import Place

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 — compared with, never bound


def answers(place: Place) -> bool:
    """Whether /readyz says 200 to a request that looks as if it came from outside, through the proxy."""
    public = urlsplit(place.public_url)
    connection = HTTPConnection(EVERYWHERE.get(place.host, place.host), place.port, timeout=2)
    try:
        connection.request(
            "GET", "/readyz", headers={"Host": public.netloc, "X-Forwarded-Proto": public.scheme}
        )
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(Place.from_environment()))
