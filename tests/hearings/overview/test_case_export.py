"""A case as one State takes it away: no table of it is forgotten, and the log of the hearing names nobody protected."""

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from hearings import queries
from hearings.agreement import line_tests
from hearings.minutes import minutes
from hearings.models import (
    Agreement,
    AgreementOffer,
    Attachment,
    Booking,
    Consent,
    Consultation,
    CostTerm,
    FingerprintComparison,
    GateAnswer,
    Hearing,
    HearingDay,
    HearingRequest,
    InformalMessage,
    LineReport,
    LineTest,
    MinutesAnswer,
    MinutesPassage,
    MinutesReading,
    Offer,
    Participant,
    Recording,
    RequestEvent,
    Resource,
    RightAnswer,
    RoomConfirmation,
    SharedView,
    Sitting,
    SoundCheck,
    StatusChange,
    TermsConsent,
    Translation,
    metadata,
)
from hearings.models.columns import Row
from hearings.models.rights import RightAnswerKind
from hearings.overview import case_export
from hearings.requests import attachments
from hearings.requests.fields import FIELDS
from hearings.roles import Role
from hearings.sentences import english
from hearings.sitting import recorded_acts, recordings, sittings

pytestmark = [
    pytest.mark.parametrize("stage", ["in_session"]),
]
IN = {
    *("agreement", "agreement_offer", "attachment", "attachment_bytes", "booking", "consent", "consultation"),
    "gate_answer",
    "cost_term",
    *("fingerprint_comparison", "hearing", "hearing_day", "hearing_event", "hearing_request", "informal_message"),
    *("line_report", "line_test", "minutes", "minutes_answer", "minutes_passage", "minutes_reading"),
    *("minutes_correction", "minutes_reservation", "offer"),
    *("participant", "recording", "request_event", "resource", "right_answer", "room_confirmation", "shared_view"),
    *("signature", "coordination_room", "room_link"),
    *("signing_key", "sitting", "sound_check", "status_change", "summons_service"),
    *("terms_consent", "translation"),
    *("transmission_evidence", "transmission_stamp"),
}
"""Tables a case is exported from."""
OUT = {
    "act_head": "how far all acts of an installation have come",
    "api_answer": "kept for a day so that a repeated call is answered alike",
    "api_client": "a State's own system, for all its cases",
    "api_client_key": "a State's own system, for all its cases",
    "api_proof": "that no proof of a caller is used twice",
    "api_token": "lets a system in",
    "authority": "the directory, for all cases; a request holds the words it names an authority by",
    "authority_key": "to whom all recordings of a State are encrypted; a recording holds its own recipients",
    "calendar_entry": "what calendars were told last; the days of the hearing are exported",
    "calendar_feed": "an address of a person's own",
    "claim": "what the clock has done; what came of it is in the histories and logs",
    "keeping_decision": "how long a recording is kept; what concerns evidence is in its custody log, in every copy",
    "conduct": "which process conducts the live hearings now",
    "court_period": "hours of a court, for all cases",
    "cost_claim": "what people claim, for the State that pays them only; the statement of costs has the sums",
    "cost_line": "what people claim, for the State that pays them only; the statement of costs has the sums",
    "cost_receipt": "what people claim, for the State that pays them only; the statement of costs has the sums",
    "cost_receipt_bytes": "what people claim, for the State that pays them only; the statement of costs has the sums",
    "cost_step": "what people claim, for the State that pays them only; the statement of costs has the sums",
    "custody_audit": "how the store of this installation was found; nobody reads it on pages or by the API",
    "installation_event": "what was done to the installation as a whole",
    "former_address": "where a member of staff had mail until lately, kept for a week",
    "invitation": "lets a person in; the log says when links were made, used and revoked",
    "joint_change": "data of the law and of the directory, for all cases",
    "language_pair": "what an interpreter can do, for all cases",
    "law_row": "the law, for all cases; a request holds what it was judged by",
    "login": "lets a person in",
    "network_test": "what a browser measured of its way to the server; the hearing's log has who was connected",
    "retention_period": "how long a State keeps what names people, for all cases",
    "data_request": "what somebody asked about their data, for those who answer it",
    "data_decision": "the answer to what somebody asked about their data",
    "data_report": "that somebody asked what is held of them, for all cases",
    "erasure": "how much was erased of a State, for all cases",
    "room_state": "what States said in a coordination room, which is no part of a case",
    "room_participant": "who took part in a coordination room, which is no part of a case",
    "room_document": "what was shared in a coordination room, which is no part of a case",
    "room_document_bytes": "what was shared in a coordination room, which is no part of a case",
    "room_outcome": "what came of a coordination room; a request that did is a case of its own",
    "facilitator": "who brings States together, for all cases",
    "request_share": "which facilitator reads a status; nothing of it is in the case",
    "notice_subscription": "what a member of staff wants to be mailed of",
    "state_notice": "what a State says of itself to all, for all cases",
    "outbox_attempt": "post to people of one State, for those who look after it",
    "outbox_message": "post to people of one State, for those who look after it",
    "request_reading": "who opened the request; what follows from it is in the evidences of transmission",
    "rewrap": "who proposed and confirmed new recipients of a recording; its custody log has it",
    "participant_contact": "where a person gets mail, for the State that entered it only",
    "person": "staff, for all cases; the people of a hearing are exported",
    "recording_release": "what became of a recording later; its custody log, which goes with every copy, says it",
    "refused_statement": "read beside the State's keys by those who look after them; nothing came of it",
    "join_code": "lets a person in",
    "passkey": "lets a person in",
    "sign_in_challenge": "what a browser was asked, for minutes",
    "sign_in_link": "lets a person in",
    "staff_identity": "lets a person in",
    "staff_recovery": "how a person was let in again, for the administrators of the State",
    "site": "a place, for all cases; an agreement holds the terms that follow from it",
    "site_profile": "a place, for all cases; an agreement holds the terms that follow from it",
    "unfollowed_change": "a change the clock has still to tell of; the change itself is exported",
    "webhook": "an address of a State's own",
}
"""Tables of which a case holds nothing, and why."""


