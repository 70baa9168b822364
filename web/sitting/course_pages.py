"""The course of a recorded sitting: its timeline and the quality of the lines, the chain of custody, each with its CSV.

All of it is from the journal and the custody log, which are compared with what the seal has signed before.
"""

from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import escape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.events import EventKind
from hearings.minutes import minutes
from media.evidence.log import course as journal_course
from media.evidence.log.course import Course
from web.server.rendering import render
from web.server.tables import csv_answer
from web.sitting import course
from web.sitting.custody import entries_of
from web.sitting.recording_access import RecordingAccess, access_of, proven_logs
from web.words.i18n import _, precise_clock

PAGE = 200
"""Rows of the table of the timeline on one page."""
SHOWN = 500
"""The maximum number of entries of the chain, and of each log, on the custody page: the newest. The CSV has all."""
CHAIN = frozenset({"open", "keywrap", "rekey", "reopen", "close"})
"""Lines of the journal that are links of the chain of custody; of the custody log every line is one."""
TICKS = 6
"""Most hours on the axis of a chart."""


async def _course(request: Request) -> tuple[RecordingAccess, Course | None]:
    access = await access_of(request)
    access.require("verify")
    logs = await proven_logs(request, access)
    sitting = await run_in_threadpool(journal_course.read, logs.ledger.lines) if logs else None
    return access, sitting


async def timeline(request: Request) -> Response:
    """Who was recorded when, holds, gaps and log entries, and how much was lost on the way."""
    access, sitting = await _course(request)
    if sitting is None:
        return render(request, "recording_timeline.html", {"access": access, "sitting": None}, status=503)
    lines = course.table(sitting)
    first = _first(request, len(lines))
    step = course.step_of(sitting)
    context = {
        "access": access,
        "places": access.places,
        "sitting": sitting,
        "at": lambda t: course.instant(sitting, t),
        "rows": course.rows(sitting),
        "marks": [(entry.t, course.MARKS[EventKind(entry.kind)]) for entry in course.marks(sitting)],
        "lines": lines[first : first + PAGE],
        "count": len(lines),
        "first": first,
        "page": PAGE,
        "missing": course.interruptions(sitting),
        "closed": course.closed_stretches(sitting),
        "quality": course.quality(sitting),
        "step": step,
        "ticks": _ticks(sitting, access),
        "weak": course.WEAK,
    }
    return render(request, "recording_timeline.html", context)


def _first(request: Request, count: int) -> int:
    text = request.query_params.get("from", "0")
    return int(text) // PAGE * PAGE if text.isascii() and text.isdigit() and int(text) < count else 0


