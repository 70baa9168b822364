"""What left the database, and what did not: mails and events of one's own State, and what was missed meanwhile."""

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import claims, outbox
from hearings.permissions import may_staff, require_staff
from web.server import forms
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import places
from web.words.i18n import N_, NP_, _

PAGE = 50
CHIPS: dict[str, tuple[str, str]] = {
    "waiting": ("info", N_("Waiting to be sent")),
    "sending": ("info", N_("Being sent")),
    "sent": ("ok", NP_("message", "Sent")),
    "unconfirmed": ("warn", N_("Sent, unconfirmed")),
    "not_delivered": ("rec", N_("Not delivered")),
}
CODES: dict[str, str] = {
    "interrupted": N_("The process ended while it was being sent"),
    "timeout": N_("No answer in time"),
    "refused": N_("The connection was refused"),
    "unreachable": N_("The other side could not be reached"),
    "tls": N_("No secure connection could be made"),
    "login": N_("The mail server did not accept our sign-in"),
    "temporary": N_("The other side asked to try again later"),
    "rejected": N_("The other side does not accept it"),
    "redirect": N_("The address leads elsewhere, which is not followed"),
    "blocked": N_("The address leads into a private network, which is not allowed"),
    "status": N_("The other side answered with an error"),
    "too_late": N_("It was of no use any more before it could be sent"),
    "disabled": N_("The webhook has been switched off"),
    "failed": N_("It could not be made ready for sending"),
}
KINDS: dict[str, str] = {"mail": N_("Mail"), "webhook": N_("Event for a system")}
MISSED: dict[str, str] = {
    "reminder_week": N_("Reminder a week before"),
    "reminder_day": N_("Reminder a day before"),
    "reminder_hour": N_("Reminder an hour before"),
    "opening": N_("Word that the lobby may be opened"),
    "answer_near": N_("Reminder that an answer is due"),
    "info_near": N_("Reminder that information is due"),
    "written_near": N_("Reminder of the written confirmation"),
    "notice": N_("News of a change"),
}
REASONS: dict[str, str] = {
    text: text
    for text in (
        N_("Nearer reminders had taken its place"),
        N_("The hearing was too near"),
        N_("The hearing had begun"),
        N_("The date had passed"),
        N_("No clock had run for a week"),
        N_("It could not be made"),
    )
}
DONE = {"again": N_("The message is sent again.")}


async def _may_see(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    require_staff("see_outbox", signed.actor(), requesting_state=person.owner_state, requested_state=person.owner_state)
    return signed, person


async def listing(request: Request) -> Response:
    """The messages of this State, newest first."""
    _signed, person = await _may_see(request)
    wanted = request.query_params.get("status", "")
    status = OutboxStatus(wanted) if wanted in set(OutboxStatus) else None
    before = request.query_params.get("before", "")[:36]
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        rows = await outbox.messages(db, state=person.owner_state, status=status, before=before, limit=PAGE + 1)
        missed = [] if before or status else await claims.missed(db, state=person.owner_state, limit=20)
    functions = frozenset(person.functions)
    context = {
        "rows": rows[:PAGE],
        "next": rows[PAGE - 1].id if len(rows) > PAGE else "",
        "status": status.value if status else "",
        "statuses": [(one.value, _(CHIPS[one.value][1])) for one in OutboxStatus],
        "chip": lambda row: (CHIPS[row.status.value][0], _(CHIPS[row.status.value][1])),
        "kind": lambda row: _(KINDS[row.kind.value]),
        "why": lambda row: _(CODES[row.last_code]) if row.last_code in CODES else "",
        "link": lambda row: _link(row.about),
        "mail_is_set_up": bool(parts.settings.smtp_host),
        "waits_for_mail": any(row.kind is OutboxKind.mail and row.status is OutboxStatus.waiting for row in rows),
        "missed": missed,
        "missed_kind": lambda row: _(MISSED[row.kind]) if row.kind in MISSED else row.kind,
        "missed_why": lambda row: _(REASONS[row.reason]) if row.reason in REASONS else row.reason,
        "places": places.of_person(person),
        "repeatable": (OutboxStatus.not_delivered, OutboxStatus.unconfirmed),
        "may_repeat": may_staff(
            "send_again",
            functions,
            own_state=person.owner_state,
            requesting_state=person.owner_state,
            requested_state=person.owner_state,
        ).allowed,
        "notice": _(DONE[done]) if (done := request.query_params.get("done", "")) in DONE else None,
    }
    return render(request, "outbox.html", context)


def _link(about: str) -> str:
    """The page of a reference: hearings' are `7F3K-22QD`, requests' `RO-2026-0001`."""
    if not about:
        return ""
    return f"/requests/{about}" if about.count("-") == 2 else f"/h/{about}"


async def show(request: Request) -> Response:
    """One message: what it says, and its delivery log."""
    _signed, person = await _may_see(request)
    async with request.app.state.parts.database.reading() as db:
        row = await outbox.message_of(db, request.path_params["message"], state=person.owner_state)
        log = await outbox.attempts(db, row.id)
    context = {
        "row": row,
        "log": log,
        "chip": (CHIPS[row.status.value][0], _(CHIPS[row.status.value][1])),
        "chip_of": lambda one: (CHIPS[one.outcome.value][0], _(CHIPS[one.outcome.value][1])),
        "why": lambda one: _(CODES[one.code]) if one.code in CODES else "",
        "kind": _(KINDS[row.kind.value]),
        "text": row.payload.get("text", ""),
        "written_in": row.payload.get("language", ""),
        "event": row.payload.get("type", ""),
        "link": _link(row.about),
        "places": places.of_person(person),
    }
    return render(request, "outbox_message.html", context)


async def again(request: Request) -> Response:
    """Send a message again. Effects: those of `outbox.send_again`."""
    signed, person = await _may_see(request)
    await forms.read(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await outbox.message_of(db, request.path_params["message"], state=person.owner_state, lock=True)
        try:
            await outbox.send_again(db, message=row, actor=signed.actor(), now=datetime.now(UTC))
        except errors.IllegalMove as error:
            raise HTTPException(409, "conflict") from error
    return RedirectResponse("/outbox?done=again", 303)


routes = [
    Route("/outbox", listing),
    Route("/outbox/{message}", show),
    Route("/outbox/{message}/again", again, methods=["POST"]),
]