async def hold(court: Any, now: datetime) -> None:
    """A note that names the witness, a tested line, a condition kept; closed; minutes begun."""
    note = {"text": "She shows a letter to Somchai Jaidee."}
    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        clerk, judge = [await court.actor(db, role) for role in (Role.clerk, Role.presiding_judge)]
        await recorded_acts.record(db, hearing=court.hearing, kind="log_note", values=note, actor=clerk, now=now)
        await sittings.hold(db, sitting=sitting, reason="The witness is unwell", actor=judge, now=now)
        agreement = (await db.exec(select(Agreement))).one()
        await line_tests.begin(db, agreement=agreement, actor=court.staff("clerk"), now=now)
        kept = {"condition_kind": "counsel_present", "actor": "x", "actor_label": "Kanya Srisai", "at": now}
        db.add(RoomConfirmation(owner_state="RO", sitting_id=sitting.id, **kept))
        await sittings.close(db, sitting=sitting, actor=judge, now=now)
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="ab" * 32, now=now)
        await sittings.finish(db, sitting=sitting, now=now)
    async with court.database.transaction() as db:
        hearing = await queries.hearing(db, court.hearing.ref, state="RO")
        when = now + timedelta(minutes=1)
        await minutes.begin(db, hearing=hearing, say=english, actor=clerk, now=when)
        request = await queries.get(db, HearingRequest, court.request.id)
        file = {"kind": "exhibit", "name": "letter.txt", "data": b"A letter."}
        await attachments.add(db, request=request, actor=court.staff("clerk"), now=now, **file)


async def exported(court: Any, state: str) -> dict[str, Any]:
    """The files of the hearing as they are exported, by name; everything else is read too."""
    async with court.database.reading() as db:
        request = await queries.request(db, court.request.id, state=state)
        case = await case_export.gather(db, request, state=state)
        for _name, one in case.attachments:
            await attachments.bytes_of(db, request=request, attachment_id=one.id)
    here = f"hearings/{court.hearing.ref}/"
    return {name.removeprefix(here): json.loads(text) for name, text in case.texts.items() if name.startswith(here)}


async def test_every_table_is_in_the_export_or_it_is_said_why_not(court: Any, now: datetime) -> None:
    assert (set(metadata.tables) ^ (IN | set(OUT)), IN & set(OUT)) == (set(), set())
    await hold(court, now)
    read: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        read.update(re.findall(r'(?:FROM|JOIN) "?(\w+)', statement))

    event.listen(court.database.engine.sync_engine, "before_cursor_execute", note)
    await exported(court, "RO")
    assert IN - read == set()


