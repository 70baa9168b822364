"""Changes of data that belong to another State or to all: what waits, and the word of who must confirm it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.law import law as laws, rows as law_rows
from hearings.law.rows import Edit
from hearings.models import JointChange, Person
from hearings.models.law import JointKind, JointStatus
from hearings.outward import administrators, joint_changes
from hearings.people import directory
from hearings.permissions import require_staff
from web.law import pages as law_pages
from web.server import forms, joint_words
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import N_, _, ngettext, state_name
from web.words.places import of_person

PAGE = 50
KINDS = {JointKind.law: N_("Data of the law"), JointKind.directory: N_("Directory of authorities")}
DONE = {
    "waiting": N_("Nothing is changed yet. The change waits here, and the administrators have been told."),
    "confirm": N_("The change is made and counts from now on."),
    "refuse": N_("The change is refused. Nothing has been changed."),
    "withdraw": N_("The change is withdrawn. Nothing has been changed."),
}


def _administrator(request: Request) -> tuple[SignedIn, Person]:
    """Raises 401, 404 for participants, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff("decide_joint_change", signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


def title(change: JointChange) -> str:
    """What is changed, in a line."""
    whose = state_name(change.concerns) if change.concerns else _("All States")
    return f"{_(KINDS[change.kind])}: {whose}"


async def listing(request: Request) -> Response:
    """What waits, and what has been decided."""
    _signed, person = _administrator(request)
    decided = "decided" in request.query_params
    async with request.app.state.parts.database.reading() as db:
        after = request.query_params.get("after", "")
        page = await joint_changes.changes(db, waiting=not decided, after=after, limit=PAGE)
        mine = {one.id for one in page.rows if await joint_changes.may_decide(db, change=one, state=person.owner_state)}
    context = {
        "rows": page.rows,
        "next": page.after,
        "decided": decided,
        "mine": mine,
        "title": title,
        "count": count,
        "chip": joint_words.chip,
        "places": of_person(person),
    }
    return render(request, "changes.html", context)


async def show(request: Request) -> Response:
    """One change: what it would change, who must confirm it, what has become of it."""
    _signed, person = _administrator(request)
    return await _page(request, person, "", [])


async def _page(request: Request, person: Person, reason: str, wrong: list[FormError]) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        change = await queries.get(db, JointChange, request.path_params["change"][:36])
        could = joint_changes.deciders(change.concerns, change.owner_state, await administrators.administrating(db))
        parts = await _law(db, change) if change.kind is JointKind.law else await _directory(db, change, now)
        seen = await joint_changes.mark(db, change)
    waits = change.status is JointStatus.waiting
    done = request.query_params.get("done", "")
    context = {
        "change": change,
        "title": title(change),
        "chip": joint_words.chip,
        "parts": parts,
        "seen": seen,
        "waits": joint_words.confirmed_by(could) if waits and could else "",
        "may_decide": waits and person.owner_state in could,
        "may_withdraw": waits and person.owner_state == change.owner_state,
        "values": {"reason": reason},
        "errors": wrong,
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
        "places": of_person(person),
    }
    return render(request, "change.html", context, status=422 if wrong else 200)


Parts = list[Mapping[str, Any]]
"""Tables of a change: its caption, whether it takes a row back, and field, before and after by line."""


async def _law(db: AsyncSession, change: JointChange) -> Parts:
    law = await laws.current(db)
    edits = [Edit(kind=one["kind"], key=one["key"], data=one["data"]) for one in change.data]
    after = law_rows.edited(law, *edits)
    found: Parts = []
    for edit in edits:
        row = edit.data or law.rows[edit.kind].get(edit.key)
        name = law_pages.title(edit.kind, row, after) if row else edit.key
        found.append({"title": name, "back": edit.data is None, "lines": law_pages.differences(edit, law, after)})
    return found


async def _directory(db: AsyncSession, change: JointChange, now: datetime) -> Parts:
    rows = await directory.entries(db, state=change.concerns)
    have = {(one.state, one.kind, one.name): one.cells() for one in rows}
    found: Parts = []
    for row in joint_changes.entries(change, now):
        before = have.get((row.state, row.kind, row.name), [""] * len(directory.COLUMNS))
        cells = zip(directory.COLUMNS, before, row.cells(), strict=True)
        found.append({"title": row.name, "back": False, "lines": [line for line in cells if line[1] != line[2]]})
    return found


async def act(request: Request) -> Response:
    """Confirm, refuse or withdraw. Effects: those of `hearings.outward.joint_changes`."""
    signed, person = _administrator(request)
    form = await forms.read(request)
    action, change_id = request.path_params["action"], request.path_params["change"][:36]
    how: dict[str, Any] = {"change_id": change_id, "actor": signed.actor(), "telling": joint_words.telling(request)}
    try:
        async with request.app.state.parts.database.transaction() as db:
            now = datetime.now(UTC)
            match action:
                case "confirm":
                    await joint_changes.confirm(db, seen=form.text("seen"), now=now, **how)
                case "refuse":
                    await joint_changes.refuse(db, reason=form.text("reason"), now=now, **how)
                case "withdraw":
                    await joint_changes.withdraw(db, now=now, **how)
                case _:
                    raise HTTPException(404, "not_found")
    except errors.Invalid as error:
        labels = {"reason": _("Why it is refused")}
        return await _page(request, person, form.text("reason"), [forms.explain(error, labels)])
    return RedirectResponse(f"/admin/changes/{change_id}?done={action}", 303)


def count(change: JointChange) -> str:
    """How many rows it is of."""
    return ngettext("{n} row", "{n} rows", len(change.data)).format(n=len(change.data))


routes = [
    Route("/admin/changes", listing),
    Route("/admin/changes/{change}", show),
    Route("/admin/changes/{change}/{action}", act, methods=["POST"]),
]
