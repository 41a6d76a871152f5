"""Every write of evidence: storing, reading under watch, holding and discarding."""

from portal.evidence.services.holding import extend_hold, hold_on, place_hold, release_hold, require_no_hold
from portal.evidence.services.reading import fetch, verify
from portal.evidence.services.storing import LARGEST, discard, link, remove_unnamed, store

__all__ = [
    "LARGEST",
    "discard",
    "extend_hold",
    "fetch",
    "hold_on",
    "link",
    "place_hold",
    "release_hold",
    "remove_unnamed",
    "require_no_hold",
    "store",
    "verify",
]
