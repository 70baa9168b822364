"""Facilitators: entered by an administrator, given sign-in links, ended; and requests shared with them by a State."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries, reference
from hearings.coordination import facilitators
from hearings.coordination.facilitators import Mandate
from hearings.models import Person
from hearings.outward import administrators
from hearings.people import logins
from web.sending import joint_words
from web.server import forms, view_log
from web.server.forms import FormError
from web.server.page_acts import Sent, again, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator, may_on, staff
from web.words import court_clocks, labels
from web.words.court_clocks import of_person
from web.words.i18n import N_, _, state_name
from web.words.refusals import ENTER_DATE

RIGHT = "manage_facilitators"
LABELS = {
    "name": N_("Name"),
    "email": N_("E-mail address"),
    "kind": N_("Office"),
    "organisation": N_("Organisation"),
    "network": N_("Network"),
    "states": N_("States covered"),
    "valid_until": N_("Valid until"),
    "mandate": N_("Mandate"),
    "contact": N_("Contact at any hour"),
}
DONE = {
    "entered": N_("The facilitator has been entered. Create a sign-in link for them."),
    "ended": N_("The access of the facilitator has ended."),
    "shared": N_("The facilitator now reads status, dates and open points of this request, and nothing else."),
    "revoked": N_("The facilitator no longer reads this request."),
}


# --- who is one --------------------------------------------------------------------------------------------------


async def listing(request: Request) -> Response:
    """All facilitators, and the form to enter one."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


async def _page(
    request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError], address: str = ""
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        rows = await facilitators.everybody(db)
    today = datetime.now(UTC).date()
    states = [(code, state_name(code)) for code in reference.jurisdictions()]
    context = {
        "rows": [(row, who, facilitators.in_force(row, on=today)) for row, who in rows],
        "values": {"states": [], **values},
        "errors": wrong,
        "address": address,
        "minutes": int(logins.LINK_LIFETIME.total_seconds()) // 60,
        "own": person.owner_state,
        "kinds": labels.options("facilitator"),
        "networks": labels.options("network"),
        "states": sorted(states, key=lambda pair: pair[1].casefold()),
        "terms": labels,
        "notice": notice(request, DONE, wrong or address),
        "places": of_person(person),
    }
    return render(request, "facilitators.html", context, status=422 if wrong else 200)


def _explain(error: errors.HearingsError) -> FormError:
    return forms.explain(error, {name: _(text) for name, text in LABELS.items()})


def _keep(form: forms.Form) -> dict[str, Any]:
    return {**form.first, "states": form.all("states")}


@page_act(again(_page, _explain, _keep), right=RIGHT)
async def enter(sent: Sent) -> str:
    """Enters a facilitator. Effects: those of `facilitators.enter`."""
    form = sent.form
    try:
        valid_until = date.fromisoformat(form.text("valid_until"))
    except ValueError:
        raise errors.Invalid(_(ENTER_DATE), "valid_until") from None
    texts = {name: form.text(name) for name in LABELS if name not in ("states", "valid_until")}
    mandate = Mandate(**texts, states=form.all("states"), valid_until=valid_until)
    await facilitators.enter(sent.db, mandate=mandate, **sent.by)
    return "/facilitators?done=entered"


@page_act(right=RIGHT)
async def link(sent: Sent) -> Callable[[], Awaitable[Response]]:
    """Makes a one-use sign-in link, which this answer shows and nothing else. Effects: the link; the person is mailed
    that there is one."""
    row = await facilitators.own_entry(sent.db, sent.path["facilitator"], actor=sent.actor, lock=True)
    facilitators.require_in_force(row, now=sent.now)
    person = await queries.get(sent.db, Person, row.person_id)
    secret = await logins.issue_sign_in_link(sent.db, person=person, now=sent.now, by=sent.actor)
    telling = joint_words.telling(sent.request)
    how: dict[str, Any] = {"origin": telling.origin, "say": telling.say, "now": sent.now}
    await administrators.tell_of_link(sent.db, person=person, link_hash=logins.hash_secret(secret), **how)
    address = f"{sent.parts.settings.origin}/s#{secret}"
    return lambda: _page(sent.request, sent.person, {}, [], address)


@page_act(right=RIGHT)
async def end(sent: Sent) -> str:
    """Ends the access of a facilitator. Effects: those of `facilitators.end`."""
    row = await facilitators.own_entry(sent.db, sent.path["facilitator"], actor=sent.actor, lock=True)
    await facilitators.end(sent.db, facilitator=row, **sent.by)
    return "/facilitators?done=ended"


# --- requests shared ---------------------------------------------------------------------------------------------


async def shared(request: Request) -> Response:
    """With whom a request is or was shared, by both States, and the form to share it."""
    _signed, person = staff(request)
    return await _shares(request, person, {}, [])


async def _shares(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    today = datetime.now(UTC).date()
    async with request.app.state.parts.database.reading() as db:
        row = await queries.request(db, request.path_params["reference"], state=person.owner_state)
        view_log.add(request, row)
        rows = await facilitators.shares(db, row.id, ended=True)
        known = {one.id: (one, who) for one, who in await facilitators.everybody(db)}
    own = person.owner_state
    offered = [
        (one.id, f"{who.name} · {one.organisation}")
        for one, who in known.values()
        if facilitators.in_force(one, on=today) and own in one.states
    ]
    context = {
        "row": row,
        "shares": [(share, *known[share.facilitator_id]) for share in rows if share.facilitator_id in known],
        "offered": offered,
        "may_share": row.submitted_at is not None and may_on("share_request", person, row),
        "own": own,
        "values": values,
        "errors": wrong,
        "terms": labels,
        "notice": notice(request, DONE, wrong),
        "places": court_clocks.own_first(court_clocks.of_states(row.requesting_state, row.requested_state), own),
    }
    return render(request, "request_facilitators.html", context, status=422 if wrong else 200)


def _not_shared(error: errors.HearingsError) -> FormError:
    text = _("Choose a facilitator.") if isinstance(error, errors.NotFound) else forms.explain(error).text
    return FormError("facilitator", text)


@page_act(again(_shares, _not_shared), (errors.NotReady,))
async def share(sent: Sent) -> str:
    """Shares the request with a facilitator. Effects: those of `facilitators.share`."""
    row = await queries.request(sent.db, sent.path["reference"], state=sent.state)
    chosen = sent.form.text("facilitator")
    if not chosen:
        raise errors.NotReady(_("Choose a facilitator."))
    await facilitators.share(sent.db, request=row, facilitator_id=chosen, **sent.by)
    return f"/requests/{row.reference}/facilitators?done=shared"


@page_act()
async def revoke(sent: Sent) -> str:
    """Ends a share of the own State. Effects: those of `facilitators.revoke`."""
    row = await queries.request(sent.db, sent.path["reference"], state=sent.state)
    await facilitators.revoke(sent.db, request=row, share_id=sent.path["share"], **sent.by)
    return f"/requests/{row.reference}/facilitators?done=revoked"


routes = [
    Route("/facilitators", listing, methods=["GET"]),
    Route("/facilitators", enter, methods=["POST"]),
    Route("/facilitators/{facilitator}/link", link, methods=["POST"]),
    Route("/facilitators/{facilitator}/end", end, methods=["POST"]),
    Route("/requests/{reference}/facilitators", shared, methods=["GET"]),
    Route("/requests/{reference}/facilitators", share, methods=["POST"]),
    Route("/requests/{reference}/facilitators/{share}/revoke", revoke, methods=["POST"]),
]
