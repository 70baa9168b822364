"""The draft of minutes as a pure function: what the law asks, what is told where, and in which language."""

import re
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hearings.agreement.outcome import Interpreting
from hearings.events import EventKind
from hearings.law.law import LAW
from hearings.minutes.course import ELSEWHERE, FAILING, GAPS, HELD, NOTES, TOLD, UNTOLD
from hearings.minutes.draft import WRITERS, draft, text_of
from hearings.minutes.facts import ASKED_IN, MINIMUM, SECTIONS, Consenting, Facts, clocks, minimum, moment
from hearings.minutes.gathering import bases, each_place
from hearings.minutes.people import MODES, SIDES
from hearings.minutes.sections import OATHS
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant, Recording, RightAnswer, Sitting
from hearings.models.request import InterpretingMode, OathForm, Side
from hearings.models.rights import RightAnswerKind
from hearings.models.sitting import HoldCause, HoldCode
from hearings.rights import checklist
from hearings.rights.checklist import RightItem
from hearings.rights.evidence import FoundEvidence
from hearings.rights.item_states import RightResult, RightState
from hearings.roles import Role
from hearings.sentences import Untranslated, english, tell
from hearings.status import RecordingStatus, SittingStatus
from media import messages
from media.evidence.log import journal_lines
from web.words import sentences

AT = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)


def request(**changes: Any) -> HearingRequest:
    values: dict[str, Any] = {
        "owner_state": "FR", "reference": "FR-1", "requesting_state": "FR", "requested_state": "ES",
        "instruments": ["eio"], "created_by": "-", "created_at": AT,
    }  # fmt: skip
    return HearingRequest(**(values | changes))


def hearing() -> Hearing:
    return Hearing(
        id="h", owner_state="FR", ref="AAAA-BBBB", request_id="r", starts_at=AT, ends_at=AT + timedelta(hours=1),
        wall_start="2026-12-02T23:30:00", wall_zone="Europe/Paris", requesting_state="FR", requesting_city="Paris",
        requesting_zone="Europe/Paris", requested_state="ES", requested_city="Las Palmas",
        requested_zone="Atlantic/Canary", tzdb_version="2026b", language_requesting="fr", language_requested="es",
        created_by="-", created_at=AT,
    )  # fmt: skip


def event(seq: int, kind: str, minutes: int = 0, *, actor: str = "system", **data: Any) -> HearingEvent:
    at = AT + timedelta(minutes=minutes)
    return HearingEvent(owner_state="FR", hearing_id="h", seq=seq, at=at, kind=kind, actor=actor, data=data)


def person(role: Role, name: str, **changes: Any) -> Participant:
    values: dict[str, Any] = {
        "id": role.value, "owner_state": "FR", "hearing_id": "h", "role": role, "number": 1, "display_name": name,
        "state": "ES", "city": "Las Palmas", "speaks": "es", "presence_since": AT,
    }  # fmt: skip
    return Participant(**(values | changes))


def facts(*events: HearingEvent, people: tuple[Participant, ...] = (), **changes: Any) -> Facts:
    asked = request()
    sitting = Sitting(id="s", owner_state="FR", hearing_id="h", since=AT, status=SittingStatus.closed, started_at=AT)
    values: dict[str, Any] = {
        "hearing": hearing(), "request": asked, "participants": people, "sittings": [sitting], "recordings": {},
        "events": events, "bases": tuple(bases(LAW, asked)),
    }  # fmt: skip
    return Facts(**(values | changes))


def told(found: Facts) -> dict[str, str]:
    return {passage.key: text_of(passage, "en", english) or "" for passage in draft(found).passages}


# --- what the law asks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instrument", "by", "provision"),
    [
        ("eio", "requested_authority", "art. 24(6)"),
        ("ets182", "requested_authority", "art. 9(6)"),
        ("untoc", "silent", ""),
        ("uncac", "silent", ""),
    ],
)
def test_each_instrument_says_who_draws_up_the_minutes(instrument: str, by: str, provision: str) -> None:
    (basis,) = bases(LAW, request(instruments=[instrument]))
    assert (basis.minutes_by, basis.provision) == (by, provision)
    assert minimum([basis]) == {"times", "identity", "people", "oath", "technical"}