def _ticks(sitting: Course, access: RecordingAccess) -> list[tuple[int, list[str]]]:
    """Times of the axis, even, with the clocks of both courts."""
    return [
        (t, [precise_clock(course.instant(sitting, t), place.zone) for place in access.places])
        for t in (sitting.end * part // TICKS for part in range(TICKS + 1))
    ]


def _clocks(sitting: Course, access: RecordingAccess, t: int) -> list[str]:
    at = course.instant(sitting, t)
    return [precise_clock(at, place.zone) for place in access.places]


async def timeline_table(request: Request) -> Response:
    """The table of the timeline, whole."""

    def rows(sitting: Course, access: RecordingAccess) -> list[Sequence[object]]:
        return [
            (
                f"{course.instant(sitting, line.t0):%Y-%m-%dT%H:%M:%SZ}",
                *_clocks(sitting, access, line.t0),
                line.t0,
                "" if line.t1 is None else line.t1,
                line.who,
                line.what,
                line.detail,
            )
            for line in course.table(sitting)
        ]

    return await _csv(request, "timeline", ("from_ms", "to_ms", "who", "what", "detail"), rows)


async def quality_table(request: Request) -> Response:
    """Packets received and lost, by person and interval."""

    def rows(sitting: Course, access: RecordingAccess) -> list[Sequence[object]]:
        return [
            (
                f"{course.instant(sitting, share.t0):%Y-%m-%dT%H:%M:%SZ}",
                *_clocks(sitting, access, share.t0),
                share.t0,
                share.t1,
                line.label,
                share.received,
                share.lost,
                "" if share.percent is None else f"{share.percent:.2f}",
            )
            for line in course.quality(sitting)
            for share in line.shares
        ]

    columns = ("from_ms", "to_ms", "who", "packets_received", "packets_lost", "percent_lost")
    return await _csv(request, "lines", columns, rows)


async def _csv(
    request: Request,
    name: str,
    columns: Sequence[str],
    rows: Callable[[Course, RecordingAccess], list[Sequence[object]]],
) -> Response:
    access, sitting = await _course(request)
    if sitting is None:
        raise HTTPException(503, "unavailable")
    clocks = [f"time_{place.zone}" for place in access.places]
    made = await run_in_threadpool(rows, sitting, access)
    return csv_answer(f"{name}-{access.hearing.ref}", ("utc", *clocks, *columns), made)


# --- custody -----------------------------------------------------------------------------------------------------


async def custody_page(request: Request) -> Response:
    """The chain of custody: sealed, frozen, viewed, copied, archived; and the recording's own journal."""
    access = await access_of(request)
    access.require("verify")
    logs = await proven_logs(request, access)
    signed = await minutes_signed(request, access)
    whole = logs is not None and logs.custody_log is not None
    entries = list(entries_of(logs.ledger.lines)) if logs else []
    since = list(entries_of(logs.custody_log or ())) if logs else []
    chain = chain_of(entries, since, signed)
    context: dict[str, Any] = {
        "access": access,
        "places": access.places,
        "ledger": logs.ledger if logs and whole else None,
        "chain": chain[-SHOWN:],
        "entries": entries[-SHOWN:],
        "since": since[-SHOWN:],
        "left_out": {
            name: max(0, len(rows) - SHOWN) for name, rows in (("chain", chain), ("entries", entries), ("since", since))
        },
        "accesses": sum(entry["type"] == "access" for entry in since),
        "root": logs.ledger.head.root.hex() if logs else "",
    }
    return render(request, "recording_custody.html", context, status=200 if whole else 503)


async def minutes_signed(request: Request, access: RecordingAccess) -> list[dict[str, Any]]:
    """The signatures on the minutes that name this recording, as entries of the chain."""
    async with request.app.state.parts.database.reading() as db:
        signatures = await minutes.signatures_on(db, access.hearing, access.recording.sitting_id)
    entry = {"type": "minutes", "line": "", "kind": _("Minutes signed over this recording"), "more": 0, "file": False}
    return [
        {**entry, "state": signature.owner_state, "at": signature.received_at, "text": signature.actor_label}
        for signature in signatures
    ]


def chain_of(
    entries: list[dict[str, Any]], since: list[dict[str, Any]], signed: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What happened to the recording, in order of time."""
    links = [*(entry for entry in entries if entry["type"] in CHAIN), *since, *signed]
    return sorted(links, key=lambda entry: entry["at"])


async def custody_table(request: Request) -> Response:
    """Both logs, whole, as the page has them."""
    access = await access_of(request)
    access.require("verify")
    logs = await proven_logs(request, access)
    if logs is None or logs.custody_log is None:
        raise HTTPException(503, "unavailable")
    sources = (
        ("journal", entries_of(logs.ledger.lines)),
        ("custody", entries_of(logs.custody_log)),
        ("minutes", await minutes_signed(request, access)),
    )
    columns = ("log", "line", "utc", *(f"time_{place.zone}" for place in access.places), "state", "kind", "details")
    rows = [
        (
            log,
            entry["line"],
            f"{entry['at']:%Y-%m-%dT%H:%M:%SZ}",
            *(precise_clock(entry["at"], place.zone) for place in access.places),
            entry["state"],
            entry["kind"],
            escape(entry["text"]).striptags(),
        )
        for log, entries in sources
        for entry in entries
    ]
    return csv_answer(f"custody-{access.hearing.ref}", columns, rows)


routes = [
    Route("/recordings/{recording}/timeline", timeline),
    Route("/recordings/{recording}/timeline.csv", timeline_table),
    Route("/recordings/{recording}/lines.csv", quality_table),
    Route("/recordings/{recording}/custody", custody_page),
    Route("/recordings/{recording}/custody.csv", custody_table),
]
