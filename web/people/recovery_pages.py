"""Recoveries of staff who have lost every passkey: asked for, confirmed by another administrator, refused, stopped."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person, StaffRecovery
from hearings.models.credentials import RecoveryStatus
from hearings.outward import administrators
from hearings.people import logins, recovery, staff as staff_rows
from web import security_log
from web.security_log import EventCode
from web.sending import joint_words
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext

RIGHT = "manage_staff"
CHIPS = {
    RecoveryStatus.waiting: ("ask", N_("Awaiting confirmation")),
    RecoveryStatus.confirmed: ("ok", N_("Confirmed")),
    RecoveryStatus.refused: ("rec", N_("Refused")),
    RecoveryStatus.withdrawn: ("plain", N_("Withdrawn")),
}
DONE = {
    "asked": N_("Nothing has ended yet. Another administrator confirms it here; everybody concerned has been told."),
    "refuse": N_("It is refused. The person signs in as before."),
}


def _chip(row: StaffRecovery, now: datetime) -> tuple[str, str]:
    if row.status is RecoveryStatus.waiting and recovery.is_old(row, now):
        return "plain", _("Expired")
    kind, text = CHIPS[row.status]
    return kind, _(text)


async def listing(request: Request) -> Response:
    """The recoveries of this State, those that wait with what can be done."""
    signed, person = administrator(RIGHT, request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        rows = await recovery.listed(db, state=person.owner_state)
    context = {
        "rows": rows,
        "chip": lambda row: _chip(row, now),
        "waits": lambda row: row.status is RecoveryStatus.waiting and not recovery.is_old(row, now),
        "opens": lambda row: now >= row.opens_at,
        "mine": lambda row: signed.actor().id in (row.asked_by, row.person_id),
        "places": of_person(person),
        "notice": notice(request, DONE),
    }
    return render(request, "recoveries.html", context)


async def ask_page(request: Request) -> Response:
    """The form to ask for a recovery of one person."""
    _signed, person = administrator(RIGHT, request)
    return await _ask_page(request, person, {}, [])


async def _ask_page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await staff_rows.member(db, request.path_params["person"][:36], state=person.owner_state)
    wait = request.app.state.parts.settings.recovery_wait_minutes
    context = {"row": row, "values": {"reason": values.get("reason", "")}, "errors": wrong, "wait": _length(wait)}
    return render(request, "recovery_form.html", context, status=422 if wrong else 200)


def _length(minutes: int) -> str:
    """A waiting time in words: in whole days or hours where it is such."""
    if minutes % 1440 == 0:
        return ngettext("{n} day", "{n} days", minutes // 1440).format(n=minutes // 1440)
    if minutes % 60 == 0:
        return ngettext("{n} hour", "{n} hours", minutes // 60).format(n=minutes // 60)
    return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)


@page_act(again(_ask_page, explained({"reason": N_("Why")})), right=RIGHT)
async def ask(sent: Sent) -> str:
    """Asks for a recovery. Effects: those of `recovery.ask`; mails."""
    row = await staff_rows.member(sent.db, sent.path["person"][:36], state=sent.state, lock=True)
    waits = timedelta(minutes=sent.parts.settings.recovery_wait_minutes)
    made, stop = await recovery.ask(sent.db, person=row, reason=sent.form.text("reason"), waits=waits, **sent.by)
    telling = joint_words.telling(sent.request)
    await administrators.tell_of_recovery(
        sent.db,
        person=row,
        recovery_id=made.id,
        stop=stop,
        by=sent.actor.id,
        origin=telling.origin,
        say=telling.say,
        now=sent.now,
    )
    return "/admin/recoveries?done=asked"


@page_act(right=RIGHT)
async def act(sent: Sent) -> str | Response:
    """Confirms or refuses a recovery. Effects: those of `hearings.people.recovery`; a mail to the person."""
    recovery_id = sent.path["recovery"][:36]
    match sent.path["action"]:
        case "refuse":
            await recovery.refuse(sent.db, recovery_id=recovery_id, **sent.by)
            return "/admin/recoveries?done=refuse"
        case "confirm":
            login = sent.signed.login
            person, secret = await recovery.confirm(sent.db, recovery_id=recovery_id, login=login, **sent.by)
        case _:
            raise HTTPException(404, "not_found")
    telling, link_hash = joint_words.telling(sent.request), logins.hash_secret(secret)
    await administrators.tell_of_recovered(
        sent.db, person=person, link_hash=link_hash, origin=telling.origin, say=telling.say, now=sent.now
    )
    address = f"{sent.parts.settings.origin}/s#{secret}"
    minutes = int(logins.LINK_LIFETIME.total_seconds()) // 60
    return render(sent.request, "staff_link.html", {"row": person, "address": address, "minutes": minutes})


@page_act()
async def stop(sent: Sent) -> str:
    """Stops a recovery of oneself. Effects: those of `recovery.stop`."""
    await recovery.stop(sent.db, recovery_id=sent.path["recovery"][:36], person=sent.person, **sent.by)
    return "/sign-ins?done=recovery_stopped"


async def stop_page(request: Request) -> Response:
    """The page of the link in the mail about a recovery. Opening it changes nothing: the secret is in the fragment."""
    return render(request, "recovery_stop.html", {"stopped": False, "refused": ""})


async def stop_by_link(request: Request) -> Response:
    """Stops a recovery for whoever has the mail. Effects: those of `recovery.stop_by_link`."""
    form = await forms.read(request, token=False)
    try:
        async with request.app.state.parts.database.transaction() as db:
            person = await recovery.stop_by_link(db, secret=form.text("secret"), now=datetime.now(UTC))
    except (errors.LinkUnknown, errors.NotReady) as refused:
        request.app.state.parts.pulse.counts["refused_logins"] += 1
        security_log.emit(EventCode.recovery, good=False, reason=f"stop:{refused.code}")
        unknown = _("This link is not known. Copy the whole link, up to its last letter.")
        why = unknown if isinstance(refused, errors.LinkUnknown) else forms.explain(refused).text
        context = {"stopped": False, "refused": why}
        return render(request, "recovery_stop.html", context, status=409)
    security_log.emit(EventCode.recovery, reason="stopped_by_link", person=person.id, state=person.owner_state)
    return render(request, "recovery_stop.html", {"stopped": True, "refused": ""})


routes = [
    Route("/admin/recoveries", listing),
    Route("/admin/recoveries/{recovery}/{action}", act, methods=["POST"]),
    Route("/admin/staff/{person}/recovery", ask_page, methods=["GET"]),
    Route("/admin/staff/{person}/recovery", ask, methods=["POST"]),
    Route("/sign-in/stop-recovery", stop_page, methods=["GET"]),
    Route("/sign-in/stop-recovery", stop_by_link, methods=["POST"]),
    Route("/sign-ins/recoveries/{recovery}/stop", stop, methods=["POST"]),
]