def test_every_field_the_data_ask_for_has_its_section() -> None:
    fields = {name for rule in LAW.rules.values() for name in rule.get("minutes_fields") or ()}
    assert fields - ASKED_IN.keys() == set()
    assert fields | set(MINIMUM) == ASKED_IN.keys()
    assert WRITERS.keys() == SECTIONS.keys()


def test_a_national_rule_for_a_record_at_each_place_is_told() -> None:
    assert list(each_place(LAW, hearing())) == [("FR", "art. 694-5 (+706-71)")]
    found = told(facts(each_place=tuple(each_place(LAW, hearing()))))
    assert "France: a record is drawn up at each place (art. 694-5 (+706-71))." in found["case.basis"]


def test_what_has_not_been_verified_says_so() -> None:
    assert told(facts())["case.basis"].splitlines() == [
        "Directive 2014/41/EU (EIO) art. 24: the requested authority draws up the minutes.",
        "    Provision: art. 24(6).",
        "    The provision on minutes has not been verified.",
    ]


# --- events ------------------------------------------------------------------------------------------------------


def test_of_every_kind_of_event_it_is_decided_where_it_is_told() -> None:
    decided = [*TOLD, *ELSEWHERE, *UNTOLD, *NOTES]
    assert sorted(decided) == sorted(set(decided))
    assert {kind.value for kind in EventKind} - {str(kind) for kind in decided} == set()


def test_captions_are_told_once_for_each_feed_with_who_wrote_them() -> None:
    fed = [
        event(number, "caption", number, lang=lang, source=source, text="Am văzut.", n=number)
        for number, lang, source in (
            *((1, "ro", "stenographer"), (2, "th", "machine"), (3, "ro", "stenographer")),
            (4, "ro", "stenographer"),
        )
    ]
    found = told(facts(*fed))
    romanian, thai, what = found["languages.captions"].splitlines()
    assert romanian.startswith("Captions in Romanian, written by a stenographer, were shown from 23:31 (Paris), ")
    assert " to 23:34 (Paris)" in romanian and romanian.endswith(", 22:34 (Las Palmas).")
    assert thai.startswith("Captions in Thai, written by a machine, were shown from ")
    assert what == "    Captions helped to follow the hearing. They are not the record of what was said."
    assert "languages.captions" not in told(facts())
    assert "Am văzut" not in "".join(found.values())


def test_confirmed_conditions_are_told_with_who_confirmed_them() -> None:
    confirmed = event(1, "condition_confirmed", actor="requested_authority", condition="nobody_else_in_room")
    found = told(facts(confirmed, people=(person(Role.requested_authority, "Eva"),)))["conditions.all"]
    assert found == (
        "23:30 (Paris), 22:30 (Las Palmas): Eva confirmed: "
        "Nobody but the person heard and those named here is in the room with them."
    )


def test_fingerprints_compared_stand_under_technical_conditions_with_the_code() -> None:
    one, next_one = "00" * 32, f"{1:010x}" * 6 + "0000"
    people = (person(Role.clerk, "Ion"), person(Role.requested_authority, "Eva"))
    events = [
        event(1, "lobby_opened"),
        event(2, "fingerprints_compared", 1, actor="clerk", matched=True, certificate=one, state="FR"),
        event(3, "fingerprints_stale", 2, certificate=next_one),
        event(4, "fingerprints_compared", 3, actor="requested_authority", matched=False, certificate=next_one),
        event(5, "start_ordered", 4, actor="clerk", without_comparison="differs", reason="The line was noisy."),
    ]
    found = told(facts(*events, people=people))
    assert [line.partition("(Las Palmas): ")[2] for line in found["technical.fingerprints"].splitlines()] == [
        "Ion stated that the security codes of the server's certificate, read aloud between the courts, matched: "
        "00000 00000 00000 00000 00000 00000.",
        "the server was replaced, and with it its certificate; its security code from then on: "
        "00001 00001 00001 00001 00001 00001.",
        "Eva stated that the security codes of the server's certificate, read aloud between the courts, did not match. "
        "The server's own code was 00001 00001 00001 00001 00001 00001.",
    ]
    assert found["course.sitting_1"].splitlines()[3:] == [
        "    Although the security codes read aloud did not match.",
        "    Reason given: “The line was noisy.”",
    ]


