"""Script cards in a sitting: which are due, what has been done with each, and the presses of their buttons.

A press is a recorded act (`recorded_acts`) that carries the card, its version and the SHA-256 of its texts exactly as
they were shown. Reading the rights out is the `rights_notice` itself, and the answer to an oath is the `oath` itself:
there is no second record. What is recorded by hand, or acknowledged on a page, settles its card.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import languages
from hearings.actors import Actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing.participants import NOT_IN_ROOM
from hearings.law.scripts import NEUTRAL, TYPED, Card, CardText, Scripts, Sheet, oath_forms, placeholders
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Sitting
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import may, require, require_from
from hearings.queries import get, open_sitting, participants
from hearings.reference import jurisdictions
from hearings.roles import Role
from hearings.sentences import N_, tell
from hearings.sitting import recorded_acts
from hearings.sitting.recorded_acts import CHOOSE_PARTICIPANT, NO_SITTING
from hearings.status import IN_ROOM
from hearings.texts import clean

K = EventKind
MOST_TYPED = 300
"""Longest text that whoever reads fills in, in characters."""
CARDS: Mapping[str, str] = {
    "recording_notice": N_("Notice of the recording"),
    "identity": N_("Identity of the person"),
    "roles_and_course": N_("Who is present, and the course of the hearing"),
    "rights_witness": N_("Rights of a witness"),
    "rights_expert": N_("Rights and duties of an expert"),
    "rights_accused": N_("Rights of a suspect or accused"),
    "rights_victim": N_("Rights of a victim"),
    "rights_child": N_("Rights, told to a child"),
    "privilege": N_("Privilege not to testify"),
    "oath_witness": N_("Oath"),
    "affirmation_witness": N_("Affirmation"),
    "caution_witness": N_("Caution"),
    "oath_interpreter": N_("Oath of the interpreter"),
    "affirmation_interpreter": N_("Affirmation of the interpreter"),
    "caution_interpreter": N_("Caution of the interpreter"),
    "confidentiality": N_("Confidentiality"),
    "line_lost": N_("After the line was lost"),
    "closing": N_("Closing of the hearing"),
}
"""The name of each card."""
OUTCOMES: Mapping[str, str] = {"yes": "taken", "no": "refused", "not_required": "not_required"}
"""What an answer means for an oath. An answer word for word is not interpreted: it is noted as it is."""
TOLD_BY = frozenset(
    {K.rights_notice, K.oath, K.privilege_claim, K.counsel_asked, K.card_read, K.card_rendered, K.card_answered}
)
"""The recorded acts that say how far a card is."""
_BY_ROLE: Mapping[Role, tuple[str, ...]] = {
    Role.witness: ("witness", "victim"),
    Role.expert: ("expert",),
    Role.defendant: ("suspect", "accused", "convicted_person", "affected_person"),
    Role.interpreter: ("interpreter",),
}
"""The capacities in which somebody of a role may be heard."""


@dataclass(frozen=True, kw_only=True)
class CardRoom:
    """What decides which cards are due. `capacity`: of the request; `entries`: every recorded act of the hearing."""

    hearing: Hearing
    sitting: Sitting
    people: Sequence[Participant]
    entries: Sequence[HearingEvent]
    capacity: str = ""
    authority: str = ""
    """The conducting authority of the request."""

    @property
    def here(self) -> list[Participant]:
        """Who is in the room."""
        return [person for person in self.people if person.presence in IN_ROOM]

    def capacity_of(self, person: Participant | None) -> str:
        """The capacity in which somebody is addressed; `*` for everybody and for who is heard in none."""
        able = _BY_ROLE.get(person.role, ()) if person is not None else ()
        return self.capacity if self.capacity in able else able[0] if len(able) in (1, 2) else NEUTRAL


@dataclass(frozen=True, kw_only=True)
class CardProgress:
    """One card for one person (None: everybody) under the law of one State, and the entries in force about it."""

    card: Card
    law: str
    person: Participant | None
    usual: bool
    """The courts of that State commonly use it."""
    settled: bool
    """Something else has done it: an act recorded by hand, an acknowledgement, another card of its group."""
    read: HearingEvent | None = None
    rendered: HearingEvent | None = None
    answer: str = ""
    answered: HearingEvent | None = None
    counsel: HearingEvent | None = None

    @property
    def done(self) -> bool:
        """Whether nothing is left to do with it. An oath refused, or rights not understood, leave something."""
        answers = self.card.answers
        if not answers:
            return self.settled or (not self.card.settled_by and self.read is not None)
        return self.settled or (self.answer != "" and not (self.answer == "no" and "yes" in answers))

    @property
    def due(self) -> bool:
        """Whether it is still to be done in this phase."""
        return self.card.due and self.usual and not self.done


def laws_of(card: Card, hearing: Hearing, person: Participant | None) -> tuple[str, ...]:
    """The States under whose law a card is read to somebody."""
    both = (hearing.requesting_state, hearing.requested_state)
    if card.law == "own":
        return (person.state,) if person is not None else ()
    return {"requesting": both[:1], "requested": both[1:]}.get(card.law, both)


def progress(scripts: Scripts, room: CardRoom) -> list[CardProgress]:
    """The cards of this phase of the sitting, for everybody in the room, in the order of the file."""
    acts: dict[str, list[HearingEvent]] = {}
    for act in recorded_acts.in_force(room.entries):
        if act.event.kind in TOLD_BY:
            acts.setdefault(str(act.event.data.get("participant", "")), []).append(act.event)
    return [
        _progress(room, card, law, person, acts.get(person.id if person is not None else "", []))
        for card in scripts.cards.values()
        if room.sitting.status in card.when
        for person in _addressed(card, room)
        for law in laws_of(card, room.hearing, person)
    ]


def find(scripts: Scripts, room: CardRoom, *, card: str, law: str, whom: str) -> CardProgress:
    """A card of this phase for one person (empty: everybody) under one law. Raises `Invalid` and `NotReady`."""
    if card not in scripts.cards:
        raise Invalid(tell("There is no such card"), "card")
    for one in progress(scripts, room):
        if (one.card.id, one.law, one.person.id if one.person else "") == (card, law, whom):
            return one
    raise NotReady(tell("This card is not read to this person, under this law, in this part of the hearing"))


def _addressed(card: Card, room: CardRoom) -> list[Participant | None]:
    if not card.to:
        return [None]
    return [
        person
        for person in room.here
        if person.role in card.to and (not card.capacities or room.capacity_of(person) in card.capacities)
    ]


def _progress(
    room: CardRoom, card: Card, law: str, person: Participant | None, acts: Sequence[HearingEvent]
) -> CardProgress:
    if card.each_sitting:
        acts = [event for event in acts if event.data["sitting"] == room.sitting.id]
    own = [
        event
        for event in acts
        if (event.data.get("card") or {}).get("id") == card.id and event.data.get("law", law) == law
    ]
    read = _last(own, {card.event("read")})
    after = [event for event in own if read is None or event.seq > read.seq]
    answered = _last(after, {card.event("answer", answer) for answer in card.answers})
    return CardProgress(
        card=card,
        law=law,
        person=person,
        usual=_usual(card, law, person, acts),
        settled=_settled(room, card, law, person, acts),
        read=read,
        rendered=_last(after, {K.card_rendered}),
        answer=_answer(answered),
        answered=answered,
        counsel=_last(acts, {K.counsel_asked}),
    )


def _last(events: Sequence[HearingEvent], kinds: set[EventKind]) -> HearingEvent | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)


def _answer(event: HearingEvent | None) -> str:
    if event is None:
        return ""
    if event.kind == K.privilege_claim:
        return "claims"
    if event.kind == K.oath:
        return next(answer for answer, outcome in OUTCOMES.items() if outcome == event.data["outcome"])
    return str(event.data["answer"])


def _usual(card: Card, law: str, person: Participant | None, acts: Sequence[HearingEvent]) -> bool:
    """Whether the courts of the State commonly use this form, as far as is known; after a refusal an affirmation is."""
    if not card.form or person is None:
        return True
    refused = any(event.kind == K.oath and event.data["outcome"] == "refused" for event in acts)
    known = oath_forms().get(law)
    role = "interpreter" if person.role is Role.interpreter else "witness"
    return known is None or card.form in known.forms[role] or (refused and card.form == "affirmation")


def _settled(room: CardRoom, card: Card, law: str, person: Participant | None, acts: Sequence[HearingEvent]) -> bool:
    if card.settled_by == "notice":
        return bool(room.here) and all(one.notice_at is not None or one.device_of_id for one in room.here)
    if card.settled_by == "identity":
        return person is not None and person.identity_confirmed_at is not None
    if card.group == "oath":
        return any(event.kind == K.oath and event.data["outcome"] in ("taken", "not_required") for event in acts)
    by_hand = [event for event in acts if event.kind == K.rights_notice and not event.data.get("card")]
    return card.event("read") is K.rights_notice and any(event.data["law"] == law for event in by_hand)


# --- texts -------------------------------------------------------------------------------------------------------


def sheet_of(scripts: Scripts, room: CardRoom, one: CardProgress, *, by: Participant, typed: str, on: date) -> Sheet:
    """The text to be read by `by`, in that person's language and in the language of whom it is read to.

    Raises `NotReady` when there is no text at all.
    """
    hearing = room.hearing
    other = hearing.language_requested
    if languages.same(by.speaks, other):
        other = hearing.language_requesting
    person = one.person.speaks if one.person is not None else other
    sheet = scripts.sheet(
        one.card.id,
        law=one.law,
        capacity=room.capacity_of(one.person),
        reader=by.speaks,
        person=person,
        on=on,
        values={row.language: _values(room, one.law, row.language, typed) for row in scripts.texts},
    )
    if sheet is None:
        raise NotReady(tell("There is no text for this card under this law"))
    return sheet


def _values(room: CardRoom, law: str, language: str, typed: str) -> dict[str, str]:
    """What the placeholders stand for, in the language of a text."""
    hearing = room.hearing
    seats = {person.role: person.display_name for person in room.people if person.vacated_at is None}
    authority = seats.get(Role.requested_authority, "")
    if not authority and hearing.requested_state in jurisdictions():
        authority = jurisdictions()[hearing.requested_state].central_authority
    return {
        "presiding": seats.get(Role.presiding_judge, ""),
        "court": room.authority or hearing.requesting_city,
        "law": _state(law, language),
        "requesting_state": _state(hearing.requesting_state, language),
        "requested_state": _state(hearing.requested_state, language),
        "requested_authority": authority,
        **dict.fromkeys(TYPED, typed),
    }


def _state(code: str, language: str) -> str:
    """The name of a State in a language; its code where that is not known."""
    try:
        return str(Locale.parse(language.replace("-", "_")).territories.get(code, code))
    except (UnknownLocaleError, ValueError):
        return code


def adopted(room: CardRoom) -> frozenset[str]:
    """Hashes of the drafts that the presiding judge has taken over in this hearing."""
    return frozenset(
        str(text["sha256"])
        for act in recorded_acts.in_force(room.entries)
        if act.event.kind == K.card_adopted
        for text in act.event.data["card"]["texts"]
    )


def _card_data(card: Card, texts: Sequence[CardText]) -> dict[str, Any]:
    """What an entry keeps of a card: its version, and each text as it was shown, with its hash."""
    first = texts[0]
    kept = ("language", "wanted", "approved", "approved_by", "approved_on", "sha256", "text")
    return {
        "id": card.id,
        "jurisdiction": first.jurisdiction,
        "capacity": first.capacity,
        "version": first.version,
        "texts": [{name: value for name, value in asdict(text).items() if name in kept} for text in texts],
    }


# --- presses -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Press:
    """One press of a button of a card, examined as far as every press is."""

    db: AsyncSession
    scripts: Scripts
    room: CardRoom
    one: CardProgress
    me: Participant
    by: str
    shown: Sequence[str]
    answer: str
    text: str
    typed: str
    actor: Actor
    now: Any

    def person(self, participant_id: str, field: str) -> Participant:
        """Somebody in the room. Raises `Invalid` and `NotReady`."""
        found = next((person for person in self.room.people if person.id == participant_id), None)
        if found is None:
            raise Invalid(tell(CHOOSE_PARTICIPANT), field)
        if found not in self.room.here:
            raise NotReady(tell(NOT_IN_ROOM))
        return found

    @property
    def reader(self) -> Participant:
        """Who reads. Raises `Invalid` for somebody who does not read this card."""
        able = self.one.card.read_by
        named = self.by or (self.me.id if self.me.role in able else "")
        here = next((person.id for role in able for person in self.room.here if person.role is role), "")
        found = self.person(named or here, "by")
        if found.role not in able:
            raise Invalid(tell("This person does not read this card out"), "by")
        return found

    @property
    def whom(self) -> dict[str, str]:
        """The field of an entry that names whom the card is read to."""
        return {"participant": self.one.person.id} if self.one.person is not None else {}

    def read(self) -> HearingEvent:
        """The entry of the reading. Raises `NotReady` before."""
        if self.one.read is None:
            raise NotReady(tell("This card has not been read out yet"))
        return self.one.read

    def sheet(self) -> Sheet:
        """The text, which must be the one the page has shown. Raises `Invalid` and `NotReady`."""
        typed = clean(self.typed, "typed", most=MOST_TYPED)
        sheet = sheet_of(self.scripts, self.room, self.one, by=self.reader, typed=typed, on=self.now.date())
        if any(placeholders(text.text) for text in sheet.texts):
            raise Invalid(tell("Cannot be empty"), "typed")
        if list(self.shown) != [text.sha256 for text in sheet.texts]:
            raise NotReady(tell("The text of the card has changed since it was shown. Read it again."))
        return sheet

    async def record(
        self, kind: EventKind, card: Mapping[str, Any], values: Mapping[str, str], *, granted: bool = False
    ) -> None:
        """Add the entry."""
        await recorded_acts.record(
            self.db,
            hearing=self.room.hearing,
            kind=kind,
            values=self.whom | {name: value for name, value in values.items() if value},
            card=card,
            granted=granted,
            actor=self.actor,
            now=self.now,
        )


async def _adopt(press: Press) -> None:
    sheet = press.sheet()
    drafts = [text for text in sheet.texts if not text.approved]
    if not drafts:
        raise NotReady(tell("This text is approved: there is nothing to take over"))
    await recorded_acts.record(
        press.db,
        hearing=press.room.hearing,
        kind=K.card_adopted,
        values={"law": press.one.law},
        card=_card_data(press.one.card, drafts),
        actor=press.actor,
        now=press.now,
    )


async def _read(press: Press) -> None:
    reader, sheet, kind = press.reader, press.sheet(), press.one.card.event("read")
    if not sheet.drafts <= adopted(press.room):
        raise NotReady(tell("No State has approved this text: the presiding judge has to take it over first"))
    text = sheet.reader.text if kind is K.rights_notice else ""
    values = {"by": reader.id, "law": press.one.law, "language": sheet.reader.language, "text": text}
    await press.record(kind, _card_data(press.one.card, sheet.texts), values)


async def _rendered(press: Press) -> None:
    read, me = press.read(), press.me
    able = [person.id for person in press.room.here if person.role is Role.interpreter]
    named = me.id if me.role is Role.interpreter else press.by or (able[0] if len(able) == 1 else "")
    language = read.data["card"]["texts"][-1]["wanted"]
    values = {"interpreter": press.person(named, "by").id, "law": press.one.law, "language": language}
    await press.record(K.card_rendered, _again(read), values)


async def _answered(press: Press) -> None:
    one, answer = press.one, press.answer
    if answer not in one.card.answers:
        raise Invalid(tell("This card has no such answer"), "answer")
    mine = one.card.self_answer and one.person is not None and one.person.id == press.me.id
    if mine and answer not in ("yes", "no"):
        raise NotAllowed(tell("Say this to the court, which notes it"))
    kind, text = one.card.event("answer", answer), press.text
    if answer in ("other", "claims", "not_required") and not text.strip():
        raise Invalid(tell("Cannot be empty"), "text")
    if kind is K.oath:
        await _sworn(press, OUTCOMES[answer])
    elif kind is K.privilege_claim:
        await press.record(kind, _again(press.read()), {"law": one.law, "text": text})
    else:
        values = {"answer": answer, "law": one.law, "text": text}
        await press.record(kind, _again(press.read()), values, granted=mine)


async def _sworn(press: Press, outcome: str) -> None:
    """The answer to an oath, affirmation or caution. That the law requires none, the court finds without reading it."""
    one = press.one
    read = one.read if outcome == "not_required" else press.read()
    card = _again(read) if read is not None else {"id": one.card.id, "texts": []}
    values = {"form": one.card.form, "outcome": outcome, "law": one.law} | {
        "by": str(read.data["by"]) if read is not None else press.reader.id,
        "language": str(read.data["language"]) if read is not None else press.reader.speaks,
        "text": press.text or (str(read.data["card"]["texts"][0]["text"]) if read is not None else ""),
    }
    await press.record(K.oath, card, values)


async def _counsel(press: Press) -> None:
    if press.one.person is None:  # everybody asks for nobody's counsel
        raise Invalid(tell(CHOOSE_PARTICIPANT), "whom")
    card = _again(press.one.read) if press.one.read is not None else {"id": press.one.card.id, "texts": []}
    await press.record(K.counsel_asked, card, {"text": press.text})


def _again(read: HearingEvent) -> dict[str, Any]:
    """The card of the reading, for an entry about what followed: its hashes, without the words."""
    card = read.data["card"]
    texts = [{name: value for name, value in text.items() if name != "text"} for text in card["texts"]]
    return {**card, "texts": texts, "read": read.seq}


PRESSES: Mapping[str, Callable[[Press], Awaitable[None]]] = {
    "adopt": _adopt,
    "read": _read,
    "rendered": _rendered,
    "answer": _answered,
    "counsel": _counsel,
}
"""The buttons of a card, by the name of the command."""
NEEDS: Mapping[str, str] = {
    "adopt": "adopt_card",
    "read": "read_card",
    "rendered": "render_card",
    "answer": "answer_card",
    "counsel": "record_act",
}
"""The action of the permission table for each."""


def offered(one: CardProgress, viewer: Participant) -> list[str]:
    """The buttons of a card that somebody may press, as far as role and card decide."""
    mine = one.card.self_answer and one.person is not None and one.person.id == viewer.id
    presses = [name for name, action in NEEDS.items() if may(action, viewer.role, granted=mine, own=True).allowed]
    heard = recorded_acts.KINDS[K.counsel_asked].fields["participant"].roles
    able = {
        "answer": bool(one.card.answers) and not (mine and (one.read is None or one.answer)),
        "counsel": one.person is not None and one.person.role in heard,
        "rendered": one.read is not None,
    }
    return [name for name in presses if able.get(name, True)]


def follows(one: CardProgress, viewer: Participant, *, renders: bool) -> bool:
    """Whether somebody who does not read cards out sees this one: it was read to them, or they interpret it."""
    mine = one.person is None or one.person.id == viewer.id
    return one.read is not None and one.answered is None and (mine or renders)


async def press(
    db: AsyncSession,
    *,
    participant: Participant,
    hearing: Hearing,
    scripts: Scripts,
    card: str,
    law: str,
    whom: str,
    button: str,
    by: str,
    shown: Sequence[str],
    answer: str,
    text: str,
    typed: str,
    actor: Actor,
    now: Any,
) -> None:
    """Press a button of a card: `adopt` its draft, `read` it, note that it was `rendered`, its `answer`, or that the
    person asks for `counsel`.

    `whom`: whom it is read to, empty for everybody; `by`: who reads, or who interpreted; `shown`: hashes of the texts
    as the page shows them; `text`: the answer word for word; `typed`: what fills the gap of the text. Raises `Invalid`
    naming the field, `NotAllowed`, `NotReady` for a card that is not due, a draft nobody has taken over, and a text
    that is not what was shown. Effects: those of `recorded_acts.record`.
    """
    require_from("press_card", participant.presence)
    if button not in PRESSES:
        raise Invalid(tell("A card has no such button"), "button")
    require(NEEDS[button], actor, granted=True)  # where the card lets the person answer: each button asks again
    sitting = await open_sitting(db, hearing.id, lock=True)
    if sitting is None:
        raise NotReady(tell(NO_SITTING))
    room = await room_of(db, hearing, sitting)
    one = find(scripts, room, card=card, law=law, whom=whom)
    request = await get(db, HearingRequest, hearing.request_id)
    hidden = [name for name, _whose in protected_names(request.person_name, room.people)]
    refuse_names(typed, hidden, "typed")
    pressed = Press(
        db=db,
        scripts=scripts,
        room=room,
        one=one,
        me=participant,
        by=by,
        shown=shown,
        answer=answer,
        text=text,
        typed=typed,
        actor=actor,
        now=now,
    )
    await PRESSES[button](pressed)


async def room_of(db: AsyncSession, hearing: Hearing, sitting: Sitting) -> CardRoom:
    """What decides which cards of a hearing are due."""
    request = await get(db, HearingRequest, hearing.request_id)
    return CardRoom(
        hearing=hearing,
        sitting=sitting,
        people=await participants(db, hearing.id),
        entries=await recorded_acts.of_hearing(db, hearing.id),
        capacity=request.capacity or "",
        authority=request.conducting_authority,
    )
