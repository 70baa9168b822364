"""Signing a time of a hearing, by either State: the page with the terms that would bind both, and the act."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.hearing import hearing as diary, offers
from hearings.models import Hearing, Offer, Person
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries
from web.hearing.access import find
from web.server import signed_acts as bonds, statements as signing
from web.server.page_acts import Sent, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.times.offer_pages import times_page, why


async def page(request: Request) -> Response:
    """The terms that would result from accepting the offer in the query parameter `offer`; redirects to the times where
    an offer must be chosen first.

    Effects: marks the offers of the other State as read.
    """
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        hearing = await find(db, request, person)
        await offers.read_by(db, hearing=hearing, state=person.owner_state, now=datetime.now(UTC))
        on_table = await diary_queries.offers_of(db, hearing.id, open_only=True)
    chosen = request.query_params.get("offer", "")
    if not chosen and len(on_table) > 1:
        return RedirectResponse(f"/h/{hearing.ref}/times", 303)
    return await _to_sign(request, signed, person, chosen, None)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    if isinstance(error, errors.DoubleBooking | errors.NotReady):
        return await times_page(sent.request, sent.person, [why(error)], {})
    return await _to_sign(sent.request, sent.signed, sent.person, sent.form.text("offer"), error)


@page_act(_again, (errors.SignatureRefused, errors.TermsChanged, errors.DoubleBooking, errors.NotReady))
async def accept(sent: Sent) -> str:
    """Signs a time with the statement of the authority. Effects: those of `diary.sign`; the statement is stored."""
    hearing, offer = await _chosen(sent.db, sent.request, sent.person, sent.form.text("offer"))
    bond = await bonds.of_hearing(sent.db, hearing, offer, state=sent.state)
    await bond.receive(sent.db, jws=sent.form.text("jws"), **sent.by)
    await diary.sign(sent.db, hearing=hearing, offer=offer, **sent.by)
    done = "accept" if hearing.status is HearingStatus.agreed else "signed"
    return f"/h/{hearing.ref}/times?done={done}"


async def _chosen(db: Any, request: Request, person: Person, offer: str) -> tuple[Hearing, Offer | None]:
    """The hearing, locked, and the offer named; if none is named, the only open offer, else None."""
    hearing = await find(db, request, person, lock=True)
    if offer:
        return hearing, await diary_queries.offer(db, offer, hearing=hearing)
    on_table = await diary_queries.offers_of(db, hearing.id, open_only=True)
    return hearing, on_table[0] if len(on_table) == 1 else None


async def _to_sign(
    request: Request, signed: SignedIn, person: Person, chosen: str, refused: errors.HearingsError | None
) -> Response:
    """Renders the page that signs; if a statement was `refused`, with the reason and a new statement to sign."""
    actor, now = signed.actor(), datetime.now(UTC)
    try:
        async with request.app.state.parts.database.trial() as db:
            hearing, offer = await _chosen(db, request, person, chosen)
            bond = await bonds.of_hearing(db, hearing, offer, state=actor.state)
            prepared = await bond.prepare(db, now=now)
            await diary.sign(db, hearing=hearing, offer=offer, actor=actor, now=now)
            hidden = {"offer": offer.id} if offer else {}
            ref, title = hearing.ref, hearing.case_number or hearing.ref
    except (errors.DoubleBooking, errors.NotReady) as error:
        return await times_page(request, person, [why(error)], {})
    context = {
        "ref": ref,
        "title": title,
        "prepared": prepared,
        "hidden": hidden,
        "errors": [signing.refusal(request, refused)] if refused else [],
    }
    return render(request, "time_sign.html", context, status=status_of(refused) if refused else 200)


routes = [
    Route("/h/{ref}/times/sign", page, methods=["GET"]),
    Route("/h/{ref}/times/accept", accept, methods=["POST"]),
    Route("/h/{ref}/times/accept", page, methods=["GET"]),
]