def test_a_consent_that_was_missing_is_told_in_each_language() -> None:
    lacking = {"who": "accused", "provision": "art. 24", "status": "withdrawn", "known": True}
    unsure = lacking | {"who": "", "status": "pending", "known": False}
    kept = ["witness, s. 1: withdrawn", lacking, unsure]  # a text, as earlier versions kept it, first
    found = facts(event(1, "lobby_opened"), event(2, "resumed", 1, reason="All agree.", without_consent=kept))
    assert told(found)["course.sitting_1"].splitlines()[3:] == [
        "    Without the consent that is needed: witness, s. 1: withdrawn.",
        "    Without the consent that is needed: Accused, art. 24: withdrawn.",
        "    Without the consent that is needed: person to be heard, art. 24: asked, no answer yet; whether "
        "this rule applies is not known, so it is treated as applying.",
        "    Reason given: “All agree.”",
    ]
    (course,) = [passage for passage in draft(found).passages if passage.key == "course.sitting_1"]
    assert "Personne poursuivie, art. 24\u00a0: retiré" in (text_of(course, "fr", sentences.say) or "")


def test_an_act_that_is_new_is_told_by_its_code() -> None:
    found = told(facts(event(1, "lobby_opened"), event(2, "witness_fainted", 1, text="At once")))
    assert found["course.sitting_1"].splitlines()[2:] == [
        "23:31 (Paris), 22:31 (Las Palmas): an entry “witness_fainted” in the log, by the system.",
        "    Reason given: “At once”",
    ]


def test_an_interruption_ends_with_its_own_end_or_is_said_to_have_none() -> None:
    people = (person(Role.witness, "Ana"), person(Role.interpreter, "Luis"))
    lost = [
        event(1, "reconnecting", 0, participant="witness"),
        event(2, "reconnecting", 1, participant="interpreter"),
        event(3, "joined", 2, participant="interpreter"),
        event(4, "media_lost", 3),
        event(5, "media_back", 4),
        event(6, "recording_failing", 5, code="disk_full"),
    ]
    lines = told(facts(*lost, people=people))["interruptions.all"].splitlines()
    assert [line.partition("(Las Palmas)")[2] for line in lines] == [
        ": the line of Ana was lost; its restoration is not recorded.",
        ", for 60 seconds: the line of Luis was lost.",
        ", for 60 seconds: sound and picture of everyone were lost.",
        ": the recording was not known to be running (no storage space was left); its resumption is not recorded.",
    ]
    assert draft(facts(*lost, people=people)).passages
    by_key = {passage.key: passage for passage in draft(facts(*lost, people=people)).passages}
    assert by_key["interruptions.all"].sources == tuple(f"event:{seq}" for seq in (1, 2, 3, 4, 5, 6))


def test_a_person_may_leave_and_come_again() -> None:
    people = (person(Role.witness, "Ana"),)
    moves = [
        event(1, "admitted", 0, participant="witness"),
        event(2, "returned_to_lobby", 5, participant="witness"),
        event(3, "admitted", 9, participant="witness"),
        event(4, "closed", 30),
    ]
    lines = told(facts(*moves, people=people))["people.witness_1"].splitlines()
    assert lines[1:] == [
        "    In the room: 23:30–23:35 (Paris), 22:30–22:35 (Las Palmas); 23:39 (Paris), 22:39 (Las Palmas) – "
        "3 December 2026 00:00 (Paris), 2 December 2026 23:00 (Las Palmas)."
    ]
    stayed = (event(1, "admitted", -5, participant="witness"), event(2, "closed", 30))
    assert told(facts(*stayed, people=people))["people.witness_1"].splitlines()[1:] == ["    Present throughout."]
    absent = told(facts(people=people))["people.witness_1"].splitlines()[1]
    assert absent == "    The log does not show this person in the room."


def test_a_custodian_is_named_only_if_they_were_in_the_room() -> None:
    people = (person(Role.custodian, "Mihai Dinu", state="FR"),)
    away = told(facts(people=people))
    assert "people.custodian_1" not in away and "Mihai Dinu" not in "".join(away.values())
    came = (event(1, "admitted", -5, participant="custodian"), event(2, "closed", 30))
    assert told(facts(*came, people=people))["people.custodian_1"].startswith("Mihai Dinu, Custodian, in")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("consent_withdrawn", "    Reason: the person withdrew the consent to be heard."),
        ("line_lost:witness", "    Reason: the line of Witness 1 was lost."),
        ("line_lost:somebody", "    Reason: the line of – was lost."),
        ("absent:defence", "    Reason: somebody had to be in the room and was not: Defence counsel."),
        ("recording_failing:disk_full", "    Reason: the recording was not known to be running."),
        ("moon_eclipsed", "    Reason noted by the system: moon_eclipsed"),
    ],
)
def test_a_hold_of_the_service_is_told_in_words_and_names_nobody_protected(reason: str, words: str) -> None:
    people = (person(Role.witness, "Ana", identity_method="protected_identity"),)
    held = event(1, "hold", cause="fault", reason=reason)
    assert told(facts(held, people=people))["course.sitting_1"].splitlines()[2:] == [words]


