"""The directory of authorities: read by all staff, imported and exported as a table by administrators and clerks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.models import Person
from hearings.models.people import Network
from hearings.outward import administrators, joint_changes
from hearings.people import directory
from hearings.sentences import tell
from web.sending import joint_words
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.security import check_csrf
from web.server.sign_in import staff
from web.words import labels
from web.words.i18n import _, language_here, ngettext, state_name

LARGEST = 2_000_000
"""The maximum size of an imported table, in bytes."""


async def page(request: Request) -> Response:
    """The directory, filtered by State and network."""
    _signed, person = staff(request)
    return await _page(request, person, [])


def _chosen(request: Request) -> tuple[str, str]:
    state, network = request.query_params.get("state", ""), request.query_params.get("network", "")
    return (
        state if state in reference.jurisdictions() else "",
        network if network in [known.value for known in Network] else "",
    )


async def _page(
    request: Request,
    person: Person,
    wrong: list[FormError],
    rows: Sequence[tuple[int, str, str]] = (),
    reason: str = "",
) -> Response:
    state, network = _chosen(request)
    async with request.app.state.parts.database.reading() as db:
        entries = await directory.entries(db, state=state, network=network)
        administrating = await administrators.administrating(db)
    own = person.owner_state
    count = request.query_params.get("done", "")
    notice = None
    if count.isascii() and count.isdecimal() and len(count) < 6 and not wrong:
        notice = ngettext("{n} row is imported.", "{n} rows are imported.", int(count)).format(n=int(count))
        if "waiting" in request.query_params:
            note = _("The rows of other States stay pending until these States have confirmed them.")
            notice = f"{notice} {note}"
    if "confirmed" in request.query_params and not wrong:
        notice = _("It is on record that the entry was checked today.")
    states = [(code, state_name(code)) for code in reference.jurisdictions()]
    context: dict[str, Any] = {
        "entries": entries,
        "state": state,
        "network": network,
        "values": {"state": state, "network": network, "reason": reason},
        "errors": wrong,
        "mistakes": rows,
        "notice": notice,
        "today": datetime.now(UTC).date(),
        "acceptances": reference.jurisdiction(state).acceptances if state else (),
        "confirmable": {code for code in reference.jurisdictions() if code == own or code not in administrating},
        "mark": directory.mark,
        "instrument_name": reference.instrument_name,
        "may_import": "administrator" in person.functions,
        "state_options": sorted(states, key=lambda pair: pair[1].casefold()),
        "network_options": labels.options("network"),
        "language_name": language_here,
        "columns": directory.COLUMNS,
        "terms": labels,
    }
    return render(request, "directory.html", context, status=422 if wrong else 200)


async def import_table(request: Request) -> Response:
    """Import a table, whole or not at all. Effects: those of `joint_changes.import_directory`."""
    signed, person = staff(request)
    if forms.media_type(request) != "multipart/form-data":
        raise HTTPException(415, "bad_request")
    if "administrator" not in person.functions:
        raise errors.NotAllowed(tell("Only an administrator can import the directory"))
    async with request.form(max_files=1, max_fields=3, max_part_size=10_000) as data:
        token, file, why = data.get("csrf"), data.get("file"), data.get("reason")
        reason = why if isinstance(why, str) else ""
        check_csrf(request.app.state.parts.keys.cookie, signed.login.id, token if isinstance(token, str) else "")
        if not isinstance(file, UploadFile) or not file.filename:
            return await _page(request, person, [FormError("file", _("Choose a file."))], reason=reason)
        content = await file.read(LARGEST + 1)
    if len(content) > LARGEST:
        return await _page(
            request, person, [FormError("file", _("The table is too large: at most 2 MB."))], reason=reason
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return await _page(request, person, [FormError("file", _("The table is not in UTF-8."))], reason=reason)
    try:
        async with request.app.state.parts.database.transaction() as db:
            made = await joint_changes.import_directory(
                db,
                text=text,
                reason=reason,
                actor=signed.actor(),
                telling=joint_words.telling(request),
                now=datetime.now(UTC),
            )
    except errors.RowsRefused as error:
        text = ngettext(
            "The table has {n} mistake. Nothing was imported.",
            "The table has {n} mistakes. Nothing was imported.",
            len(error.rows),
        )
        wrong = [FormError("file", text.format(n=len(error.rows)))]
        return await _page(request, person, wrong, error.rows, reason)
    except errors.Invalid as error:
        wrong = [forms.explain(error, {"reason": _("Reason for changing rows of other States")})]
        return await _page(request, person, wrong, reason=reason)
    return RedirectResponse(f"/directory?done={made.rows}{'&waiting' if made.waiting else ''}", 303)


@page_act()
async def confirm(sent: Sent) -> str:
    """Puts on record that an entry was checked and is right. Effects: those of `joint_changes.confirm_entry`."""
    state, kind, name = (sent.form.text(field) for field in ("state", "kind", "name"))
    await joint_changes.confirm_entry(sent.db, entry=(state, kind, name), seen=sent.form.text("seen"), **sent.by)
    return "/directory?" + urlencode({"state": state, "network": "", "confirmed": "yes"})


async def export(request: Request) -> Response:
    """The directory as a CSV table, which can be imported again."""
    staff(request)
    state, network = _chosen(request)
    async with request.app.state.parts.database.reading() as db:
        entries = await directory.entries(db, state=state, network=network)
    headers = {"content-disposition": 'attachment; filename="directory.csv"'}
    return Response(directory.write(entries), media_type="text/csv; charset=utf-8", headers=headers)


routes = [
    Route("/directory", page, methods=["GET"]),
    Route("/directory", import_table, methods=["POST"]),
    Route("/directory/confirm", confirm, methods=["POST"]),
    Route("/directory.csv", export),
]
