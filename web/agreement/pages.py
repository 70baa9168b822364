"""The technical agreement of a hearing: drafted from two sites, offered, countered, signed, void."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import rfc8785
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, queries
from hearings.actors import Actor
from hearings.agreement import agreements, facts as agreement_facts, outcome as outcomes, sites
from hearings.agreement.negotiation import Interpreting, Outcome
from hearings.models import Agreement, AgreementOffer, Hearing, Person, Site, SiteProfile
from hearings.models.hearing import RecordingPolicy
from hearings.permissions import may_staff
from hearings.sentences import tell
from hearings.signatures.signatures import Act
from hearings.status import AgreementStatus
from web.agreement.site_pages import shown_details
from web.hearing.access import find
from web.server import forms, statements as signing
from web.server.forms import Form, FormError
from web.server.problems import status_of
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import (
    conditions as conditions_words,
    i18n,
    negotiation as negotiation_words,
    places,
    technical as technical_words,
)
from web.words.i18n import N_, _

S = AgreementStatus
DONE = {
    "draft": N_("The two profiles have been negotiated. Nobody is bound by a draft."),
    "change": N_("The draft is changed."),
    "propose": N_("The agreement is proposed to the other State."),
    "counter": N_("Your terms are on the table. Signatures over the older ones no longer count."),
    "sign": N_("The signature is kept."),
    "void": N_("The agreement is void. The other State is told why."),
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


@dataclass(frozen=True)
class Standing:
    """The agreement that runs, with what a page shows of it."""

    agreement: Agreement
    outcome: Outcome
    offers: Sequence[AgreementOffer]
    signed: set[str]
    sites: tuple[Site, Site]
    profiles: tuple[SiteProfile, SiteProfile]
    changed: str
    """What has changed since the terms were made, in English words; empty when they hold."""

    @property
    def names(self) -> dict[str, str]:
        """The sites by the letters the sentences use."""
        return {side: f"{site.name} ({site.city})" for side, site in zip("AB", self.sites, strict=True)}


async def standing(db: AsyncSession, hearing: Hearing, state: str) -> Standing | None:
    """The agreement of a hearing that is not void, as a State may see it."""
    found = await agreements.running(db, hearing.id)
    if found is None or not await agreements.visible(db, found, state):
        return None
    ids = (found.requesting_profile_id, found.requested_profile_id)
    one, other = [await queries.get(db, SiteProfile, profile_id) for profile_id in ids]
    return Standing(
        agreement=found,
        outcome=await agreements.outcome(db, found),
        offers=await agreements.offers(db, found),
        signed=await agreements.signed_by(db, found),
        sites=(await queries.get(db, Site, one.site_id), await queries.get(db, Site, other.site_id)),
        profiles=(one, other),
        changed=await agreements.stale(db, found, hearing),
    )


async def show(request: Request) -> Response:
    """The page."""
    _signed, person = staff(request)
    return await _page(request, person, [], {})


async def _page(
    request: Request, person: Person, wrong: list[FormError], values: Mapping[str, Any], status: int = 422
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        found = await standing(db, hearing, person.owner_state)
        every = await agreements.of_hearing(db, hearing, state=person.owner_state)
        history = await queries.history(db, *every) if every else []
        offered = await sites.on_offer(db, states=[hearing.requesting_state, hearing.requested_state])
        follows = await agreement_facts.needs_of(db, hearing)
        asked = agreements.needs_of(found.agreement) if found else follows
        needs = outcomes.as_json(asked)
    done = request.query_params.get("done", "")
    context: dict[str, Any] = {
        "hearing": hearing,
        "found": found,
        "places": places.own_first(places.of_hearing(hearing), person.owner_state),
        "history": history,
        "can": _rights(hearing, person, found),
        "site_options": {
            side: [(one.id, f"{one.name}, {one.city}") for one in offered if one.owner_state == state]
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
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    if found is not None:
        context |= _told(found, person)
        signed = found.agreement.status in agreements.SIGNED
        context["exhibits_unshown"] = signed and follows.exhibits and not agreements.shows_exhibits(found.agreement)
    return render(request, "technical.html", context, status=status if wrong else 200)


def _told(found: Standing, person: Person) -> dict[str, Any]:
    words, lines = technical_words, negotiation_words
    signed = found.agreement.status in agreements.SIGNED
    return {
        "lines": [
            {
                "item": words.named(lines.ITEMS, line.item),
                "offered": (words.word(line.offered_a), words.word(line.offered_b)),
                "chip": (lines.RESULTS[line.result][0], _(lines.RESULTS[line.result][1])),
                "value": lines.words(line.value) if line.value else "",
                "text": lines.sentence(line, found.names),
                "advice": lines.advice(line, found.names),
            }
            for line in found.outcome.lines
        ],
        "tally": lines.tally(found.outcome.lines),
        "conditions": conditions_words.told(found.agreement.terms["facts"]["conditions"]),
        "details": [
            (site, shown_details(profile, state=person.owner_state, signed=signed))
            for site, profile in zip(found.sites, found.profiles, strict=True)
        ],
        "changes": [
            (
                offer,
                [
                    _("{need}: {after} (before: {before})").format(
                        need=words.named(words.NEEDS, one["need"]),
                        before=words.word(one["before"]),
                        after=words.word(one["after"]),
                    )
                    for one in offer.changes
                ],
            )
            for offer in found.offers
        ],
    }


def _rights(hearing: Hearing, person: Person, found: Standing | None) -> dict[str, bool]:
    """Which buttons the page offers; the acts themselves ask again."""

    def allowed(action: str) -> bool:
        return may_staff(
            action,
            frozenset(person.functions),
            own_state=person.owner_state,
            requesting_state=hearing.requesting_state,
            requested_state=hearing.requested_state,
        ).allowed

    agreement = found.agreement if found else None
    own = agreement is not None and agreement.by_state == person.owner_state
    status = agreement.status if agreement else None
    sound = found is not None and not found.outcome.conflicts and not found.changed
    return {
        "draft": agreement is None and allowed("negotiate"),
        "change": status is S.drafted and own and allowed("negotiate"),
        "propose": status is S.drafted and own and sound and allowed("negotiate"),
        "counter": status in agreements.ON_THE_TABLE and not own and allowed("negotiate"),
        "sign": status in agreements.ON_THE_TABLE
        and sound
        and found is not None
        and person.owner_state not in found.signed
        and allowed("sign_agreement"),
        "void": agreement is not None and allowed("negotiate"),
        "test": status in agreements.SIGNED and allowed("test_line"),
    }


def _choices() -> dict[str, list[tuple[str, str]]]:
    def named(words: Sequence[str]) -> list[tuple[str, str]]:
        return [(word, technical_words.word(word)) for word in words]

    return {
        "interpreting": named([one.value for one in Interpreting]),
        "recording": named([one.value for one in RecordingPolicy]),
        "heard": named(["a", "b"]),
        "interpreter_at": named(outcomes.INTERPRETER_AT),
    }


def _as_values(needs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: ("yes" if value else "") if isinstance(value, bool) else value if isinstance(value, list) else str(value)
        for name, value in needs.items()
    }


def _needs(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {name: form.text(name) for name in (*NUMBERS, *CHOICES)}
    return found | {name: form.text(name) == "yes" for name in FLAGS}


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
    found = await _table(db, hearing, form, actor)
    await agreements.void(db, agreement=found, reason=form.text("why"), actor=actor, now=now)


async def _sign(db: AsyncSession, hearing: Hearing, form: Form, actor: Actor, now: datetime) -> None:
    found = await _table(db, hearing, form, actor)
    await agreements.sign(db, agreement=found, jws=form.text("jws"), actor=actor, now=now)


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


async def act(request: Request) -> Response:
    """Draft, change, propose, counter, sign, void. Effects: those of `hearings.agreement.agreements`."""
    signed, person = staff(request)
    form = await forms.read(request)
    name = request.path_params["action"]
    if name not in ACTS:
        raise HTTPException(404, "not_found")
    ref = request.path_params["ref"]
    try:
        async with request.app.state.parts.database.transaction() as db:
            hearing = await find(db, request, person)
            await ACTS[name](db, hearing, form, signed.actor(), datetime.now(UTC))
    except (errors.SignatureRefused, errors.TermsChanged, errors.NotReady, errors.IllegalMove) as error:
        if name == "sign":
            return await _sign_page(request, signed, person, [signing.refusal(request, error)], status_of(error))
        return await _page(request, person, [FormError("", forms.explain(error).text)], form.first, status_of(error))
    except errors.Invalid as error:
        labels = {key: _(text) for key, text in {**technical_words.NEEDS, **LABELS}.items()}
        told = forms.explain(error, labels)
        return await _page(request, person, [FormError("why" if name == "void" else told.field, told.text)], form.first)
    return RedirectResponse(f"/h/{ref}/technical?done={name}", 303)


async def sign_page(request: Request) -> Response:
    """What is to be signed, and the form that signs it."""
    signed, person = staff(request)
    return await _sign_page(request, signed, person, [], 200)


async def _sign_page(
    request: Request, signed: SignedIn, person: Person, wrong: list[FormError], status: int
) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        found = await standing(db, hearing, person.owner_state)
        if found is None or found.agreement.status not in agreements.ON_THE_TABLE:
            raise errors.NotFound
        session = found.agreement.terms["session"]
        facts = [
            (_("Terms (SHA-256)"), found.agreement.terms_sha256),
            (_("Round"), str(found.agreement.round)),
            *((site.court, f"{site.name}, {site.city}") for site in found.sites),
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
                technical_words.word(outcomes.completed(found.agreement.needs)["interpreter_at"]),
            ),
            (technical_words.named(negotiation_words.ITEMS, "breakdown"), negotiation_words.breakdown(session)),
            *_clocks(hearing, found.agreement.terms["facts"]),
        ]
        prepared = await signing.prepare(
            db,
            state=person.owner_state,
            other=agreements.other_state(hearing, person.owner_state),
            act=Act.sign_agreement,
            about=agreements.about(hearing, found.agreement),
            body=agreements.body(found.agreement),
            now=now,
            facts=facts,
        )
    context = {"hearing": hearing, "found": found, "prepared": prepared, "errors": wrong}
    return render(request, "technical_sign.html", context, status=status)


def _clocks(hearing: Hearing, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each court's wall times as they stand in the terms, and by which data; nothing of terms made before that."""
    told = []
    cities = {"requesting": hearing.requesting_city, "requested": hearing.requested_city}
    for side, clock in facts.get("clocks", {}).items():
        days = [[datetime.fromisoformat(at) for at in day] for day in clock["days"]]
        label = _("By the clocks of {city}").format(city=cities[side])
        told.append((label, i18n.in_turn(i18n.span(begins, ends, clock["zone"]) for begins, ends in days)))
    return [*told, (_("Time-zone data"), facts["tzdb"])] if told else []


async def terms_json(request: Request) -> Response:
    """The terms on the table as the canonical JSON whose SHA-256 is signed."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        hearing = await find(db, request, person)
        found = await standing(db, hearing, person.owner_state)
        if found is None:
            raise errors.NotFound
    return Response(rfc8785.dumps(found.agreement.terms), media_type="application/json")


routes = [
    Route("/h/{ref}/technical", show, methods=["GET"]),
    Route("/h/{ref}/technical/sign", sign_page, methods=["GET"]),
    Route("/h/{ref}/technical/terms.json", terms_json, methods=["GET"]),
    Route("/h/{ref}/technical/{action}", act, methods=["POST"]),
]