def test_every_code_of_a_hold_by_the_service_has_words() -> None:
    assert set(HELD) == set(HoldCode)


def test_every_cause_of_a_gap_has_words() -> None:
    assert set(GAPS) == journal_lines.CAUSES


def test_a_gap_tells_what_is_missing_of_whom_and_when() -> None:
    people = (
        person(Role.witness, "Ana", identity_method="protected_identity"),
        person(Role.presiding_judge, "Eva"),
    )
    kept = Recording(
        id="k", owner_state="FR", sitting_id="s", status=RecordingStatus.sealed, since=AT, origin="o", opened_at=AT
    )
    late = {"from_ms": 65_000, "until_ms": 67_500, "cause": "late"}
    events = (
        event(1, "gap", 2, track="witness_1_mic", participant="witness", **late),
        event(2, "gap", 2, track="judge_1_cam", participant="presiding_judge", **late),
        event(3, "gap", 2, track="channel_es", lang="es", **late),
        event(4, "gap", 2, track="witness_1_mic", **late),  # as earlier versions put it
        event(5, "gap", -2, track="witness_1_mic", **late),  # before there was a recording, as far as is known
    )
    code = "from 0:01:05 to 0:01:07.500 of the recording"
    when = f"23:31 (Paris), 22:31 (Las Palmas) ({code})"
    lines = told(facts(*events, people=people, recordings={"s": kept}))["recording.gaps"].splitlines()
    assert lines == [
        f"No sound of Witness 1 {when}: it arrived too late.",
        f"No picture of Eva {when}: it arrived too late.",
        f"No interpretation into Spanish {when}: it arrived too late.",
        f"Gap in witness_1_mic {when}: it arrived too late. With 1 further of this cause: 5 seconds in all.",
    ]


def test_every_code_a_recording_fails_with_has_words() -> None:
    listed = re.search(r"`code`: ([a-z_, ]+)\.", str(messages.Failing.__doc__))
    assert listed is not None
    closed = typing.get_args(typing.get_type_hints(messages.FloorClosed)["cause"])
    assert {*listed[1].split(", "), *closed, "recorder_lost"} - {"line_lost"} == set(FAILING)


def test_a_code_nobody_knows_is_told_as_it_is() -> None:
    lines = told(facts(event(1, "recording_failing", code="moon_eclipsed")))["interruptions.all"].splitlines()
    assert "(moon_eclipsed)" in lines[0]


def test_a_person_who_types_a_code_is_quoted() -> None:
    people = (person(Role.presiding_judge, "Eva"),)
    held = event(1, "hold", actor="presiding_judge", cause="order", reason="consent_withdrawn")
    lines = told(facts(held, people=people))["course.sitting_1"].splitlines()
    assert lines[2:] == ["    Reason given: “consent_withdrawn”"]


def test_only_the_authoritys_own_holds_are_interventions() -> None:
    holds = [event(at, "hold", at, cause=cause.value, reason=f"why {at}") for at, cause in enumerate(HoldCause, 1)]
    lines = told(facts(*holds))["interventions.all"].splitlines()
    assert [line.rpartition(": ")[2] for line in lines] == ["“why 2”"]


@pytest.mark.parametrize(
    ("data", "open_for", "last"),
    [
        ({"method": "document_seen"}, "requested_authority", "not recorded, to be completed by: Requested authority."),
        ({"method": "document_seen", "document": "passport", "last_four": "XK129876"}, "", "passport, ending in 9876."),
        ({"method": "known_to_authority"}, "", "the person is known to the authority."),
    ],
)
def test_of_a_document_only_type_and_last_four_characters_are_told(data: Any, open_for: str, last: str) -> None:
    checks = facts(event(1, "identity_confirmed", participant="witness", **data), people=(person(Role.witness, "Ana"),))
    (found,) = [passage for passage in draft(checks).passages if passage.key == "identity.witness_1"]
    assert (found.open_for, found.required) == (open_for, True)
    assert told(checks)["identity.witness_1"].endswith(last)
    assert "XK12" not in " ".join(told(checks).values())


