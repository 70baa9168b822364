"""The technical agreement of a hearing: drafted from the profiles of two sites, proposed, countered, signed or made
void."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.agreement import (
    agreements,
    facts as agreement_facts,
    line_tests,
    outcome as outcomes,
    profiles,
    sites,
)
from hearings.agreement.negotiation import Interpreting, NegotiatedLine, NegotiationOutcome, Result
from hearings.models import Agreement, AgreementOffer, Hearing, LineTest, Person, Signature, Site, SiteProfile
from hearings.models.hearing import RecordingPolicy
from hearings.sentences import tell
from hearings.signatures.signatures import Act
from hearings.status import AgreementStatus
from hearings.texts import NOT_A_VALUE
from web.agreement.site_pages import shown_details
from web.hearing.access import find
from web.live.relays import missing_relays
from web.server import forms, statements as signing
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.server.sign_in import may_on, staff
from web.words import (
    conditions as conditions_words,
    court_clocks,
    i18n,
    negotiation as negotiation_words,
    technical as technical_words,
)
from web.words.i18n import N_, _, city_here
from web.words.labels import SIGNATURE_KEPT

S = AgreementStatus
DONE = {
    "draft": N_("The two profiles have been negotiated. Nobody is bound by a draft."),
    "change": N_("The draft has been changed."),
    "propose": N_("The agreement has been proposed to the other State."),
    "counter": N_("Your terms have been proposed. Signatures on the earlier terms no longer count."),
    "sign": SIGNATURE_KEPT,
    "void": N_("The agreement is void. The other State is informed of the reason."),
}
NUMBERS = (
    *("cameras_a", "cameras_b", "most_height", "most_fps", "least_height", "least_fps"),
    *("redial", "adjourn_after_minutes"),
)
FLAGS = (
    "end_to_end",
    "private_line",
    "room_view",
    "pivot",
    "exhibits",
    "phone",
    "fingerprints",
    "true_to_life",
    "lip_sync",
)
CHOICES = ("interpreting", "interpreter_at", "recording", "heard")
ROW_NEEDS: Mapping[str, tuple[str, ...]] = {
    "encryption": ("end_to_end",),
    "fingerprints": ("fingerprints",),
    "size": ("most_height", "least_height"),
    "rate": ("most_fps", "least_fps"),
    "bandwidth": ("cameras_a", "cameras_b"),
    "interpreting": ("interpreting", "interpreter_at"),
    "relay": ("pivot",),
    "exhibits": ("exhibits",),
    "recording": ("recording",),
    "breakdown": ("phone", "redial", "adjourn_after_minutes"),
    "lip_sync": ("lip_sync",),
    "room_view": ("room_view",),
    "true_to_life": ("true_to_life",),
    "private_line": ("private_line",),
}
"""The needs that decide an item, and so the choices in its row. The other items follow from the profiles alone."""
ATTENTION: Mapping[Result, str] = {Result.conflict: "conflict", Result.open: "", Result.compromise: "compromise"}
"""Results of lines that are not agreed, in the order of the page, with the class of their rows."""


@dataclass(frozen=True)
class CurrentAgreement:
    """The current agreement of a hearing, with the data its pages display."""

    agreement: Agreement
    outcome: NegotiationOutcome
    offers: Sequence[AgreementOffer]
    signatures: Sequence[Signature]
    """The signatures over the present terms."""
    sites: tuple[Site, Site]
    profiles: tuple[SiteProfile, SiteProfile]
    changed: str
    """What has changed since the terms were made, in English; empty when the terms are up to date."""

    last_test: LineTest | None

    @property
    def signed(self) -> set[str]:
        """The States that have signed the present terms."""
        return {signature.owner_state for signature in self.signatures}

    @property
    def names(self) -> dict[str, str]:
        """Names of the sites by the letters A and B used in the sentences of a negotiation."""
        return {side: f"{site.name} ({city_here(site.city)})" for side, site in zip("AB", self.sites, strict=True)}


async def current_agreement(db: AsyncSession, hearing: Hearing, state: str) -> CurrentAgreement | None:
    """The agreement of a hearing that is not void; None if there is none or the State may not see it."""
    agreement = await agreements.running(db, hearing.id)
    if agreement is None or not await agreements.visible(db, agreement, state):
        return None
    ids = (agreement.requesting_profile_id, agreement.requested_profile_id)
    requesting, requested = [await queries.get(db, SiteProfile, profile_id) for profile_id in ids]
    return CurrentAgreement(
        agreement=agreement,
        outcome=await agreements.outcome(db, agreement),
        offers=await agreements.offers(db, agreement),
        signatures=await agreements.signatures_over_terms(db, agreement),
        sites=(await queries.get(db, Site, requesting.site_id), await queries.get(db, Site, requested.site_id)),
        profiles=(requesting, requested),
        changed=await agreements.stale(db, agreement, hearing),
        last_test=await line_tests.latest(db, agreement),
    )


async def show(request: Request) -> Response:
    """The page of the technical agreement."""
    _signed, person = staff(request)
    return await _page(request, person, [], {})


async def _page(
    request: Request, person: Person, wrong: list[FormError], values: Mapping[str, Any], status: int = 422
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        current = await current_agreement(db, hearing, person.owner_state)
        every = await agreements.of_hearing(db, hearing, state=person.owner_state)
        history = await queries.history(db, *every) if every else []
        offered = await sites.on_offer(db, states=[hearing.requesting_state, hearing.requested_state])
        follows = await agreement_facts.needs_of(db, hearing)
        asked = agreements.needs_of(current.agreement) if current else follows
        needs = outcomes.as_json(asked)
    context: dict[str, Any] = {
        "hearing": hearing,
        "found": current,
        "places": court_clocks.own_first(court_clocks.of_hearing(hearing), person.owner_state),
        "history": history,
        "tab": "history" if request.query_params.get("tab") == "history" and not wrong else "terms",
        "editing": bool(wrong) or "edit" in request.query_params,
        "printing": "print" in request.query_params,
        "can": _rights(hearing, person, current),
        "head_actions": _head_actions(hearing, person, current),
        "site_options": {
            side: [(site.id, f"{site.name}, {city_here(site.city)}") for site in offered if site.owner_state == state]
            for side, state in (("requesting", hearing.requesting_state), ("requested", hearing.requested_state))
        },
        "needs": [(_(label), technical_words.word(needs[name])) for name, label in technical_words.NEEDS.items()],
        "choices": _choices(),
        "numbers": NUMBERS,
        "flags": FLAGS,
        "choice_names": CHOICES,
        "labels": {name: _(text) for name, text in technical_words.NEEDS.items()},
        "values": {**_as_values(needs), **values},
        "errors": wrong,
        "notice": notice(request, DONE, wrong),
    }
    if current is not None:
        context |= _agreement_rows(current, person)
        context["cut_off"] = _cut_off(request, current)
        signed = current.agreement.status in agreements.SIGNED
        context["exhibits_unshown"] = signed and follows.exhibits and not agreements.shows_exhibits(current.agreement)
    return render(request, "technical.html", context, status=status if wrong else 200)


def _cut_off(request: Request, current: CurrentAgreement) -> list[tuple[str, str]]:
    """The sites that reach the room only by relays which this installation does not have: each with these ways."""
    urls = request.app.state.parts.relays.urls
    found = [
        (side, missing_relays(profile.abilities.get("transports", ()), urls))
        for side, profile in zip("AB", current.profiles, strict=True)
    ]
    return [
        (current.names[side], i18n.one_by_one(technical_words.word(way) for way in ways))
        for side, ways in found
        if ways
    ]


def _agreement_rows(current: CurrentAgreement, person: Person) -> dict[str, Any]:
    """Sites, lines and offers of an agreement, the reader's own State first."""
    words = technical_words
    signed = current.agreement.status in agreements.SIGNED
    sides = list(zip(current.sites, current.profiles, strict=True))
    order = (0, 1) if current.sites[0].owner_state == person.owner_state else (1, 0)
    rows = [(line, _line_row(line, current, order)) for line in current.outcome.lines]
    return {
        "sites": [current.sites[side] for side in order],
        "open_rows": [row for result in ATTENTION for line, row in rows if line.result is result],
        "agreed_rows": [row for line, row in rows if line.result is Result.agreed],
        "tally": negotiation_words.tally(current.outcome.lines),
        "conditions": conditions_words.in_words(current.agreement.terms["facts"]["conditions"]),
        "details": [
            (site, facts)
            for site, profile in (sides[side] for side in order)
            if (facts := shown_details(profile, state=person.owner_state, signed=signed))
        ],
        "changes": [
            (
                offer,
                [
                    _("{need}: {after} (before: {before})").format(
                        need=words.named(words.NEEDS, change["need"]),
                        before=words.word(change["before"]),
                        after=words.word(change["after"]),
                    )
                    for change in offer.changes
                ],
            )
            for offer in current.offers
        ],
    }