LINKS = {"id", "owner_state", "request_id", "hearing_id", "agreement_id", "sitting_id", "line_test_id", "minutes_id"}
"""Whose the row is and what it is part of: its place in the export says it."""
ACTORS = {
    *("actor", "added_by", "author", "begun_by", "created_by", "moved_by", "recorded_by", "viewer", "person_id"),
    *("answered_by", "requesting_assignee", "requested_assignee", "hold_by", "identity_confirmed_by", "through"),
}
"""Ids of staff: exported is the name they had, in the row or in the history and logs."""
LEFT_OUT: dict[type, set[str]] = {
    # What the answers and histories say in full, and what pages search and count by.
    HearingRequest: {
        "gate_answers",
        "unanswered",
        "unscheduled",
        "pseudonym",
        "person_folded",
        "case_folded",
        "changed_at",
    },
    # What was signed is in signatures.json.
    Offer: {"signed_terms"},
    # How a person sat in the room at an instant, and how they were identified: the log has each change of it.
    Participant: {
        *("original", "renders", "presence_since", "microphone", "muted_by_court", "camera", "hand_at", "help_at"),
        *("has_floor", "next_in_turn", "interprets_since", "help_answered_by", "break_asked_at", "break_reason"),
        *("notice_at", "devices", "identity_method", "admitted_at", "name_folded", "pinned_id", "device_of_id"),
        *("replaces_id", "vacated_at"),
    },
    Booking: {"resource_no", "offer_id", "reason"},  # the resource stands beside it; the offer is of the same times
    # What the owner keeps of a room or an interpreter, for all cases.
    Resource: {"shared", "accreditation", "accredited_until", "note", "active", "created_at"},
    # The same of the hearing, and the ids of what the terms were made of.
    Agreement: {"requested_state", "starts_at", "requesting_profile_id", "requested_profile_id"},
    # How the room was held at an instant: the log has each change of it; and where its processes ran.
    Sitting: {
        *("floor_open", "hold_cause", "hold_by_role", "hold_reason", "hold_since", "holds", "floor_mode", "booths"),
        *("uninterpreted_id", "uninterpreted_since", "without_recording", "closed_session", "udp_port", "run_folder"),
        "uncovered",
    },
    MinutesAnswer: {"reading_id"},  # it stands with its reading
}
"""Columns beside these that are not exported, by table."""
EXPORTED: dict[type, tuple[str, ...]] = {
    HearingRequest: (*case_export.REQUEST, *FIELDS),
    Consent: case_export.CONSENT,
    Attachment: case_export.ATTACHMENT,
    Translation: case_export.TRANSLATION,
    Consultation: case_export.CONSULTATION,
    CostTerm: case_export.COST_TERM,
    GateAnswer: case_export.GATE_ANSWER,
    InformalMessage: case_export.MESSAGE,
    RequestEvent: case_export.EVENT,
    StatusChange: case_export.CHANGE,
    SharedView: case_export.VIEW,
    Hearing: case_export.HEARING,
    HearingDay: case_export.DAY,
    Offer: case_export.OFFER,
    Participant: case_export.PERSON,
    TermsConsent: case_export.TERMS,
    Booking: case_export.BOOKING,
    Resource: case_export.RESOURCE,
    Agreement: case_export.AGREEMENT,
    AgreementOffer: case_export.ROUND,
    LineTest: case_export.TEST,
    LineReport: case_export.REPORT,
    Recording: case_export.RECORDING,
    RightAnswer: case_export.RIGHT,
    Sitting: case_export.SITTING,
    SoundCheck: case_export.CHECK,
    FingerprintComparison: case_export.COMPARISON,
    RoomConfirmation: case_export.CONFIRMATION,
    MinutesPassage: case_export.PASSAGE,
    MinutesReading: case_export.READING,
    MinutesAnswer: case_export.ANSWER,
}


@pytest.mark.parametrize("table", EXPORTED, ids=lambda table: table.__name__)
def test_every_column_of_what_is_exported_is_in_it_or_named_as_left_out(stage: str, table: type[Row]) -> None:
    told, left = set(EXPORTED[table]), LEFT_OUT.get(table, set())
    assert set(table.model_fields) - told - left - LINKS - ACTORS == set(), "neither exported nor left out"
    assert (told & left, left - set(table.model_fields)) == (set(), set())


