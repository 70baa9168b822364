"""Script cards in a sitting: what is due, who may press what, what an entry keeps, and that there is one record."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.law import scripts
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant
from hearings.models.request import Capacity
from hearings.roles import Role
from hearings.sitting import cards, recorded_acts
from hearings.sitting.cards import NEEDS, CardProgress, offered
from hearings.status import PresenceStatus

pytestmark = pytest.mark.parametrize("stage", ["in_session"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter
SCRIPTS = scripts.load(None)


@pytest.fixture
def desk(court: Any, now: datetime) -> "Desk":
    return Desk(court, now)


class Desk:
    """Presses buttons of cards as people of the hearing do."""

    def __init__(self, court: Any, now: datetime) -> None:
        self.court, self.now, self.scripts = court, now, SCRIPTS

    async def progress(self, card: str, law: str = "RO", whom: Role | None = WITNESS) -> CardProgress:
        async with self.court.database.reading() as db:
            return await self._find(db, card, law, self.court.ids[whom] if whom else "")

    async def _find(self, db: Any, card: str, law: str, whom: str) -> CardProgress:
        hearing = await queries.get(db, Hearing, self.court.hearing.id)
        sitting, _ = await self.court.sitting(db)
        room = await cards.room_of(db, hearing, sitting)
        return cards.find(self.scripts, room, card=card, law=law, whom=whom)

    async def shown(self, card: str, law: str, whom: Role | None, by: Role, typed: str = "") -> list[str]:
        """The hashes of the texts that a page shows."""
        async with self.court.database.reading() as db:
            hearing = await queries.get(db, Hearing, self.court.hearing.id)
            sitting, _ = await self.court.sitting(db)
            room = await cards.room_of(db, hearing, sitting)
            one = cards.find(self.scripts, room, card=card, law=law, whom=self.court.ids[whom] if whom else "")
            reader = await self.court.seat(db, by)
            sheet = cards.sheet_of(self.scripts, room, one, by=reader, typed=typed, on=self.now.date())
        return [text.sha256 for text in sheet.texts]

    async def press(
        self, card: str, button: str, role: Role = JUDGE, *, law: str = "RO", whom: Role | None = WITNESS, **given: Any
    ) -> None:
        by = given.pop("reader", JUDGE)
        if button in ("adopt", "read") and "shown" not in given:
            given["shown"] = await self.shown(card, law, whom, by, given.get("typed", ""))
        filled = {"by": self.court.ids[by] if button in ("adopt", "read") else "", "shown": (), "answer": ""}
        async with self.court.database.transaction() as db:
            seat = await self.court.seat(db, role)
            await cards.press(
                db,
                participant=seat,
                hearing=await queries.get(db, Hearing, self.court.hearing.id),
                scripts=self.scripts,
                card=card,
                law=law,
                whom=self.court.ids[whom] if whom else "",
                button=button,
                actor=participant_actor(seat),
                now=self.now,
                **(filled | {"text": "", "typed": ""} | given),
            )

    async def read(self, card: str, **given: Any) -> None:
        """Its draft taken over, and read out."""
        await self.press(card, "adopt", **given)
        await self.press(card, "read", **given)

    async def log(self) -> list[HearingEvent]:
        async with self.court.database.reading() as db:
            return list(await recorded_acts.of_hearing(db, self.court.hearing.id))


async def test_the_rights_are_read_in_two_languages_under_each_law_and_each_press_is_an_entry(desk: Desk) -> None:
    assert (await desk.progress("rights_witness")).due
    await desk.read("rights_witness")
    await desk.press("rights_witness", "rendered", INTERPRETER)
    await desk.press("rights_witness", "answer", CLERK, answer="yes")
    log = await desk.log()
    assert [event.kind for event in log] == ["card_adopted", "rights_notice", "card_rendered", "card_answered"]
    read = log[1]
    kept = read.data["card"]
    assert (kept["id"], kept["version"], kept["jurisdiction"]) == ("rights_witness", 1, "*")
    assert [(text["language"], text["wanted"]) for text in kept["texts"]] == [("ro", "ro"), ("en", "th")]
    for text in kept["texts"]:
        assert text["sha256"] == hashlib.sha256(text["text"].encode()).hexdigest()
        assert text["approved"] is False
    assert "România" in kept["texts"][0]["text"] and "Romania" in kept["texts"][1]["text"]
    assert read.data["text"] == kept["texts"][0]["text"]
    for event in log[2:]:
        assert [text["sha256"] for text in event.data["card"]["texts"]] == [text["sha256"] for text in kept["texts"]]
        assert event.data["participant"] == desk.court.ids[WITNESS]
    assert (log[2].data["interpreter"], log[2].data["language"]) == (desk.court.ids[INTERPRETER], "th")
    assert (log[3].actor_role, log[3].data["answer"]) == ("clerk", "yes")
    assert {"sitting", "recording", "timecode_ms"} <= read.data.keys()
    assert (await desk.progress("rights_witness")).done
    # The other law is another card.
    assert (await desk.progress("rights_witness", law="TH")).due


async def test_a_draft_is_read_only_after_the_presiding_judge_has_taken_it_over(desk: Desk) -> None:
    with pytest.raises(NotReady, match="presiding judge has to take it over"):
        await desk.press("privilege", "read")
    for role in (CLERK, AUTHORITY, INTERPRETER, WITNESS):
        with pytest.raises(NotAllowed):
            await desk.press("privilege", "adopt", role)
    await desk.press("privilege", "adopt")
    with pytest.raises(NotReady, match="take it over"):
        await desk.press("privilege", "read", law="TH")
    await desk.press("privilege", "read", AUTHORITY)
    # A taking over that is withdrawn is none.
    adopted = (await desk.log())[0]
    async with desk.court.database.transaction() as db:
        await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, desk.court.hearing.id),
            kind="entry_withdrawn",
            values={"text": "The wrong card."},
            corrects=adopted.seq,
            actor=await desk.court.actor(db, JUDGE),
            now=desk.now,
        )
    with pytest.raises(NotReady, match="take it over"):
        await desk.press("privilege", "read")


async def test_an_approved_text_needs_nobody_to_take_it_over(desk: Desk) -> None:
    row = scripts.ScriptText(
        card="privilege", jurisdiction="RO", capacity="*", language="ro", version=1, text="Textul nostru.",
        status="approved", approved_by="Ministerul Justiției", approved_on=None, valid_from=None, valid_to=None,
        source="",
    )  # fmt: skip
    desk.scripts = scripts.Scripts(cards=SCRIPTS.cards, texts=(*SCRIPTS.texts, row))
    with pytest.raises(NotReady, match="nothing to take over"):
        await desk.press("privilege", "adopt")
    await desk.press("privilege", "read")
    (read,) = await desk.log()
    assert [(text["approved"], text["wanted"], text["language"]) for text in read.data["card"]["texts"]] == [
        (True, "ro", "ro"),
        (True, "th", "ro"),
    ]


async def test_what_the_page_has_not_shown_is_not_read(desk: Desk) -> None:
    await desk.press("privilege", "adopt")
    shown = await desk.shown("privilege", "RO", WITNESS, JUDGE)
    for wrong in ([], shown[:1], shown[::-1], [shown[0], "0" * 64]):
        with pytest.raises(NotReady, match="has changed since it was shown"):
            await desk.press("privilege", "read", shown=wrong)


async def test_a_gap_is_filled_in_and_the_filled_text_is_what_is_taken_over(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.press("oath_witness", "adopt")
    assert refused.value.field == "typed"
    await desk.press("oath_witness", "adopt", typed="Biblie")
    with pytest.raises(NotReady, match="take it over"):
        await desk.press("oath_witness", "read", typed="Coran")
    for wrong in ("{law}", "a" * 301):
        with pytest.raises(Invalid) as refused:
            await desk.press("oath_witness", "read", typed=wrong, shown=["0" * 64])
        assert refused.value.field == "typed"
    await desk.press("oath_witness", "read", typed="Biblie")
    read = (await desk.log())[-1]
    assert "jurați pe Biblie" in read.data["card"]["texts"][0]["text"]


async def test_the_answer_to_an_oath_is_the_oath_and_one_in_force_is_enough(desk: Desk) -> None:
    await desk.read("oath_witness", typed="Biblie")
    await desk.press("oath_witness", "answer", answer="other", text="I would rather not.")
    assert (await desk.progress("oath_witness")).answer == "other"
    await desk.press("oath_witness", "answer", answer="no")
    refused = await desk.progress("oath_witness")
    assert (refused.answer, refused.done) == ("no", False)
    assert (await desk.progress("affirmation_witness", law="TH")).due, "after a refusal, the affirmation"
    await desk.read("affirmation_witness")
    await desk.press("affirmation_witness", "answer", answer="yes")
    log = await desk.log()
    oaths = [event for event in log if event.kind == "oath"]
    assert [(event.data["form"], event.data["outcome"]) for event in oaths] == [
        ("oath", "refused"),
        ("affirmation", "taken"),
    ]
    assert oaths[1].data["text"] == log[-2].data["card"]["texts"][0]["text"]
    for card, law in (("oath_witness", "RO"), ("oath_witness", "TH"), ("caution_witness", "TH")):
        assert not (await desk.progress(card, law=law)).due
    assert {event.kind for event in log} == {"card_adopted", "card_read", "card_answered", "oath"}


async def by_hand(desk: Desk, kind: str, **values: str) -> HearingEvent:
    async with desk.court.database.transaction() as db:
        found: HearingEvent = await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, desk.court.hearing.id),
            kind=kind,
            values={"participant": desk.court.ids[WITNESS], "by": desk.court.ids[JUDGE], **values},
            actor=await desk.court.actor(db, CLERK),
            now=desk.now,
        )
    return found


async def test_what_is_recorded_by_hand_settles_its_card(desk: Desk) -> None:
    await by_hand(desk, "rights_notice", law="TH", language="th")
    assert (await desk.progress("rights_witness", law="TH")).done
    assert (await desk.progress("rights_witness", law="RO")).due
    await by_hand(desk, "oath", form="caution", outcome="taken", law="RO", language="ro", text="Art. 121")
    assert (await desk.progress("oath_witness")).done and (await desk.progress("affirmation_witness")).done


async def test_an_oath_corrected_by_hand_keeps_the_card_it_was_read_from(desk: Desk) -> None:
    await desk.read("affirmation_witness")
    await desk.press("affirmation_witness", "answer", answer="no")
    old = (await desk.log())[-1]
    async with desk.court.database.transaction() as db:
        values = {name: old.data[name] for name in ("participant", "by", "form", "law", "language", "text")}
        new = await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, desk.court.hearing.id),
            kind="oath",
            values=values | {"outcome": "taken"},
            corrects=old.seq,
            actor=await desk.court.actor(db, CLERK),
            now=desk.now,
        )
    assert new.data["card"] == old.data["card"]
    assert (await desk.progress("affirmation_witness")).answer == "yes"


async def test_the_court_finds_that_the_law_requires_no_oath(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        await desk.press("oath_witness", "answer", answer="not_required")
    assert refused.value.field == "text"
    await desk.press("oath_witness", "answer", answer="not_required", text="Kin of the accused.")
    (found,) = await desk.log()
    assert (found.data["outcome"], found.data["text"], found.data["card"]["texts"]) == (
        "not_required",
        "Kin of the accused.",
        [],
    )
    assert (await desk.progress("affirmation_witness", law="TH")).done


async def test_a_privilege_claimed_is_a_claim_to_be_ruled_on(desk: Desk) -> None:
    await desk.read("privilege")
    with pytest.raises(Invalid):
        await desk.press("privilege", "answer", answer="claims")
    await desk.press("privilege", "answer", answer="claims", text="He is my brother.")
    claim = (await desk.log())[-1]
    assert (claim.kind, claim.data["text"], claim.data["law"]) == ("privilege_claim", "He is my brother.", "RO")
    assert (await desk.progress("privilege")).done
    async with desk.court.database.transaction() as db:
        await recorded_acts.record(
            db,
            hearing=await queries.get(db, Hearing, desk.court.hearing.id),
            kind="ruling",
            values={"on": str(claim.seq), "by": desk.court.ids[JUDGE], "ruling": "upheld", "law": "RO"},
            actor=await desk.court.actor(db, JUDGE),
            now=desk.now,
        )


async def test_the_person_answers_only_where_the_card_lets_them(desk: Desk) -> None:
    await desk.read("rights_witness")
    with pytest.raises(NotAllowed):
        await desk.press("rights_witness", "answer", WITNESS, answer="other", text="Perhaps.")
    await desk.press("rights_witness", "answer", WITNESS, answer="yes")
    answered = (await desk.log())[-1]
    assert (answered.actor, answered.kind) == (desk.court.ids[WITNESS], "card_answered")
    await desk.read("privilege")
    await desk.read("affirmation_witness")
    for card in ("privilege", "affirmation_witness"):
        with pytest.raises(NotAllowed):
            await desk.press(card, "answer", WITNESS, answer="yes")


async def test_nobody_answers_or_renders_what_has_not_been_read(desk: Desk) -> None:
    for button in ("rendered", "answer"):
        with pytest.raises(NotReady, match="has not been read out yet"):
            await desk.press("privilege", button, answer="yes")
    await desk.press("privilege", "counsel")
    assert [event.kind for event in await desk.log()] == ["counsel_asked"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"card": "sermon"}, "card"),
        ({"button": "sing"}, "button"),
        ({"button": "answer", "answer": "perhaps"}, "answer"),
        ({"button": "answer", "answer": "not_required"}, "answer"),
        ({"button": "read", "by": "nobody"}, "by"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    desk: Desk, given: dict[str, str], field: str, everything: Any
) -> None:
    before = await everything(desk.court.database)
    filled = {"card": "privilege", "button": "read", "shown": []} | given
    with pytest.raises(Invalid) as refused:
        await desk.press(filled.pop("card"), filled.pop("button"), **filled)
    assert refused.value.field == field
    assert await everything(desk.court.database) == before


async def test_a_card_is_for_its_person_its_law_and_its_time(desk: Desk) -> None:
    for card, law, whom in (
        ("rights_accused", "RO", WITNESS),
        ("privilege", "DE", WITNESS),
        ("oath_interpreter", "RO" if await _state(desk, INTERPRETER) == "TH" else "TH", INTERPRETER),
        ("closing", "RO", WITNESS),
        ("rights_victim", "RO", WITNESS),
    ):
        with pytest.raises(NotReady, match="not read to this person"):
            await desk.press(card, "counsel", law=law, whom=whom)
    with pytest.raises(Invalid, match="does not read this card"):
        await desk.press("roles_and_course", "read", whom=None, reader=AUTHORITY, shown=["0" * 64])


async def _state(desk: Desk, role: Role) -> str:
    async with desk.court.database.reading() as db:
        return str((await desk.court.seat(db, role)).state)


async def test_what_a_page_or_the_authority_has_acknowledged_is_not_asked_again(desk: Desk) -> None:
    assert (await desk.progress("recording_notice", whom=None)).done
    assert (await desk.progress("identity", law="TH")).done
    await desk.read("recording_notice", whom=None)
    log = await desk.log()
    assert [event.kind for event in log] == ["card_adopted", "card_read"]
    assert "participant" not in log[1].data
    async with desk.court.database.transaction() as db:
        seat = await desk.court.seat(db, WITNESS)
        seat.notice_at = None
        db.add(seat)
    assert (await desk.progress("recording_notice", whom=None)).due


async def test_a_victim_is_told_the_rights_of_a_victim_too(desk: Desk) -> None:
    async with desk.court.database.transaction() as db:
        request = await queries.get(db, HearingRequest, desk.court.request.id)
        request.capacity = Capacity.victim
        db.add(request)
    assert (await desk.progress("rights_victim")).due and (await desk.progress("rights_witness")).due


async def test_a_protected_persons_name_is_not_filled_in(desk: Desk) -> None:
    async with desk.court.database.transaction() as db:
        seat = await desk.court.seat(db, WITNESS)
        seat.identity_method = "protected_identity"
        db.add(seat)
    with pytest.raises(Invalid, match="identity is protected") as refused:
        await desk.press("line_lost", "adopt", whom=None, typed="The witness wept.", shown=["0" * 64])
    assert refused.value.field == "typed"


async def test_from_outside_the_room_nobody_presses(desk: Desk) -> None:
    async with desk.court.database.transaction() as db:
        seat = await desk.court.seat(db, JUDGE)
        seat.presence = PresenceStatus.waiting
        db.add(seat)
    with pytest.raises(NotReady, match="not in the room"):
        await desk.press("privilege", "counsel")


def buttons() -> Iterator[tuple[Role, set[str]]]:
    everything = set(NEEDS)
    for role in Role:
        if role is JUDGE:
            yield role, everything
        elif role in (CLERK, AUTHORITY):
            yield role, everything - {"adopt"}
        else:
            yield role, {"rendered"} if role is INTERPRETER else set()


@pytest.mark.parametrize(
    ("role", "able"), list(buttons()), ids=lambda value: str(value) if isinstance(value, Role) else ""
)
async def test_a_page_offers_the_buttons_of_its_role(desk: Desk, role: Role, able: set[str]) -> None:
    await desk.read("privilege")
    one = await desk.progress("privilege")
    viewer = Participant(
        id="-", owner_state="RO", hearing_id="-", role=role, display_name="-", state="RO", speaks="ro",
        presence=PresenceStatus.present, presence_since=desk.now,
    )  # fmt: skip
    assert set(offered(one, viewer)) == able
