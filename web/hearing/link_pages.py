"""The links and PINs, or codes, that people join a hearing with."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.hearing import codes, links
from hearings.models import Participant, Person
from hearings.models.participant import CodeWay
from hearings.people.logins import LoginEnd
from hearings.sentences import tell
from web.hearing.access import find, guest_of, namable
from web.sending import code_sending
from web.server.forms import FormError
from web.server.page_acts import Sent, again, page_act
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import court_clocks
from web.words.i18n import N_, _

WAYS = {
    CodeWay.phone: N_("A PIN, which the court reads out by telephone"),
    CodeWay.mail: N_("A code by e-mail, when they open the link"),
    CodeWay.sms: N_("A code by text message, when they open the link"),
}


@dataclass(frozen=True, kw_only=True)
class Handover:
    """How link and six digits reach a person, in words: never both by the same way.

    `link_by`, `digits_by`: the ways that the words name, from `mail`, `text_message`, `letter`, `telephone`.
    """

    heading: str
    once: str
    link: str
    digits: str
    step: str
    link_by: frozenset[str]
    digits_by: frozenset[str]


HANDOVERS: Mapping[CodeWay, Handover] = {
    CodeWay.phone: Handover(
        heading=N_("PIN"),
        once=N_("Both are shown only once. Send them by two different channels."),
        link=N_(
            "Send it by e-mail or text message. It works once, from the opening of the lobby to the end of the hearing."
        ),
        digits=N_("Give it by telephone or in a letter, never in the same way as the link."),
        step=N_("Tell the PIN by telephone, or print its sheet and send it as a letter. The link goes by another way."),
        link_by=frozenset({"mail", "text_message"}),
        digits_by=frozenset({"telephone", "letter"}),
    ),
    CodeWay.mail: Handover(
        heading=N_("Code by e-mail"),
        once=N_("The link is shown only now."),
        link=N_(
            "Send it by text message or in a letter, not by e-mail: the code goes there. It works once, from the "
            "opening of the lobby to the end of the hearing."
        ),
        digits=N_("The person asks for a code when they open the link. It goes to the e-mail address you entered."),
        step=N_("Say that the code comes by e-mail when the link is opened and the code is asked for."),
        link_by=frozenset({"text_message", "letter"}),
        digits_by=frozenset({"mail"}),
    ),
    CodeWay.sms: Handover(
        heading=N_("Code by text message"),
        once=N_("The link is shown only now."),
        link=N_(
            "Send it by e-mail or in a letter, not by text message: the code goes there. It works once, from the "
            "opening of the lobby to the end of the hearing."
        ),
        digits=N_("The person asks for a code when they open the link. It goes to the telephone number you entered."),
        step=N_("Say that the code comes by text message when the link is opened and the code is asked for."),
        link_by=frozenset({"mail", "letter"}),
        digits_by=frozenset({"text_message"}),
    ),
}


async def link_page(request: Request) -> Response:
    """The form of a new link: how the person gets their six digits."""
    _signed, person = staff(request)
    return await _link_form(request, person, {}, [])


async def _link_form(request: Request, person: Person, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        hearing = await namable(db, request, person)
        guest = await guest_of(db, request, hearing)
    ways = code_sending.ways(request.app.state.parts.settings)
    context = {
        "hearing": hearing,
        "guest": guest,
        "values": {"code_way": values.get("code_way", ""), "code_to": values.get("code_to", "")},
        "errors": wrong,
        "way_options": [(way.value, _(WAYS[way])) for way in ways],
    }
    return render(request, "link_form.html", context, status=422 if wrong else 200)


def _way(sent: Sent) -> tuple[CodeWay, str]:
    """The chosen way and the address codes go to. Raises `Invalid` naming the field."""
    if not sent.form.text("code_way") and "code_to" not in sent.form:
        return links.PIN  # the button on the page of the hearing
    text = sent.form.text("code_way")
    if not text:
        raise errors.Invalid(tell("Choose how the person gets six digits"), "code_way")
    if text not in [way.value for way in code_sending.ways(sent.parts.settings)]:
        raise errors.Invalid(tell("This service does not send codes in this way: choose another"), "code_way")
    return CodeWay(text), codes.checked(CodeWay(text), sent.form.text("code_to"))


@page_act(again(_link_form))
async def new_link(sent: Sent) -> Response:
    """Makes a link, with a PIN or for codes, displayed only once; an earlier link and login end.

    Effects: those of `links.issue`; live pages of the earlier login are closed.
    """
    hearing = await find(sent.db, sent.request, sent.person)
    seat = await queries.seat_of(sent.db, hearing_id=hearing.id, person_id=sent.person.id)
    await guest_of(sent.db, sent.request, hearing)
    guest = await queries.get(sent.db, Participant, sent.path["participant"], lock=True)
    made, replaced = await links.issue(
        sent.db, participant=guest, actor=sent.signed.actor(seat), now=sent.now, by=_way(sent)
    )
    conductors = sent.parts.conductors
    if replaced:
        sent.after.append(partial(conductors.dismiss, hearing.id, guest.id, LoginEnd.link_replaced))
    sent.after.append(partial(conductors.touch, hearing.id))
    context = {
        "hearing": hearing,
        "guest": guest,
        "address": links.address(sent.parts.settings.origin, made),
        "pin": made.pin,
        "handover": HANDOVERS[made.invitation.code_way],
        "replaced": replaced,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), sent.state),
    }
    return render(sent.request, "link_issued.html", context)


routes = [
    Route("/h/{ref}/people/{participant}/link", link_page, methods=["GET"]),
    Route("/h/{ref}/people/{participant}/link", new_link, methods=["POST"]),
]