def test_what_was_booked_entered_or_chosen_is_not_told_as_done() -> None:
    people = (person(Role.witness, "Ana", speaks="ca"), person(Role.interpreter, "Luis"))
    acts = [
        event(1, "render_changed", 0, participant="interpreter", lang="fr"),
        event(2, "devices_checked", 1, participant="witness", camera=False, microphone=True, speaker=True),
    ]
    found = told(facts(*acts, people=people))
    assert found["languages.booked"].splitlines() == [
        "Language booked for the side of France: French.",
        "Language booked for the side of Spain: Spanish.",
        "Language entered for Ana: Catalan.",
    ]
    assert found["languages.interpreter_1"].splitlines()[1].startswith("First interpreted into French: ")
    assert found["technical.devices"].splitlines() == [
        "By Ana's own check the camera does not work.",
        "By Ana's own check the microphone works.",
        "By Ana's own check the loudspeaker works.",
    ]
    by_key = {passage.key: passage for passage in draft(facts(*acts, people=people)).passages}
    assert by_key["rights.recording"].sources == ("event:1-2",)  # no acknowledgement, in the log from 1 to 2


def test_interpreting_is_told_with_its_relays_signals_gaps_and_figures() -> None:
    people = (person(Role.witness, "Ana"), person(Role.interpreter, "Luis", interprets=["es", "fr"]))
    measured = {"jitter": {"mean": 9, "worst": 80, "missed": 2, "of": 20}, "freezes": {"total": 1, "missed": False}}
    acts = [
        event(1, "lobby_opened", 0),
        event(2, "relay_chosen", 1, participant="interpreter", lang="en"),
        event(3, "signal", 2, participant="interpreter", what="slower"),
        event(4, "uncovered", 3, lang="fr", since="-", seconds=7.5),
        event(5, "interpreting_figures", 4, participant="interpreter", since="-", reports=20, measures=measured),
    ]
    found = told(facts(*acts, people=people))
    lines = found["languages.interpreter_1"].splitlines()
    assert lines[1:4] == [
        "Measured: jitter, milliseconds; worst 80, limit 60, beyond it 2 times.",
        "Measured: freezes of the picture in ten minutes; worst 1, limit 3, beyond it 0 times.",
        "Assigned to interpret between these languages: Spanish, French.",
    ]
    course = " ".join(found.values())
    for words in (
        "chose to interpret from the channel of English, by relay.",
        "signalled once: more slowly, please.",
        "Nobody interpreted into French, although somebody needed it: times 1, minutes 0.1.",
    ):
        assert words in course


def test_every_choice_of_what_to_interpret_from_is_told_at_its_own_time_and_signals_are_counted() -> None:
    acts = [
        *(event(seq, "relay_chosen", seq, participant="interpreter", lang=lang)
          for seq, lang in enumerate(("en", "", "en", ""), 1)),
        *(event(seq, "signal", 10 * seq, participant="interpreter", what="repeat") for seq in (5, 6, 7)),
    ]  # fmt: skip
    lines = told(facts(*acts, people=(person(Role.interpreter, "Luis"),)))["languages.signals"].splitlines()

    def at(minute: int) -> str:
        return f"23:{30 + minute} (Paris), 22:{30 + minute} (Las Palmas)"

    assert lines[:2] == [
        f"{at(1)}; {at(3)}: Luis chose to interpret from the channel of English, by relay.",
        f"{at(2)}; {at(4)}: Luis chose to interpret from the floor.",
    ]
    assert lines[2].endswith(": Luis signalled 3 times: please repeat.")


def test_who_is_muted_twice_is_named_once_and_two_of_one_name_twice() -> None:
    people = (person(Role.presiding_judge, "Eva"), person(Role.witness, "Maria"), person(Role.expert, "Maria"))
    twice = [event(seq, "muted", seq, actor="presiding_judge", participant="witness") for seq in (1, 2)]
    assert told(facts(*twice, people=people))["course.sitting_1"].endswith(": Eva muted Maria.")
    both = [*twice, event(3, "muted", 3, actor="presiding_judge", participant="expert")]
    assert told(facts(*both, people=people))["course.sitting_1"].endswith(": Eva muted Maria, Maria.")


