"""Joint changes, of data that belong to another State or to all: the list of those waiting, and their confirmation."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import queries
from hearings.law import law as laws, rows as law_rows
from hearings.law.rows import Edit
from hearings.models import JointChange, Person
from hearings.models.law import JointKind, JointStatus
from hearings.outward import administrators, joint_changes
from hearings.people import directory
from web.law import row_pages as law_pages
from web.sending import joint_words
from web.server.forms import FormError
from web.server.page_acts import Sent, again, explained, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, ngettext, state_name
from web.words.labels import CHANGE_MADE

PAGE = 50
KINDS = {JointKind.law: N_("Law data"), JointKind.directory: N_("Directory of authorities")}
DONE = {
    "waiting": N_("Nothing has changed yet. The change is pending, and the administrators have been notified."),
    "confirm": CHANGE_MADE,
    "refuse": N_("The change is refused. Nothing has been changed."),
    "withdraw": N_("The change is withdrawn. Nothing has been changed."),
}


RIGHT = "decide_joint_change"


def title(change: JointChange) -> str:
    """The subject of a change, in a line."""
    whose = state_name(change.concerns) if change.concerns else _("All States")
    return f"{_(KINDS[change.kind])}: {whose}"


async def listing(request: Request) -> Response:
    """The joint changes that wait, and those decided."""
    _signed, person = administrator(RIGHT, request)
    decided = "decided" in request.query_params
    async with request.app.state.parts.database.reading() as db:
        after = request.query_params.get("after", "")
        page = await joint_changes.changes(db, waiting=not decided, after=after, limit=PAGE)
        mine = {row.id for row in page.rows if await joint_changes.may_decide(db, change=row, state=person.owner_state)}
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
    """One joint change: its rows before and after, who must confirm it, and its status."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        change = await queries.get(db, JointChange, request.path_params["change"][:36])
        could = joint_changes.deciders(change.concerns, change.owner_state, await administrators.administrating(db))
        parts = await _law(db, change) if change.kind is JointKind.law else await _directory(db, change, now)
        seen = await joint_changes.mark(db, change)
    waits = change.status is JointStatus.waiting
    context = {
        "change": change,
        "title": title(change),
        "chip": joint_words.chip,
        "parts": parts,
        "seen": seen,
        "waits": joint_words.confirmed_by(could) if waits and could else "",
        "may_decide": waits and person.owner_state in could,
        "may_withdraw": waits and person.owner_state == change.owner_state,
        "values": {"reason": values.get("reason", "")},
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
        "places": of_person(person),
    }
    return render(request, "change.html", context, status=422 if wrong else 200)


Parts = list[Mapping[str, Any]]
"""The rows of a change: title, whether the change takes the row back, and lines of field, value before and value
after."""


async def _law(db: AsyncSession, change: JointChange) -> Parts:
    law = await laws.current(db)
    edits = [Edit(kind=item["kind"], key=item["key"], data=item["data"]) for item in change.data]
    after = law_rows.edited(law, *edits)
    parts: Parts = []
    for edit in edits:
        row = edit.data or law.rows[edit.kind].get(edit.key)
        name = law_pages.title(edit.kind, row, after) if row else edit.key
        parts.append({"title": name, "back": edit.data is None, "lines": law_pages.differences(edit, law, after)})
    return parts


async def _directory(db: AsyncSession, change: JointChange, now: datetime) -> Parts:
    rows = await directory.entries(db, state=change.concerns)
    have = {(entry.state, entry.kind, entry.name): entry.cells() for entry in rows}
    parts: Parts = []
    for row in joint_changes.entries(change, now):
        before = have.get((row.state, row.kind, row.name), [""] * len(directory.COLUMNS))
        cells = zip(directory.COLUMNS, before, row.cells(), strict=True)
        parts.append({"title": row.name, "back": False, "lines": [line for line in cells if line[1] != line[2]]})
    return parts


@page_act(again(_page, explained({"reason": N_("Reason for the refusal")})), right=RIGHT)
async def act(sent: Sent) -> str:
    """Confirms, refuses or withdraws a joint change. Effects: those of `hearings.outward.joint_changes`."""
    action, change_id = sent.path["action"], sent.path["change"][:36]
    how: dict[str, Any] = {"change_id": change_id, "telling": joint_words.telling(sent.request), **sent.by}
    match action:
        case "confirm":
            await joint_changes.confirm(sent.db, seen=sent.form.text("seen"), **how)
        case "refuse":
            await joint_changes.refuse(sent.db, reason=sent.form.text("reason"), **how)
        case "withdraw":
            await joint_changes.withdraw(sent.db, **how)
        case _:
            raise HTTPException(404, "not_found")
    return f"/admin/changes/{change_id}?done={action}"


def count(change: JointChange) -> str:
    """The number of rows a change concerns, in words."""
    return ngettext("{n} row", "{n} rows", len(change.data)).format(n=len(change.data))


routes = [
    Route("/admin/changes", listing),
    Route("/admin/changes/{change}", show),
    Route("/admin/changes/{change}/{action}", act, methods=["POST"]),
]
