"""Signing an act on a request: the page that shows what is signed and posts the statement with the act.

The page changes nothing. What was typed on the request's page comes along in hidden fields, and the act that follows
compares the signed body with what it makes of them.
"""

from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, law, requests
from web import conditions_words, forms, signing, terms
from web.actors import staff
from web.i18n import _
from web.pages import request_conditions
from web.pages.request_access import find, require
from web.pages.request_acts import ACTIONS
from web.rendering import render

CARRIED = ("text", "ground", "motive", "due", "review")
"""What comes along, besides the conditions (`c_…`)."""


async def page(request: Request) -> Response:
    """What an authority is about to sign. Raises what the act itself would, as far as that can be known before."""
    signed, person = staff(request)
    form = await forms.read(request)
    action = ACTIONS.get(request.path_params["action"])
    if action is None or action.statement is None:
        raise HTTPException(404, "not_found")
    now = datetime.now(UTC)
    act, body = action.statement
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        require(action.right, person, row.requesting_state, row.requested_state)
        if row.status not in action.statuses:
            raise errors.NotReady("This is not possible at this point of the request")
        known = await law.current(db)
        missing = requests.blockers(row, now=now, law=known) if action.name == "submit" else []
        if missing:
            raise errors.GateNotMet("The request cannot be submitted yet", missing)
        other = row.requested_state if person.owner_state == row.requesting_state else row.requesting_state
        facts = [(terms.label("reason"), form.text("text"))] if form.text("text") else []
        if form.text("ground"):
            facts.append((_("Ground of refusal"), terms.ground(form.text("ground"))))
        if form.text("motive"):
            facts.append((_("What the ground rests on"), terms.motive(form.text("motive"))))
        if action.name == "conditions":
            facts += [(_("Condition"), one[0]) for one in conditions_words.told(request_conditions.read(form))]
        if action.name == "submit":
            facts += [(terms.label("case_number"), row.case_number), (terms.label("person_name"), row.person_name)]
        prepared = await signing.prepare(
            db,
            state=person.owner_state,
            other=other,
            act=act,
            about=row.reference,
            body=body(row, form, signed.actor()),
            now=now,
            facts=facts,
        )
    context = {
        "row": row,
        "action": action,
        "prepared": prepared,
        "hidden": {name: form.text(name) for name in form if name in CARRIED or name.startswith("c_")},
    }
    return render(request, "request_sign.html", context)


routes = [Route("/requests/{reference}/sign/{action}", page, methods=["POST"])]