async def test_what_was_said_to_the_rights_checklist_is_in_it_with_objections(court: Any, now: datetime) -> None:
    said = {"item": "basis_in_force", "role": "counsel", "at": now, "hearing_id": court.hearing.id}
    async with court.database.transaction() as db:
        for number, (kind, reason) in enumerate((("kept", ""), ("objection", "Somchai Jaidee was not told."))):
            person = {"person_id": f"x{number}", "person_name": "Kanya Srisai"}
            db.add(RightAnswer(owner_state="RO", kind=RightAnswerKind(kind), reason=reason, **said, **person))
    found = (await exported(court, "TH"))["rights.json"]
    mine = [(one["kind"], one["reason"]) for one in found if one["person_name"] == "Kanya Srisai"]
    assert mine == [("kept", ""), ("objection", "Somchai Jaidee was not told.")]


@pytest.mark.parametrize("state", ["RO", "TH"])
async def test_the_log_of_a_hearing_and_what_was_checked_are_in_it(court: Any, now: datetime, state: str) -> None:
    await hold(court, now)
    async with court.database.reading() as db:
        events = await queries.events(db, court.hearing.id)
    found = await exported(court, state)
    log = found["log.json"]
    assert [(one["seq"], one["kind"]) for one in log] == [(one.seq, one.kind) for one in events]
    by_kind = {one["kind"]: one for one in log}
    assert by_kind["log_note"]["data"]["text"] == "She shows a letter to Somchai Jaidee."
    assert (by_kind["log_note"]["by"], by_kind["log_note"]["role"]) == (court.ids[Role.clerk], "clerk")
    assert by_kind["hold"]["data"]["reason"] == "The witness is unwell"
    assert by_kind["started"]["by"] == ""
    (sitting,) = found["hearing.json"]["sittings"]
    assert {one["status"] for one in sitting["sound_checks"]} == {"passed"}
    assert [one["status"] for one in sitting["fingerprints"]] == ["matched"]
    assert [one["condition_kind"] for one in sitting["conditions_confirmed"]] == ["counsel_present"]
    assert "fingerprint_comparison" in {one["subject"] for one in found["history.json"]}
    versions = found["minutes-1-versions.json"]
    assert {one["revision"] for one in versions["passages"]} == {1}
    assert {one["key"] for one in versions["passages"]} == {
        one["key"] for one in found["minutes-1.json"]["text"]["passages"]
    }


def canonical(value: Any) -> bytes:
    """JCS, written anew, for what the log of these hearings holds."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


async def test_the_hashes_that_stand_in_a_recordings_journal_follow_from_the_export_alone(
    court: Any, now: datetime
) -> None:
    await hold(court, now)
    async with court.database.reading() as db:
        people = await queries.participants(db, court.hearing.id)
        events = await queries.events(db, court.hearing.id)
    found = await exported(court, "TH")
    hearing, log = found["hearing.json"], found["log.json"]
    assert [one["sha256"] for one in log] == [recordings.sha256(recordings.entry(one)) for one in events]
    for one in log:
        facts = {name: one[name] for name in ("id", "seq", "at", "kind", "actor", "data")}
        facts |= {"hearing": hearing["id"], "actor_role": one["role"]}
        assert hashlib.sha256(canonical(facts)).hexdigest() == one["sha256"], one
    seated = {recordings.seat(person): recordings.sha256(recordings.person(person)) for person in people}
    assert seated == {one["seat"]: one["sha256"] for one in hearing["people"]}
    for one in hearing["people"]:
        facts = {"id": one["id"], "name": one["display_name"], "role": one["role"], "state": one["state"]}
        assert hashlib.sha256(canonical(facts)).hexdigest() == one["sha256"]
    assert "witness_1" in seated


async def test_an_entry_in_which_a_name_was_replaced_cannot_be_searched_for_the_name(court: Any, now: datetime) -> None:
    await hold(court, now)
    async with court.database.transaction() as db:
        witness = await queries.get(db, Participant, court.ids[Role.witness])
        witness.identity_method = "protected_identity"
        db.add(witness)
    log = (await exported(court, "TH"))["log.json"]
    assert {one["kind"] for one in log if not one["id"]} == {"log_note", "hold"}  # the witness is called that


async def test_a_name_that_is_protected_since_is_not_in_what_was_typed(court: Any, now: datetime) -> None:
    await hold(court, now)
    async with court.database.transaction() as db:
        witness = await queries.get(db, Participant, court.ids[Role.witness])
        witness.identity_method = "protected_identity"
        db.add(witness)
    found = await exported(court, "TH")
    (note,) = [one for one in found["log.json"] if one["kind"] == "log_note"]
    assert note["data"]["text"] == "She shows a letter to Witness 1."
    assert "Somchai" not in json.dumps(
        [found[name] for name in ("log.json", "history.json", "minutes-1-versions.json")]
    )