def _line_row(line: NegotiatedLine, current: CurrentAgreement, order: tuple[int, int]) -> dict[str, Any]:
    words, lines = technical_words, negotiation_words
    offered = [words.word((line.offered_a, line.offered_b)[side]) for side in order]
    return {
        "key": line.item,
        "item": words.named(lines.ITEMS, line.item),
        "kind": ATTENTION.get(line.result, ""),
        "offered": offered,
        "same": offered[0] == offered[1],
        "result": (lines.RESULTS[line.result][0], _(lines.RESULTS[line.result][1])),
        "value": lines.words(line.value) if line.value else "",
        "text": lines.sentence(line, current.names),
        "advice": lines.advice(line, current.names),
        "needs": ROW_NEEDS.get(line.item, ()),
    }


@dataclass(frozen=True)
class HeadAction:
    """A button in the head of the page: an address to go to, or an act to post. `refused`: why it cannot be used now,
    and who can; empty if it can. A refused button stays in its place."""

    name: str
    text: str
    href: str = ""
    refused: str = ""
    primary: bool = False


def _head_actions(hearing: Hearing, person: Person, current: CurrentAgreement | None) -> list[HeadAction]:
    """What can be done with the agreement next, the primary act last."""
    if current is None:
        return []
    here, status = f"/h/{hearing.ref}/technical", current.agreement.status
    own = current.agreement.by_state == person.owner_state
    other = i18n.state_word(agreements.other_state(hearing, person.owner_state))
    negotiates = "" if may_on("negotiate", person, hearing) else _("Only clerks and authorities can negotiate.")
    unsound = ""
    if current.changed:
        unsound = _("The terms are out of date. Withdraw from the agreement and negotiate anew.")
    elif current.outcome.conflicts:
        unsound = _("The conflicts have to be solved first.")
    if status is S.drafted:
        propose = HeadAction("propose", _("Propose to the other State"), refused=negotiates or unsound, primary=True)
        return [propose]
    if status in agreements.ON_THE_TABLE:
        answer = negotiates or (
            _("The offer on the table is your State's. It can be answered by {state:the}.").format(state=other)
            if own
            else ""
        )
        signs = "" if may_on("sign_agreement", person, hearing) else _("Only clerks, judges and authorities can sign.")
        if person.owner_state in current.signed:
            signs = _("Your State has signed. Not signed yet by {state:the}.").format(state=other)
        return [
            HeadAction("counter", _("Propose other terms"), f"{here}?edit=yes#other-terms", answer),
            HeadAction("sign", _("Sign these terms"), f"{here}/sign", signs or unsound, primary=True),
        ]
    tests = "" if may_on("test_line", person, hearing) else _("Only clerks, judges and authorities can test the line.")
    return [HeadAction("test", _("Run the line test"), f"/h/{hearing.ref}/test", tests, primary=True)]