def kept(sitting: str, **changes: Any) -> Recording:
    values: dict[str, Any] = {
        "id": f"rec-{sitting}", "owner_state": "FR", "sitting_id": sitting, "status": RecordingStatus.sealed,
        "since": AT, "origin": sitting, "opened_at": AT,
    }  # fmt: skip
    return Recording(**(values | changes))


def sat(*ids: str) -> list[Sitting]:
    return [
        Sitting(id=one, owner_state="FR", hearing_id="h", since=AT, status=SittingStatus.closed, started_at=AT)
        for one in ids
    ]


WHOLE = "The hearing was recorded in sound and picture; questions and answers are in the recording."
IN_PART = "The hearing was recorded in sound and picture, except for what follows:"
ONE_CODE = "A time in square brackets is a time code of the recording."
MANY_CODES = "A time in square brackets is a time code of the recording of the sitting whose number stands before."
LACKING = {"status": RecordingStatus.no_recording, "opened_at": None}


@pytest.mark.parametrize(
    ("recordings", "lines", "code"),
    [
        ({"s": kept("s"), "t": kept("t")}, [WHOLE, MANY_CODES], "[2/0:42:17]"),
        ({"s": kept("s", **LACKING), "t": kept("t")},
         [IN_PART, "    Sitting 1 was not recorded.", ONE_CODE], "[0:42:17]"),
        ({"t": kept("t")}, [IN_PART, "    Sitting 1 was not recorded.", ONE_CODE], "[0:42:17]"),
        ({"s": kept("s", **LACKING)}, ["The hearing was not recorded."], "[0:42:17]"),
    ],
)  # fmt: skip
def test_the_summary_names_sittings_without_a_recording_and_explains_the_time_codes_that_are_written(
    recordings: dict[str, Recording], lines: list[str], code: str
) -> None:
    note = event(1, "log_note", actor="clerk", text="x", timecode_ms=2_537_900, recording="rec-t")
    found = told(facts(note, sittings=sat("s", "t"), recordings=recordings))
    assert found["summary.all"].splitlines()[1:] == lines
    assert found["course.sitting_1"].endswith(code)


def test_the_summary_names_what_two_had_decided_to_hold_without_a_recording() -> None:
    people = (person(Role.presiding_judge, "Eva"), person(Role.requested_authority, "Ines"))
    two = {"by": "presiding_judge", "confirmed_by": "requested_authority", "reason": "The witness leaves today."}
    events = [event(1, "unrecorded_begun", 1, **two), event(2, "unrecorded_ended", 9, seconds=480)]
    (summed,) = [
        one for one in draft(facts(*events, people=people, recordings={"s": kept("s")})).passages
        if one.key == "summary.all"
    ]  # fmt: skip
    assert (text_of(summed, "en", english) or "").splitlines()[1:] == [
        IN_PART,
        "    23:31–23:39 (Paris), 22:31–22:39 (Las Palmas) (8 minutes): not recorded, as Eva and Ines had decided.",
        ONE_CODE,
    ]
    assert {"event:1", "event:2"} <= set(summed.sources)


def test_consecutive_interpreting_is_summed_up_by_direction_and_time_without_by_language() -> None:
    people = (person(Role.witness, "Ana"), person(Role.interpreter, "Luis", interprets=["es", "fr"]))
    there, back = {"lang": "es", "into": ["fr"]}, {"lang": "fr", "into": ["es"]}
    acts = [
        event(1, "lobby_opened", 0),
        event(2, "interpreting_ended", 1, seconds=60.0, skipped=False, **there),
        event(3, "interpreting_ended", 2, seconds=30.0, skipped=False, goes_on=True, **there),
        event(4, "interpreting_ended", 3, seconds=45.0, skipped=False, **there),
        event(5, "interpreting_ended", 4, seconds=20.0, skipped=False, **back),
        event(6, "interpreting_ended", 5, seconds=0.0, skipped=True),
        event(7, "interpreting_ended", 6, seconds=6.0, skipped=False),
        event(8, "uncovered", 7, lang="fr", since="-", seconds=40.0),
        event(9, "uncovered", 8, lang="fr", since="-", seconds=50.0),
    ]
    found = draft(facts(*acts, people=people))
    (totals,) = [one for one in found.passages if one.key == "languages.totals"]
    assert (text_of(totals, "en", english) or "").splitlines() == [
        "Interpreted consecutively from – into –: times 1, minutes 0.1.",
        "Interpreted consecutively from Spanish into French: times 2, minutes 2.2.",
        "Interpreted consecutively from French into Spanish: times 1, minutes 0.3.",
        "Not interpreted consecutively, because the presiding judge went on without: times 1.",
        "Nobody interpreted into French, although somebody needed it: times 2, minutes 1.5.",
    ]
    assert {"event:3", "event:4", "event:6", "event:9"} <= set(totals.sources)
    assert "languages.totals" not in told(facts(event(1, "lobby_opened"), people=people))


