"""Pages that follow changes while they are open: by their path, and what each displays."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

STREAM = "/changes/stream"
"""Path of the stream of changes (`web.outward.change_stream`)."""
FOLLOWED = (
    ("hearing", re.compile(r"/h/(?P<about>[^/]+)(?:/(?!live$|test$|ws$).*)?")),
    ("request", re.compile(r"/requests/(?P<about>[A-Z]{2}(?:-TRAINING)?-[0-9]{4}-[0-9]+)(?:/.*)?")),
    ("docket", re.compile(r"/docket(?:/.*)?")),
    ("tasks", re.compile(r"/waiting|/requests")),
)
"""Kinds of pages that follow changes, by their paths; the live room has a connection of its own."""


@dataclass(frozen=True)
class Followed:
    """What a page displays: its kind, and the reference of its request or hearing (empty for lists)."""

    kind: str
    about: str


def followed(path: str) -> Followed | None:
    """What the page at a path follows; None if it follows nothing."""
    for kind, pattern in FOLLOWED:
        if match := pattern.fullmatch(path):
            return Followed(kind, match.groupdict().get("about") or "")
    return None


def address(path: str, made: datetime) -> str:
    """Where the page at a path, made at this instant, listens for changes; empty if it follows nothing."""
    return f"{STREAM}?{urlencode({'page': path, 'since': made.isoformat()})}" if followed(path) else ""
