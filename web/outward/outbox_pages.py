"""The outbox of one's own State: mails and events with their delivery, and due actions that were missed."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import claims, notices, outbox
from scheduler import due
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, may_own
from web.words import court_clocks
from web.words.i18n import N_, NP_, _

PAGE = 50
CHIPS: dict[str, tuple[str, str]] = {
    "waiting": ("info", N_("Waiting to be sent")),
    "sending": ("info", N_("Being sent")),
    "sent": ("ok", NP_("message", "Sent")),
    "unconfirmed": ("warn", N_("Sent, unconfirmed")),
    "not_delivered": ("rec", N_("Not delivered")),
}
REASONS = frozenset({*due.MISSED.values(), notices.UNMAKEABLE, notices.MISSED})
KINDS: dict[str, str] = {"mail": N_("Mail"), "webhook": N_("Event for a system")}
MISSED: dict[str, str] = {
    "reminder_week": N_("Reminder a week before"),
    "reminder_day": N_("Reminder a day before"),
    "reminder_hour": N_("Reminder an hour before"),
    "opening": N_("Notice that the lobby may be opened"),
    "receipt_near": N_("Reminder that the acknowledgement of receipt is due"),
    "execution_near": N_("Reminder that the execution is due"),
    "answer_near": N_("Reminder that an answer is due"),
    "info_near": N_("Reminder that information is due"),
    "written_near": N_("Reminder of the written confirmation"),
    "notice": N_("Notice of a change"),
}
DONE = {"again": N_("The message will be sent again.")}


RIGHT = "see_outbox"


async def listing(request: Request) -> Response:
    """The messages of this State, newest first."""
    _signed, person = administrator(RIGHT, request)
    wanted = request.query_params.get("status", "")
    status = OutboxStatus(wanted) if wanted in set(OutboxStatus) else None
    before = request.query_params.get("before", "")
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        page = await outbox.messages(db, state=person.owner_state, status=status, after=before, limit=PAGE)
        missed = [] if before or status else await claims.missed(db, state=person.owner_state, limit=20)
    context = {
        "rows": page.rows,
        "next": page.after,
        "status": status.value if status else "",
        "statuses": [(member.value, _(CHIPS[member.value][1])) for member in OutboxStatus],
        "chip": lambda row: (CHIPS[row.status.value][0], _(CHIPS[row.status.value][1])),
        "kind": lambda row: _(KINDS[row.kind.value]),
        "why": lambda row: _(outbox.CODES[row.last_code]) if row.last_code in outbox.CODES else "",
        "link": lambda row: _link(row.about),
        "mail_is_set_up": bool(parts.settings.smtp_host),
        "waits_for_mail": any(row.kind is OutboxKind.mail and row.status is OutboxStatus.waiting for row in page.rows),
        "missed": missed,
        "missed_kind": lambda row: _(MISSED[row.kind]) if row.kind in MISSED else row.kind,
        "missed_why": lambda row: _(row.reason) if row.reason in REASONS else row.reason,
        "places": court_clocks.of_person(person),
        "repeatable": (OutboxStatus.not_delivered, OutboxStatus.unconfirmed),
        "may_repeat": may_own("send_again", person),
        "notice": notice(request, DONE),
    }
    return render(request, "outbox.html", context)


def _link(about: str) -> str:
    """The page of a reference: of a hearing such as `7F3K-22QD`, or of a request such as `RO-2026-0001`."""
    if not about:
        return ""
    return f"/requests/{about}" if about.count("-") == 2 else f"/h/{about}"


async def show(request: Request) -> Response:
    """One message: its text and its delivery log."""
    _signed, person = administrator(RIGHT, request)
    async with request.app.state.parts.database.reading() as db:
        row = await outbox.message_of(db, request.path_params["message"], state=person.owner_state)
        log = await outbox.attempts(db, row.id)
    context = {
        "row": row,
        "log": log,
        "chip": (CHIPS[row.status.value][0], _(CHIPS[row.status.value][1])),
        "chip_of": lambda attempt: (CHIPS[attempt.outcome.value][0], _(CHIPS[attempt.outcome.value][1])),
        "why": lambda attempt: _(outbox.CODES[attempt.code]) if attempt.code in outbox.CODES else "",
        "kind": _(KINDS[row.kind.value]),
        "text": row.payload.get("text", ""),
        "written_in": row.payload.get("language", ""),
        "event": row.payload.get("type", ""),
        "link": _link(row.about),
        "places": court_clocks.of_person(person),
    }
    return render(request, "outbox_message.html", context)


@page_act(right=RIGHT)
async def send_again(sent: Sent) -> str:
    """Sends a message again. Effects: those of `outbox.send_again`."""
    row = await outbox.message_of(sent.db, sent.path["message"], state=sent.state, lock=True)
    try:
        await outbox.send_again(sent.db, message=row, **sent.by)
    except errors.IllegalMove as error:
        raise HTTPException(409, "conflict") from error
    return "/outbox?done=again"


routes = [
    Route("/outbox", listing),
    Route("/outbox/{message}", show),
    Route("/outbox/{message}/again", send_again, methods=["POST"]),
]
