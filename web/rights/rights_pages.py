"""The rights checklist of a hearing: its items by the act that waits for them, and one page for each item.

Staff of both States read and answer it. Defence counsel of the hearing, also one who came by a link, reads it and
objects to an item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.models import Hearing, HearingRequest, Participant, RightAnswer
from hearings.models.rights import RightAnswerKind
from hearings.permissions import may, require
from hearings.rights import answers, facts as rights_facts, item_states
from hearings.rights.checklist import Gate, RightItem
from hearings.rights.item_states import RightResult, RightState
from hearings.status import HEARINGS_OVER
from web.rights import words as rights_words
from web.server import forms, view_log as shown
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import SignedIn, may_on, seat, signed_in
from web.words import court_clocks
from web.words.i18n import N_, _
from web.words.sentences import translated

DONE = {
    "begun": N_("From now on the acts of this hearing wait for the checklist."),
    "answered": N_("The answer is recorded. Both States see it."),
    "asked": N_("What you ask for is on record. The judge sees it."),
    "objected": N_("The objection is on record. The judge sees it."),
}
LABELS = {"kind": N_("Answer"), "reason": N_("Reason")}
OPEN = frozenset({RightState.open, RightState.not_kept})


@dataclass(frozen=True)
class RightsAccess:
    """A login that reads the checklist of a hearing, with its participant in the hearing, if it has one."""

    signed: SignedIn
    hearing: Hearing
    request: HearingRequest
    seat: Participant | None

    @property
    def actor(self) -> Actor:
        """Who answers: staff by their functions, whoever came by a link by their role."""
        return self.signed.actor(self.seat)

    @property
    def staff(self) -> bool:
        """Whether this is a member of staff of one of the two States."""
        return self.signed.person is not None

    @property
    def objects(self) -> bool:
        """Whether this person may object to an item."""
        return self.seat is not None and may("object_to_right", self.seat.role).allowed

    @property
    def begins(self) -> bool:
        """Whether this person may have the acts of the hearing wait for the checklist, which they do not yet."""
        person, hearing = self.signed.person, self.hearing
        waits = bool(hearing.rights_version) or hearing.status in HEARINGS_OVER
        return not waits and person is not None and may_on("begin_rights", person, hearing)

    @property
    def asks(self) -> bool:
        """Whether this is counsel, who may ask that the acts of the hearing wait for the checklist."""
        return self.objects and not self.hearing.rights_version and self.hearing.status not in HEARINGS_OVER

    def kinds(self, item: RightItem) -> list[RightAnswerKind]:
        """What this person can say to an item."""
        person = self.signed.person
        if person is None:
            return [RightAnswerKind.objection] if self.objects else []
        rights = {right: may_on(right, person, self.hearing) for right in ("answer_right", "override_right")}
        objection = [RightAnswerKind.objection] if self.objects else []
        return answers.possible(item, self.hearing, self.actor, rights) + objection


async def access_to(db: AsyncSession, request: Request) -> RightsAccess:
    """The access of a login that may read the checklist. Raises 401; `NotFound`, alike for an unknown hearing and for
    one of other States; `NotAllowed`.

    Effects: if the response displays the hearing, the view is recorded for the owning State (`web.server.view_log`).
    """
    signed, ref = signed_in(request), request.path_params["ref"]
    try:
        hearing, own = await seat(db, signed, ref)
    except errors.NotFound:
        if signed.person is None:
            raise
        hearing, own = await queries.hearing(db, ref, state=signed.state), None
    if signed.person is None:
        assert own is not None  # whoever came by a link has a seat
        require("read_rights", signed.actor(own))
    shown.add(request, hearing)
    row = await queries.get(db, HearingRequest, hearing.request_id)
    return RightsAccess(signed, hearing, row, own)


async def show(request: Request) -> Response:
    """Every item, by the act that waits for it."""
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        facts = await rights_facts.gather(db, access.hearing, now=now)
    every = item_states.all_of(facts)
    places = court_clocks.own_first(court_clocks.of_hearing(access.hearing), access.actor.state)
    begun = bool(access.hearing.rights_version)
    groups = [
        {
            "gate": gate.value,
            "title": _(rights_words.GATES[gate]),
            "waits": _(rights_words.WAITS[gate]) if begun else "",
            "lines": [_line(access, each) for each in every if each.item.gate is gate],
        }
        for gate in Gate
    ]
    context = {
        "hearing": access.hearing,
        "staff": access.staff,
        "begins": access.begins,
        "asks": access.asks,
        "asked": [row for row in facts.answers if not row.item],
        "own": access.actor.state,
        "notice": notice(request, DONE),
        "groups": groups,
        "counted": begun,
        "kept": sum(each.state in item_states.KEPT for each in every),
        "items": len(every),
        "places": places,
    }
    return render(request, "rights.html", context)


def _line(access: RightsAccess, found: RightResult) -> dict[str, Any]:
    """An item as the pages show it."""
    kind, words = rights_words.STATES[found.state]
    if found.state is RightState.open and not found.blocks:
        kind = "plain"
    item = found.item
    return {
        "id": item.id,
        "number": item.number,
        "title": _(item.title),
        "text": _(item.text),
        "provision": item.provision,
        "unverified": item.confidence != "read-in-source",
        "chip": (kind, _(words)),
        "open": found.state in OPEN,
        "exception": rights_words.exception(item),
        "who": [rights_words.answerer(who, access.hearing) for who in item.who],
        "evidence": [
            (translated(each.says), each.named, _href(access, each.source)) for each in found.evidence.values()
        ],
        "answer": found.answer,
        "objections": found.objections,
        "kinds": [(each.value, _(rights_words.ANSWERS[each])) for each in access.kinds(item)],
    }


def _href(access: RightsAccess, source: str) -> str:
    """Where staff see what evidence was found in; empty for whoever came by a link."""
    return rights_words.href(source, access.hearing, access.request) if access.staff else ""


async def item_page(request: Request) -> Response:
    """One item: what it rests on, what was said, and the form of whoever can say something to it."""
    return await _item(request, {}, [])


async def _item(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        item = answers.item_of(request.path_params["item"])
        facts = await rights_facts.gather(db, access.hearing, now=now)
    line = _line(access, item_states.stand(item, facts))
    said = [row for row in reversed(facts.answers) if row.item == item.id]
    context = {
        "hearing": access.hearing,
        "staff": access.staff,
        "line": line,
        "gate": rights_words.waits(item, begun=bool(access.hearing.rights_version)),
        "said": [(_(rights_words.ANSWERS[row.kind]), row) for row in said],
        "own": access.actor.state,
        "places": court_clocks.own_first(court_clocks.of_hearing(access.hearing), access.actor.state),
        "values": values,
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "right.html", context, status=422 if wrong else 200)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    labels = {name: _(text) for name, text in LABELS.items()}
    return await _item(sent.request, sent.form.first, [forms.explain(error, labels)])


@page_act(_again, (errors.Invalid,), guests=True)
async def say(sent: Sent) -> str:
    """Answers an item, or objects to it. Effects: those of `hearings.rights.answers`."""
    access = await access_to(sent.db, sent.request)
    hearing = await queries.get(sent.db, Hearing, access.hearing.id, lock=True)
    item, kind, text = sent.path["item"], sent.form.text("kind"), sent.form.text("reason")
    given: dict[str, Any] = {"hearing": hearing, "item": item, "actor": access.actor, "now": sent.now}
    if kind == RightAnswerKind.objection:
        await answers.object_to(sent.db, text=text, **given)
        return f"/h/{hearing.ref}/rights/{item}?done=objected"
    row: RightAnswer = await answers.answer(sent.db, kind=kind, reason=text, **given)
    return f"/h/{hearing.ref}/rights/{row.item}?done=answered"


@page_act()
async def begin(sent: Sent) -> str:
    """Has the acts of the hearing wait for the checklist. Effects: those of `hearings.rights.answers.begin`."""
    access = await access_to(sent.db, sent.request)
    hearing = await queries.get(sent.db, Hearing, access.hearing.id, lock=True)
    await answers.begin(sent.db, hearing=hearing, **sent.by)
    return f"/h/{hearing.ref}/rights?done=begun"


@page_act(guests=True)
async def ask(sent: Sent) -> str:
    """Asks that the acts of the hearing wait for the checklist. Effects: `hearings.rights.answers.ask_to_begin`."""
    access = await access_to(sent.db, sent.request)
    hearing = await queries.get(sent.db, Hearing, access.hearing.id, lock=True)
    await answers.ask_to_begin(sent.db, hearing=hearing, actor=access.actor, now=sent.now)
    return f"/h/{hearing.ref}/rights?done=asked"


routes = [
    Route("/h/{ref}/rights", show, methods=["GET"]),
    Route("/h/{ref}/rights", begin, methods=["POST"]),
    Route("/h/{ref}/rights/ask", ask, methods=["POST"]),
    Route("/h/{ref}/rights/{item}", item_page, methods=["GET"]),
    Route("/h/{ref}/rights/{item}", say, methods=["POST"]),
]
