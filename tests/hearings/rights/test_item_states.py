"""How every item of the rights checklist stands: by evidence, by a person's answer, by neither."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings.agreement.room_rules import RoomRules
from hearings.events import EventKind
from hearings.law.answer import ConductTerm, GateLine, LineStatus
from hearings.law.legal_bases import GateOutcome, GateStatus, Verdict
from hearings.models import (
    Agreement,
    Attachment,
    Consent,
    Hearing,
    HearingEvent,
    HearingRequest,
    MinutesReading,
    Participant,
    RightAnswer,
    SummonsService,
)
from hearings.models.participant import SummonsOutcome
from hearings.models.request import Capacity, OathForm, Stage
from hearings.models.request_parts import AttachmentKind
from hearings.models.rights import RightAnswerKind
from hearings.requests import conditions
from hearings.rights import checklist, item_states
from hearings.rights.applying import APPLIES
from hearings.rights.checklist import AnsweredBy, Gate, RightItem
from hearings.rights.evidence import EVIDENCE
from hearings.rights.facts import RightsFacts, done
from hearings.rights.item_states import RightState
from hearings.roles import Role
from hearings.status import ConsentStatus, HearingStatus, PresenceStatus
from hearings.summons.summons_states import SummonsResult, SummonsState

AT = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)


def hearing(speaks: str = "th") -> Hearing:
    return Hearing(
        id="h", owner_state="RO", requesting_state="RO", requested_state="TH", requesting_zone="Europe/Bucharest",
        starts_at=AT, language_requesting="ro", language_requested=speaks, booked_languages=[],
    )  # fmt: skip


RULES = [
    {"kind": "official_present", "role": "requested_authority", "function": "Prosecutor"},
    {"kind": "nobody_else_in_room"},
    {"kind": "camera_shows_room"},
]
AGREED = {
    "interpreting": "simultaneous", "breakdown": {"phone": True}, "recording": "sound_and_picture",
    "fingerprints": True,
}  # fmt: skip
ITEMS = checklist.items()
BY_EVIDENCE = [item for item in ITEMS if item.answer is not AnsweredBy.person]
BY_PERSON = [item for item in ITEMS if item.answer is not AnsweredBy.evidence]


def request(**columns: Any) -> HearingRequest:
    given: dict[str, Any] = {
        "capacity": Capacity.accused, "stage": Stage.trial, "death_penalty": True, "custody_place": "",
        "exhibits": "A letter", "protection_requested": ["child_measures"], "person_age_under_18": True,
        "reason_text": "", "use_limits": "", "oath_form": None,
    }  # fmt: skip
    return HearingRequest(**given | columns)


def person(role: Role, **columns: Any) -> Participant:
    given: dict[str, Any] = {
        "id": role.value, "role": role, "device_of_id": None, "presence": PresenceStatus.invited, "notice_at": None,
        "needs_identity": True, "identity_confirmed_at": None, "speaks": "th", "person_id": None,
    }  # fmt: skip
    return Participant(**given | columns)


def verdict(**changes: Any) -> Verdict:
    given: dict[str, Any] = {
        "instrument": "ets182", "name": "ETS 182", "provision": "art. 9", "outcome": GateOutcome.met,
        "decision": GateStatus.allowed, "selectable": True, "lines": (), "must_be_agreed": (), "next_steps": {},
    }  # fmt: skip
    return Verdict(**given | changes)


def event(seq: int, kind: EventKind, **data: Any) -> HearingEvent:
    return HearingEvent(hearing_id="h", seq=seq, at=AT, kind=kind.value, data=data)


def agreement(**columns: Any) -> Agreement:
    given = {"number": 1, "needs": {"accessibility": ["captions"]}, "passed_over_at": None, "passed_over_why": ""}
    return Agreement(**given | columns)


def attached(kind: AttachmentKind, state: str, at: datetime = AT) -> Attachment:
    return Attachment(id=kind.value, kind=kind, owner_state=state, added_at=at)


LATE = ConductTerm(
    key="presence_requested_authority", value="mandatory", provision="", text="", source="", confidence="unknown"
)


DECLARED = GateLine(
    key="declaration_TH", status=LineStatus.missing, provision="", text="", inputs={}, source="", confidence="unknown"
)


def bare() -> RightsFacts:
    """Every item counts, and nothing is shown."""
    return RightsFacts(
        hearing=hearing(),
        request=request(),
        people=[person(Role.defendant), person(Role.defence)],
        verdicts=[verdict(outcome=GateOutcome.refused, lines=(DECLARED,))],
        consents=[],
        outstanding=[],
        asked=True,
        attachments={},
        acts={},
        agreement=agreement(),
        line_good=False,
        rules=RoomRules(conditions=conditions.parse(RULES), session={"fingerprints": True}),
        log=[],
        reading=None,
        answers=[],
    )


def full() -> RightsFacts:
    """Every item counts, and everything is shown."""
    here = {"presence": PresenceStatus.present, "notice_at": AT}
    people = [
        person(Role.defendant, identity_confirmed_at=AT, **here),
        *(person(role, **here) for role in (Role.defence, Role.requested_authority, Role.interpreter)),
    ]
    told = {"participant": "defendant", "language": "th"}
    log = [
        event(1, EventKind.link_issued, participant="defence"),
        event(2, EventKind.devices_checked),
        event(3, EventKind.condition_confirmed, condition="nobody_else_in_room"),
        event(4, EventKind.condition_confirmed, condition="camera_shows_room"),
        event(5, EventKind.sound_check),
        event(6, EventKind.fingerprints_compared, matched=True),
        event(7, EventKind.started),
        event(8, EventKind.oath, participant="interpreter", outcome="taken"),
        event(9, EventKind.rights_notice, law="RO", **told),
        event(10, EventKind.rights_notice, law="TH", **told),
        event(11, EventKind.closed_session_begun),
        event(12, EventKind.recording_sealed),
    ]
    consent = Consent(status=ConsentStatus.given, lawyer_access=True)
    summons = SummonsService(**summons_columns("th"))
    return replace(
        bare(),
        summonses=[summoned(SummonsState.served, summons)],
        request=request(reason_text="Ill", use_limits="This case", oath_form=OathForm.oath),
        people=people,
        verdicts=[verdict(terms=(LATE,))],
        consents=[consent],
        attachments={
            kind: [attached(kind, "TH" if kind is AttachmentKind.consent else "RO")] for kind in AttachmentKind
        },
        agreement=agreement(needs={"accessibility": ["captions"], "private_line": True}),
        line_good=True,
        rules=replace(bare().rules, session=AGREED, telephones={"RO": {"room_phone": "1"}, "TH": {"room_phone": "2"}}),
        log=log,
        reading=MinutesReading(number=1),
    )


def summoned(state: SummonsState, service: SummonsService | None = None) -> SummonsResult:
    return SummonsResult(person=person(Role.defendant), state=state, service=service, earlier=(), says=())


def summons_columns(language: str, translation: str = "") -> dict[str, Any]:
    tags = {"language": language, "translation": translation}
    return {"id": "s1", "served_at": AT, "served_zone": "Asia/Bangkok", "outcome": SummonsOutcome.served} | tags


def said(item: str, *kinds: RightAnswerKind, state: str = "TH") -> list[RightAnswer]:
    return [
        RightAnswer(id=f"{number}", item=item, kind=kind, owner_state=state, reason="Why")
        for number, kind in enumerate(kinds, 1)
    ]


def state(item: RightItem, facts: RightsFacts, answers: Sequence[RightAnswer] = ()) -> RightState:
    return item_states.stand(item, replace(facts, answers=answers)).state


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_an_item_that_counts_is_open_while_nothing_shows_it_and_nobody_answers(item: RightItem) -> None:
    assert APPLIES[item.applies](bare())
    found = item_states.stand(item, bare())
    assert (found.state, found.blocks) == (RightState.open, item.stops)


@pytest.mark.parametrize("item", BY_EVIDENCE, ids=lambda item: item.id)
def test_an_item_is_kept_by_what_the_case_shows_and_by_less_it_is_not(item: RightItem) -> None:
    found = item_states.stand(item, full())
    assert (found.state, found.blocks, found.missing) == (RightState.by_evidence, False, ())
    assert {each.id for each in item.evidence if each.needed} <= set(found.evidence)
    assert all(each.source and str(each.says) for each in found.evidence.values())
    assert item_states.stand(item, bare()).missing


@pytest.mark.parametrize("item", BY_PERSON, ids=lambda item: item.id)
def test_an_item_is_kept_by_the_answer_of_a_person_and_not_by_an_objection(item: RightItem) -> None:
    kinds = RightAnswerKind
    assert state(item, bare(), said(item.id, kinds.kept)) is RightState.by_answer
    assert state(item, bare(), said(item.id, kinds.not_applicable)) is RightState.not_applicable
    assert state(item, bare(), said(item.id, kinds.not_kept)) is RightState.not_kept
    assert state(item, bare(), said(item.id, kinds.objection)) is RightState.open
    assert state(item, bare(), said("r99_other", kinds.kept)) is RightState.open


@pytest.mark.parametrize("name", EVIDENCE)
def test_every_evidence_is_found_where_it_is_and_nowhere_else(name: str) -> None:
    assert EVIDENCE[name](full()) is not None
    shown_without = {
        "lead_time_kept",  # a rule that nobody breaks
        "penalty_stated", "protection_ordered", "child_measures_asked", "needs_agreed",  # why the item counts
    }  # fmt: skip
    assert (EVIDENCE[name](bare()) is not None) == (name in shown_without)


def test_a_no_counts_above_evidence_and_where_the_item_would_not_count() -> None:
    item = next(item for item in ITEMS if item.id == "r09_interpreter")
    assert state(item, full(), said(item.id, RightAnswerKind.not_kept)) is RightState.not_kept
    alike = replace(full(), hearing=hearing("ro"))
    assert state(item, alike) is RightState.not_applicable
    assert state(item, alike, said(item.id, RightAnswerKind.not_kept)) is RightState.not_kept


def test_the_no_of_one_state_stands_until_that_state_takes_it_back() -> None:
    item = next(item for item in ITEMS if item.id == "r09_interpreter")
    kinds = RightAnswerKind
    theirs = said(item.id, kinds.not_kept)
    ours = [RightAnswer(id="5", item=item.id, kind=kinds.kept, owner_state="RO", reason="")]
    assert state(item, bare(), [*theirs, *ours]) is RightState.not_kept
    assert state(item, bare(), [*theirs, *ours, *said(item.id, kinds.kept)]) is RightState.by_answer


def test_the_judge_goes_on_without_it_until_somebody_says_no_again() -> None:
    item = next(item for item in ITEMS if item.id == "r07_summons")
    kinds = RightAnswerKind
    no = said(item.id, kinds.not_kept)
    over = [RightAnswer(id="2", item=item.id, kind=kinds.overridden, owner_state="RO", reason="Freely")]
    assert state(item, bare(), [*no, *over]) is RightState.overridden
    again = [RightAnswer(id="3", item=item.id, kind=kinds.not_kept, owner_state="TH", reason="No")]
    assert state(item, bare(), [*no, *over, *again]) is RightState.not_kept


@pytest.mark.parametrize(
    ("name", "kind", "owner", "gate"),
    [
        ("decision_attached", AttachmentKind.decision, "RO", Gate.agree),
        ("consent_attached", AttachmentKind.consent, "TH", Gate.ready),
        ("exhibits_attached", AttachmentKind.exhibit, "RO", Gate.start),
    ],
)
def test_a_file_counts_of_the_state_that_owes_it_and_from_before_the_act(
    name: str, kind: AttachmentKind, owner: str, gate: Gate
) -> None:
    def counts(state: str, **acts: datetime) -> bool:
        before = {Gate(act): at for act, at in acts.items()}
        return EVIDENCE[name](replace(full(), attachments={kind: [attached(kind, state)]}, acts=before)) is not None

    assert counts(owner) and not counts("TH" if owner == "RO" else "RO")
    assert counts(owner, **{gate: AT}) and not counts(owner, **{gate: AT - timedelta(seconds=1)})


@pytest.mark.parametrize(("said", "counts"), [(True, True), (False, False), (None, False)])
def test_the_risk_of_a_death_penalty_counts_by_the_answer_of_the_request_and_by_no_word_in_it(
    said: bool | None, counts: bool
) -> None:
    item = next(item for item in ITEMS if item.id == "r25_human_rights_state")
    asked = replace(bare(), request=request(death_penalty=said, penalty_max="Not death, ten years"))
    assert APPLIES[item.applies](asked) is counts
    no = spoken(item, ("TH", "authority", RightAnswerKind.not_kept))
    assert state(item, asked, no) is RightState.not_kept


def test_an_act_that_was_undone_waits_again() -> None:
    status, hour = HearingStatus, timedelta(hours=1)
    moves = [status.proposed, status.agreed, status.ready, status.in_progress]
    timed = [(each, AT + number * hour) for number, each in enumerate(moves)]
    assert done(timed) == {Gate.agree: AT + hour, Gate.ready: AT + 2 * hour, Gate.start: AT + 3 * hour}
    assert set(done([*timed, (status.part_heard, AT + 4 * hour)])) == {Gate.agree}
    assert done([*timed[:3], (status.agreed, AT + 4 * hour)]) == {Gate.agree: AT + hour}
    assert done([*timed[:2], (status.countered, AT + 4 * hour)]) == {}


def spoken(item: RightItem, *said: tuple[str, str, RightAnswerKind]) -> list[RightAnswer]:
    """Answers by State, function and kind, oldest first."""
    return [
        RightAnswer(id=f"{number}", item=item.id, owner_state=state, role=role, kind=kind, reason="Why")
        for number, (state, role, kind) in enumerate(said, 1)
    ]


def test_what_a_judge_decided_stands_until_a_judge_of_that_state_says_something_else() -> None:
    item, kinds = next(item for item in ITEMS if item.id == "r02_decision_video"), RightAnswerKind
    for decided, stands in ((kinds.not_kept, RightState.not_kept), (kinds.overridden, RightState.overridden)):
        judge = ("RO", "judge", decided)
        for other in (("RO", "clerk", kinds.kept), ("RO", "clerk", kinds.not_applicable), ("TH", "judge", kinds.kept)):
            assert state(item, bare(), spoken(item, judge, other)) is stands
        assert state(item, bare(), spoken(item, judge, ("RO", "judge", kinds.kept))) is RightState.by_answer
    over, no = ("RO", "judge", kinds.overridden), ("RO", "clerk", kinds.not_kept)
    assert state(item, bare(), spoken(item, over, no)) is RightState.overridden


def test_a_judge_takes_the_place_of_the_clerk_who_can_still_say_no_afterwards() -> None:
    item, kinds = next(item for item in ITEMS if item.id == "r02_decision_video"), RightAnswerKind
    clerk, judge = ("RO", "clerk", kinds.not_kept), ("RO", "judge", kinds.kept)
    assert state(item, bare(), spoken(item, clerk, judge)) is RightState.by_answer
    assert state(item, bare(), spoken(item, judge, clerk)) is RightState.not_kept


def test_objections_stand_beside_the_answers_in_their_order() -> None:
    item = ITEMS[6]
    rows = said(item.id, RightAnswerKind.objection, RightAnswerKind.kept, RightAnswerKind.objection)
    found = item_states.stand(item, replace(bare(), answers=rows))
    assert (found.state, [row.id for row in found.objections]) == (RightState.by_answer, ["1", "3"])


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ([event(1, EventKind.rights_notice, law="TH", participant="other", language="th")], False),
        ([event(1, EventKind.rights_notice, law="RO", participant="defendant", language="th")], False),
        ([event(1, EventKind.rights_notice, law="TH", participant="defendant", language="th")], True),
    ],
)
def test_the_rights_are_told_to_the_person_in_the_room_under_the_law_in_question(
    log: list[HearingEvent], shown: bool
) -> None:
    assert (EVIDENCE["notice_requested"](replace(full(), log=log)) is not None) is shown


@pytest.mark.parametrize("name", ["authority_present", "identity_confirmed", "notice_acknowledged"])
def test_who_was_in_the_room_counts_when_all_have_left_it_and_who_never_came_does_not(name: str) -> None:
    gone = replace(full(), people=full().people)
    for number, one in enumerate(gone.people):
        one.presence = PresenceStatus.released
        come = event(20 + number, EventKind.entered, participant=one.id)
        gone = replace(gone, log=[*gone.log, come])
    assert EVIDENCE[name](gone) is not None
    never = replace(gone, log=full().log, people=[*gone.people, person(Role.witness, presence=PresenceStatus.released)])
    assert EVIDENCE[name](never) is None
    absent = replace(never, log=gone.log)
    assert EVIDENCE[name](absent) is not None


def test_a_notice_that_was_answered_with_no_is_not_understood_until_it_is_explained_again() -> None:
    card = {"card": {"id": "rights"}}
    notice = event(1, EventKind.rights_notice, participant="defendant", language="th", **card)
    no, yes = (event(n, EventKind.card_answered, answer=word, **card) for n, word in ((2, "no"), (3, "yes")))
    understood = EVIDENCE["notice_understood"]
    assert understood(replace(full(), log=[notice, no])) is None
    assert understood(replace(full(), log=[notice, no, yes])) is not None
    foreign = event(1, EventKind.rights_notice, participant="defendant", language="ro")
    assert understood(replace(full(), log=[foreign])) is not None
    assert understood(replace(full(), log=[foreign], people=full().people[:1])) is None


def test_an_interruption_is_answered_by_a_word_of_the_court_after_it() -> None:
    answered = EVIDENCE["interruptions_answered"]
    begun, gap = event(1, EventKind.started), event(2, EventKind.gap)
    assert answered(replace(full(), log=[begun])) is not None
    assert answered(replace(full(), log=[begun, gap])) is None
    assert answered(replace(full(), log=[begun, gap, event(3, EventKind.log_note)])) is not None


@pytest.mark.parametrize("wrong", [*SummonsState], ids=str)
def test_the_summons_is_kept_by_service_in_time_on_everybody_heard_and_by_nothing_else(wrong: SummonsState) -> None:
    item = next(item for item in ITEMS if item.id == "r07_summons")
    (good,) = full().summonses
    both = replace(full(), summonses=[good, summoned(wrong, good.service)])
    kept = wrong in (SummonsState.served, SummonsState.not_owed)
    found = EVIDENCE["summons_served"](full())
    assert found is not None and found.source == "row:summons_service.s1" and "2 December 2026" in found.says
    assert state(item, both) is (RightState.by_evidence if kept else RightState.open)
    assert (EVIDENCE["lead_time_kept"](both) is not None) == (wrong is not SummonsState.late)


def test_where_the_law_owes_no_summons_none_is_asked_for() -> None:
    item = next(item for item in ITEMS if item.id == "r07_summons")
    free = replace(full(), summonses=[summoned(SummonsState.not_owed)] * 2)
    assert state(item, free) is RightState.by_evidence
    assert state(item, replace(full(), summonses=[])) is RightState.open


def test_a_request_that_names_the_court_and_its_reasons_shows_the_decision_but_for_no_accused() -> None:
    item = next(item for item in ITEMS if item.id == "r02_decision_video")
    reasons = {"judicial_authority": "Bucharest Tribunal", "reason_text": "The witness is ill."}

    def kept(**columns: Any) -> bool:
        row = request(**{"capacity": Capacity.witness, **reasons, **columns})
        return state(item, replace(bare(), request=row)) is RightState.by_evidence

    assert kept()
    assert not kept(judicial_authority=" ") and not kept(reason_text="")
    assert not kept(capacity=Capacity.accused) and not kept(capacity=Capacity.suspect)


def test_a_summons_in_a_language_the_person_does_not_speak_shows_nothing() -> None:
    foreign = SummonsService(**summons_columns("en"))
    assert EVIDENCE["summons_served"](replace(full(), summonses=[summoned(SummonsState.served, foreign)])) is None
    own = SummonsService(**summons_columns("en", "th"))
    assert EVIDENCE["summons_served"](replace(full(), summonses=[summoned(SummonsState.served, own)])) is not None