def _rights(hearing: Hearing, person: Person, current: CurrentAgreement | None) -> dict[str, bool]:
    """Which forms the page has; the acts check the permissions again."""
    agreement = current.agreement if current else None
    own = agreement is not None and agreement.by_state == person.owner_state
    status = agreement.status if agreement else None
    negotiates = may_on("negotiate", person, hearing)
    return {
        "draft": agreement is None and negotiates,
        "change": status is S.drafted and own and negotiates,
        "counter": status in agreements.ON_THE_TABLE and not own and negotiates,
        "void": agreement is not None and negotiates,
    }


def _choices() -> dict[str, list[tuple[str, str]]]:
    def named(words: Sequence[str]) -> list[tuple[str, str]]:
        return [(word, technical_words.word(word)) for word in words]

    def numbers(values: Iterable[int]) -> list[tuple[str, str]]:
        return [(str(number), str(number)) for number in values]

    table = profiles.table()
    flags = [("yes", _("Yes")), ("", _("No"))]
    return {
        **dict.fromkeys(FLAGS, flags),
        **dict.fromkeys(("most_height", "least_height"), numbers(table["sizes"])),
        **dict.fromkeys(("most_fps", "least_fps"), numbers(table["rates"])),
        "redial": numbers(range(profiles.MOST_REDIALS + 1)),
        "interpreting": named([interpreting.value for interpreting in Interpreting]),
        "recording": named([policy.value for policy in RecordingPolicy]),
        "heard": named(["a", "b"]),
        "interpreter_at": named(outcomes.INTERPRETER_AT),
    }