def test_what_the_request_asked_for_is_told_as_asked_and_what_was_done_stays_open() -> None:
    asked = request(
        rights_notice_requesting="Ana need not\nanswer.", rights_notice_requested="Art. 24 LECrim",
        oath_text="I swear.", oath_form=OathForm.oath,
        interpreter_side=Side.requested, interpreter_mode=InterpretingMode.simultaneous,
    )  # fmt: skip
    hidden = person(Role.witness, "Ana", identity_method="protected_identity")
    found = facts(request=asked, people=(hidden,), interpreting=("row:agreement.3", "consecutive"))
    texts, by_key = told(found), {passage.key: passage for passage in draft(found).passages}
    assert texts["rights.requesting"] == (
        "The request asked for this notice of the rights under the law of France: “Witness 1 need not\nanswer.”\n"
        "Rights under the law of France, language and time of the notice: not recorded, to be completed by: "
        "Presiding judge."
    )
    assert texts["rights.requested"].startswith(
        "The request asked for this notice of the rights under the law of Spain: “Art. 24 LECrim”\nRights under"
    )
    assert texts["oath.all"] == (
        "The request specified: an oath.\nWording specified in the request: “I swear.”\nOath, affirmation or "
        "caution, its text and the answer: not recorded, to be completed by: Requested authority."
    )
    assert texts["languages.booked"].splitlines()[3:] == [
        "Interpreting the request asked for: simultaneous.",
        "By the request, the interpreter is to be provided by: the requested State.",
        "Interpreting by the technical agreement: consecutive.",
    ]
    assert {key: (by_key[key].sources, by_key[key].open_for) for key in ("rights.requested", "oath.all")} == {
        "rights.requested": (
            ("row:hearing_request.rights_notice_requested", "human:requested_authority"), "requested_authority",
        ),
        "oath.all": (
            ("row:hearing_request.oath_form", "row:hearing_request.oath_text", "human:requested_authority"),
            "requested_authority",
        ),
    }  # fmt: skip
    assert by_key["languages.booked"].sources[-1] == "row:agreement.3"


def test_every_form_side_and_mode_of_a_request_has_its_words() -> None:
    assert OATHS.keys() == {one.value for one in OathForm}
    assert SIDES.keys() == {one.value for one in Side}
    assert MODES.keys() == {one.value for one in InterpretingMode} | {Interpreting.none.value}


def test_where_a_protected_identity_is_kept_is_left_for_the_authority_to_write() -> None:
    people = (person(Role.witness, "Ana", identity_method="protected_identity"),)
    (found,) = [passage for passage in draft(facts(people=people)).passages if passage.key == "protection.annex"]
    assert (found.sources, found.open_for) == (
        ("row:participant.identity_method", "human:requested_authority"), "requested_authority",
    )  # fmt: skip
    assert "annex" not in " ".join(told(facts(people=people)).values())


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (RecordingStatus.sealed, "Sealed: 9 entries, root abc."),
        (RecordingStatus.failed, "It could not be closed properly (it could not be written to its store)."),
        (RecordingStatus.recording, "Not sealed when this was drafted."),
        (RecordingStatus.no_recording, "Sitting 1: no recording."),
    ],
)
def test_a_recording_is_told_as_far_as_it_is_known(status: RecordingStatus, line: str) -> None:
    kept = Recording(
        id="rec", owner_state="FR", sitting_id="s", status=status, since=AT, origin="o", size=9, root="abc",
        failing_code="io_error",
    )  # fmt: skip
    assert told(facts(recordings={"s": kept}))["recording.sitting_1"].splitlines()[-1] == line


