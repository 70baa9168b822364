"""The custody record of a recording as a file: every link of its chain of custody, sealed and time-stamped (PDF/A-2b).

What the page Custody shows, for whoever is handed a copy: the bag holds both logs, this file says them in words.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from markupsafe import escape
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.documents.documents import written
from media.evidence.stamping.timestamps import NoStampError
from web.seal_keeper import authorities_of
from web.server import printing
from web.server.rendering import render
from web.sitting.course_pages import chain_of, minutes_signed
from web.sitting.custody import entries_of
from web.sitting.recording_access import ProvenLogs, RecordingAccess, access_of, proven_logs
from web.words import i18n
from web.words.i18n import _

MOST = 5_000
"""Most entries of one file, the newest."""


async def custody_file(request: Request) -> Response:
    """The custody record. Where the court has time-stamping authorities and none answers, a page says so and offers the
    file without (`?unstamped=1`): it is never left out unsaid."""
    access = await access_of(request)
    access.require("verify")
    logs = await proven_logs(request, access)
    if logs is None or logs.custody_log is None:
        raise HTTPException(503, "unavailable")
    now = datetime.now(UTC)
    authorities = await run_in_threadpool(authorities_of, request.app.state.parts.settings)
    wanted = authorities if "unstamped" not in request.query_params else None
    chain = await _chain(request, access, logs)
    data = await run_in_threadpool(document, access, logs, chain, stamped=wanted is not None, now=now)
    try:
        stamp = None if wanted is None else printing.stamping(wanted)
        made = await printing.sealed(request, "custody", data, lang=i18n.current.get().tag, stamp=stamp)
    except NoStampError:
        return render(request, "custody_unstamped.html", {"access": access}, status=503)
    return printing.file(made, f"custody-{access.hearing.ref}.pdf", "application/pdf")


async def _chain(request: Request, access: RecordingAccess, logs: ProvenLogs) -> list[dict[str, Any]]:
    entries = await run_in_threadpool(lambda: list(entries_of(logs.ledger.lines)))
    since = await run_in_threadpool(lambda: list(entries_of(logs.custody_log or ())))
    return chain_of(entries, since, await minutes_signed(request, access))


def document(
    access: RecordingAccess, logs: ProvenLogs, chain: Sequence[dict[str, Any]], *, stamped: bool, now: datetime
) -> dict[str, Any]:
    """The data of `custody.typ`, in the language of the request. `chain`: all entries in order of time; the file
    has the newest, and says how many it leaves out. `stamped`: whether the file gets a time-stamp."""
    head, places = logs.ledger.head, access.places
    left_out = len(chain) - MOST

    def times(at: datetime) -> list[dict[str, str]]:
        return [
            {
                "time": f"{i18n.wall(at, place.zone):%Y-%m-%d %H:%M:%S} {i18n.offset(at, place.zone)}",
                "city": i18n.city_here(place.city),
            }
            for place in places
        ]

    def fact(label: str, value: str) -> dict[str, Any]:
        return {"label": label, "machine": False, "value": written(value)}

    def machine(label: str, value: str) -> dict[str, Any]:
        return {"label": label, "machine": True, "value": value}

    made = "; ".join(f"{one['time']} {one['city']}" for one in times(now))
    rows = [
        {
            "times": times(entry["at"]),
            "kind": entry["kind"],
            "text": written(_text_of(entry)),
            "state": i18n.state_name(entry["state"]) if entry["state"] else "",
        }
        for entry in chain[-MOST:]
    ]
    end = _("The seal of this file has the time of a time-stamping authority (RFC 3161, PAdES B-T).")
    unstamped = _("This file was taken without a time-stamp: its time is that of the court's own clock.")
    return {
        "lang": i18n.current.get().tag,
        "title": _("Custody record"),
        "reference": access.hearing.ref,
        "meta": [
            fact(_("Hearing"), access.hearing.case_number or access.hearing.ref),
            machine(_("Origin"), head.origin),
            machine(_("Signed head of the recording"), f"{head.size}:{head.root.hex()}"),
            fact(_("Made"), made),
            *([fact(_("Not in this file"), _earlier(left_out))] if left_out > 0 else []),
        ],
        "heading": _("Chain of custody"),
        "columns": [_("Time"), _("What"), _("Details")],
        "rows": rows,
        "empty": _("Nothing is recorded yet."),
        "notes": [
            _("A bag of the recording holds both logs, with which each line of this record can be compared."),
            end if stamped else unstamped,
        ],
    }


def _earlier(count: int) -> str:
    told = i18n.ngettext(
        "%(n)s earlier entry: see both logs as CSV on the page Custody, or in a bag of the recording.",
        "%(n)s earlier entries: see both logs as CSV on the page Custody, or in a bag of the recording.",
        count,
    )
    return told % {"n": count}


def _text_of(entry: dict[str, Any]) -> str:
    text = escape(entry["text"]).striptags()
    if not entry["more"]:
        return text
    more = i18n.ngettext("and %(n)s more of this kind", "and %(n)s more of this kind", entry["more"])
    return f"{text} {more % {'n': entry['more']}}"


routes = [Route("/recordings/{recording}/custody.pdf", custody_file)]