def _as_values(needs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: ("yes" if value else "") if isinstance(value, bool) else value if isinstance(value, list) else str(value)
        for name, value in needs.items()
    }


def _needs(form: Form) -> dict[str, Any]:
    """The needs in a form: all of them, or those of the row it stands in. Raises `Invalid` for a row without any."""
    item = form.text("item")
    if item and item not in ROW_NEEDS:
        raise errors.Invalid(tell(NOT_A_VALUE), "item")
    names = ROW_NEEDS[item] if item else (*NUMBERS, *CHOICES, *FLAGS)
    return {name: form.text(name) == "yes" if name in FLAGS else form.text(name) for name in names}


# --- acts --------------------------------------------------------------------------------------------------------

Doing = Callable[[AsyncSession, Hearing, Form, Actor, datetime], Awaitable[None]]


async def _draft(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    chosen = []
    for side, state in (("requesting", hearing.requesting_state), ("requested", hearing.requested_state)):
        if not form.text(f"{side}_site"):
            raise errors.Invalid(tell("Cannot be empty"), f"{side}_site")
        site = await sites.site(db, form.text(f"{side}_site"), state=state)
        chosen.append(await sites.newest(db, site.id))
    await agreements.draft(
        db, hearing=hearing, requesting_profile=chosen[0], requested_profile=chosen[1], actor=actor, now=now
    )


async def _table(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor) -> Agreement:
    number = form.text("number")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise errors.NotFound
    return await agreements.agreement(db, hearing, int(number), state=actor.state)


async def _propose(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    await agreements.propose(db, agreement=await _table(db, hearing, form, actor), actor=actor, now=now)


async def _counter(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    await agreements.counter(
        db,
        agreement=await _table(db, hearing, form, actor),
        needs=_needs(form),
        reason=form.text("reason"),
        actor=actor,
        now=now,
    )


async def _void(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    agreement = await _table(db, hearing, form, actor)
    await agreements.void(db, agreement=agreement, reason=form.text("why"), actor=actor, now=now)


async def _sign(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    agreement = await _table(db, hearing, form, actor)
    await agreements.sign(db, agreement=agreement, jws=form.text("jws"), actor=actor, now=now)


ACTS: Mapping[str, Doing] = {
    "draft": _draft,
    "change": _counter,
    "propose": _propose,
    "counter": _counter,
    "sign": _sign,
    "void": _void,
}
LABELS = {
    "requesting_site": N_("Site of the requesting State"),
    "requested_site": N_("Site of the requested State"),
    "reason": N_("Reason"),
    "why": N_("Why"),
}


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    name, status = sent.path["action"], status_of(error)
    if isinstance(error, errors.Invalid):
        explained = forms.explain(error, {key: _(text) for key, text in {**technical_words.NEEDS, **LABELS}.items()})
        wrong = FormError("why" if name == "void" else explained.field, explained.text)
        return await _page(sent.request, sent.person, [wrong], sent.form.first)
    if name == "sign":
        return await _sign_page(sent.request, sent.person, [signing.refusal(sent.request, error)], status)
    wrong = FormError("", forms.explain(error).text)
    return await _page(sent.request, sent.person, [wrong], sent.form.first, status)


@page_act(_again, (errors.SignatureRefused, errors.TermsChanged, errors.NotReady, errors.IllegalMove, errors.Invalid))
async def act(sent: Sent) -> str:
    """Performs one of `ACTS`: draft, change, propose, counter, sign, void. Effects: those of
    `hearings.agreement.agreements`."""
    name = sent.path["action"]
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    hearing = await find(sent.db, sent.request, sent.person)
    await ACTS[name](sent.db, hearing, sent.form, sent.actor, sent.now)
    return f"/h/{sent.path['ref']}/technical?done={name}"


async def sign_page(request: Request) -> Response:
    """The terms to be signed, and the form that signs them."""
    _signed, person = staff(request)
    return await _sign_page(request, person, [], 200)


async def _sign_page(request: Request, person: Person, wrong: list[FormError], status: int) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        current = await current_agreement(db, hearing, person.owner_state)
        if current is None or current.agreement.status not in agreements.ON_THE_TABLE:
            raise errors.NotFound
        session = current.agreement.terms["session"]
        facts = [
            (_("Terms (SHA-256)"), current.agreement.terms_sha256),
            (_("Round"), str(current.agreement.round)),
            *((site.court, f"{site.name}, {city_here(site.city)}") for site in current.sites),
            *(
                (_(label), technical_words.word(session.get(name, "–")))
                for name, label in (
                    ("height", negotiation_words.ITEMS["size"]),
                    ("fps", negotiation_words.ITEMS["rate"]),
                    ("audio_codec", negotiation_words.ITEMS["audio_codec"]),
                    ("video_codec", negotiation_words.ITEMS["video_codec"]),
                    ("srtp_profiles", negotiation_words.ITEMS["srtp_profile"]),
                    ("fingerprints", negotiation_words.ITEMS["fingerprints"]),
                    ("lip_sync", negotiation_words.ITEMS["lip_sync"]),
                    ("interpreting", negotiation_words.ITEMS["interpreting"]),
                    ("exhibits", negotiation_words.ITEMS["exhibits"]),
                    ("recording", negotiation_words.ITEMS["recording"]),
                )
            ),
            (
                technical_words.named(technical_words.NEEDS, "interpreter_at"),
                technical_words.word(outcomes.completed(current.agreement.needs)["interpreter_at"]),
            ),
            (technical_words.named(negotiation_words.ITEMS, "breakdown"), negotiation_words.breakdown(session)),
            *_clocks(hearing, current.agreement.terms["facts"]),
        ]
        prepared = await signing.prepare(
            db,
            state=person.owner_state,
            other=agreements.other_state(hearing, person.owner_state),
            act=Act.sign_agreement,
            about=agreements.about(hearing, current.agreement),
            body=agreements.body(current.agreement),
            now=now,
            facts=facts,
        )
    cut_off = _cut_off(request, current)
    context = {"hearing": hearing, "found": current, "prepared": prepared, "errors": wrong, "cut_off": cut_off}
    return render(request, "technical_sign.html", context, status=status)


def _clocks(hearing: Hearing, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The wall times of each court in the terms, and the version of the time-zone data; empty for older terms without
    them."""
    clock_facts = []
    cities = {"requesting": hearing.requesting_city, "requested": hearing.requested_city}
    for side, clock in facts.get("clocks", {}).items():
        days = [[datetime.fromisoformat(at) for at in day] for day in clock["days"]]
        label = _("Local time in {city}").format(city=i18n.city_here(cities[side]))
        clock_facts.append((label, i18n.in_turn(i18n.span(begins, ends, clock["zone"]) for begins, ends in days)))
    return [*clock_facts, (_("Time-zone data"), facts["tzdb"])] if clock_facts else []


async def terms_json(request: Request) -> Response:
    """The terms on the table as the canonical JSON whose SHA-256 is signed."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        current = await current_agreement(db, hearing, person.owner_state)
        if current is None:
            raise errors.NotFound
    return Response(rfc8785.dumps(current.agreement.terms), media_type="application/json")


routes = [
    Route("/h/{ref}/technical", show, methods=["GET"]),
    Route("/h/{ref}/technical/sign", sign_page, methods=["GET"]),
    Route("/h/{ref}/technical/terms.json", terms_json, methods=["GET"]),
    Route("/h/{ref}/technical/{action}", act, methods=["POST"]),
]