# --- languages ---------------------------------------------------------------------------------------------------


def test_a_moment_gives_the_date_again_where_a_calendar_shows_another() -> None:
    place = hearing()
    place.requested_city, place.requested_zone = "Kiritimati", "Pacific/Kiritimati"
    told = (
        "2 December 2026 23:30 Paris (+01:00)",
        "3 December 2026 12:30 Kiritimati (+14:00)",
        "2 December 2026 22:30:00 UTC",
    )
    assert moment(place, AT) == ", ".join(told)
    here = ("23:30–23:40 (Paris)", "3 December 2026 12:30–12:40 (Kiritimati)")
    assert clocks(place, AT, AT + timedelta(minutes=10), known=AT.date()) == ", ".join(here)


@pytest.mark.parametrize(
    ("lang", "comma", "day"),
    [
        ("fr", ", ", "2 décembre 2026"),
        ("ar", "، ", "2 ديسمبر 2026"),
        ("zh-Hans", "、", "2026年12月2日"),
        ("pt-BR", ", ", "2 de dezembro de 2026"),
        ("ro", ", ", "2 decembrie 2026"),
        ("th", ", ", "2 ธันวาคม ค.ศ. 2026"),
        ("en", ", ", "2 December 2026"),
    ],
)
def test_a_moment_has_the_day_and_the_comma_of_its_language(lang: str, comma: str, day: str) -> None:
    times = (f"{day} 23:30 Paris (+01:00)", "22:30 Las Palmas (+00:00)", "22:30:00 UTC")
    assert sentences.say_whole(lang, moment(hearing(), AT)) == comma.join(times)


def test_a_passage_is_missing_in_a_language_its_program_does_not_have() -> None:
    def say(lang: str, text: str) -> str:
        raise Untranslated(lang)

    assert {text_of(passage, "sw", say) for passage in draft(facts()).passages} == {None}


def test_a_consent_is_told_by_whose_rule_asks_for_it_in_each_language() -> None:
    rows = tuple(
        Consenting(source="row", layer=layer, state=state, provision="s. 1", status="given", at=AT)
        for layer, state in (("treaty", ""), ("national", "ES"), ("policy", ""))
    )
    found = told(facts(consents=rows))
    assert [found[f"consent.{n}"].split("\n")[0] for n in (1, 2, 3)] == [
        "Consent under the instrument: given.",
        "Consent under the law of Spain: given.",
        "Consent under a rule of this service: given.",
    ]
    assert found["consent.2"].split("\n")[1].strip() == "Provision: s. 1."


def test_the_rights_checklist_is_told_with_evidence_reasons_and_objections_and_without_what_does_not_apply() -> None:
    def said(kind: RightAnswerKind, text: str) -> RightAnswer:
        return RightAnswer(item="r07_summons", kind=kind, owner_state="ES", reason=text, person_name="Eva")

    def stands(item: RightItem, state: RightState, **more: Any) -> RightResult:
        given: dict[str, Any] = {"evidence": {}, "answer": None, "objections": []}
        return RightResult(item=item, state=state, **given | more)

    by_id = {item.id: item for item in checklist.items()}
    shown = {
        "basis_in_force": FoundEvidence(source="row:instruments.eio", says=tell("The Directive reaches this person"))
    }
    late = said(RightAnswerKind.objection, "It came a day before.")
    rights = (
        stands(by_id["r01_legal_basis"], RightState.by_evidence, evidence=shown),
        stands(by_id["r03_parties_heard"], RightState.not_applicable),
        stands(
            by_id["r07_summons"], RightState.not_kept, answer=said(RightAnswerKind.not_kept, "It came back."),
            objections=[late],
        ),
        stands(by_id["r21_room"], RightState.open),
    )  # fmt: skip
    assert told(facts(rights=rights))["rights.checklist"].split("\n") == [
        "The rights checklist:",
        "1. Legal basis: kept, as the case shows.",
        "    Shown by: The Directive reaches this person.",
        "7. Summons in time: not kept.",
        "    Eva: “It came back.”",
        "    Objection of Eva: “It came a day before.”",
        "21. Nobody else in the room: not shown, and nobody answered.",
    ]
    assert "rights.checklist" not in told(facts())
