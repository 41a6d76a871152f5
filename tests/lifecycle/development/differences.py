"""Where the portal answers otherwise than MLflow's server, and why. What is not here is a fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """Both answers, as status and error code, and the reason for ours."""

    theirs: str
    ours: str
    because: str


INVALID = "400 INVALID_PARAMETER_VALUE"

DIFFERENCES: Mapping[str, Difference] = {
    "the gate": Difference(
        "200",
        "403 PERMISSION_DENIED",
        "What goes into production passes the gates. It is 403: a client retries 429 and 5xx for minutes.",
    ),
    "a fault of the caller": Difference(
        "500 INTERNAL_ERROR", INVALID, "A client retries a 500 for minutes, and the request stays wrong."
    ),
    "an empty stage": Difference(
        "500 INTERNAL_ERROR",
        "404 RESOURCE_DOES_NOT_EXIST",
        "What is not there is not an error of the server.",
    ),
    "a fault of the caller, in HTML": Difference(
        "500 HTML", INVALID, "MLflow's server fails on the request; ours says what is wrong with it."
    ),
    "the wrong method, in HTML": Difference(
        "405 HTML", "405 BAD_REQUEST", "A program gets the error body it can read."
    ),
    "an unknown address, in HTML": Difference(
        "404 HTML",
        "404 ENDPOINT_NOT_FOUND",
        "The portal is the registry; the sentence says where tracking calls belong.",
    ),
    "a run or model of another server": Difference(
        INVALID,
        "200",
        "MLflow asks its own tracking store for the run or model that has the files. Ours are on another "
        "server, and an address is data here: it is never fetched.",
    ),
    "a logged model of another server": Difference(
        "404 RESOURCE_DOES_NOT_EXIST", "200", "As a run of another server."
    ),
    "a scheme nobody knows": Difference(
        "200", INVALID, "Sources are shown and handed to clients, so their schemes are those of a list."
    ),
    "a line break": Difference(
        "200", INVALID, "A name with a control character looks like another one, and breaks lines of a log."
    ),
    "a name longer than its column": Difference(
        "200",
        INVALID,
        "MLflow declares 256 characters as we do; the peer has SQLite, which does not count them.",
    ),
    "a name too long": Difference(
        "404 RESOURCE_DOES_NOT_EXIST", INVALID, "No model can have such a name; the answer says so."
    ),
    "a number for a text": Difference(
        "200", INVALID, "MLflow stores an empty text in its place and says nothing."
    ),
    "a body two readers read differently": Difference(
        "200",
        INVALID,
        "Of a key given twice, or of JSON inside JSON, a proxy that checks requests may read another one.",
    ),
    "an absent description": Difference(
        "200", "200", "Absent, it becomes empty on both sides; ours says so, theirs leaves the field out."
    ),
    "half a condition": Difference(
        "200",
        INVALID,
        "MLflow drops an AND too many and supplies one too few; ours asks what is meant.",
    ),
    "an escaped wildcard": Difference(
        "200",
        "200",
        "A backslash escapes a wildcard on PostgreSQL, theirs or ours; the peer has SQLite.",
    ),
    "an order of the file store": Difference(
        INVALID, "200", "MLflow's file store takes it; what one of its stores takes, we take."
    ),
    "no results asked for": Difference(
        "200", INVALID, "MLflow answers with no models and a token for the same nothing, without end."
    ),
    "a forged token": Difference("200", INVALID, "A page token is what the page before gave."),
}
