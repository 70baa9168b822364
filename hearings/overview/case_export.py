"""Export of one case for one State: everything it may read on pages and through the API, as JSON, and the files.

Internal data of the other State are left out: the history of a draft before submission, assignment of work, drafts of
agreements, rooms and people it does not share, view notes of its rows. Recordings are listed with their roots, without
media. Texts typed in a hearing name no protected person, as everywhere.

Every row is written field by field: a later column is not exported until it is named here, which
tests/hearings/overview/test_case_export.py checks for every table.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import agreements, line_tests, room_rules
from hearings.coordination import rooms
from hearings.costs import cost_terms
from hearings.minutes import corrections, minutes, passages, signed_corrections, text as minutes_text
from hearings.minutes.facts import redacted, secrets
from hearings.models import (
    Agreement,
    AgreementOffer,
    Attachment,
    Hearing,
    HearingEvent,
    HearingRequest,
    InformalMessage,
    Minutes,
    Participant,
    Recording,
    SharedView,
    Signature,
    SigningKey,
    Sitting,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.requests import consultations, document as request_document, log as request_log
from hearings.requests.document import Papers, content, plain
from hearings.rights.facts import answers_of
from hearings.signatures import evidences, signatures
from hearings.sitting import fingerprints, recordings
from hearings.summons import services
from hearings.times import queries as diary_queries

FORMAT = "vivavoce-case"
VERSION = 1
MOST = 100_000
"""Most lines of one log."""

REQUEST = (
    *("id", "reference", "requesting_state", "requested_state", "status", "version", "created_at", "submitted_at"),
    *("answered_at", "answered_ground", "answered_reason", "conditions", "condition_rules", "refusal_comment"),
    *("answered_objections", "consultation_left_out_because", "receipt_due", "execution_due"),
    *("refusal_comment_at", "answer_due", "info_due", "review_due", "written_due", "written_confirmed_at"),
    *("priority", "priority_override", "priority_reason", "gate_result"),
)
CONSENT = (
    *("id", "rule", "provision", "text", "status", "since", "counsel", "counsel_present", "lawyer_access"),
    *("given_at", "note"),
)
ATTACHMENT = (
    "id",
    "owner_state",
    "kind",
    "name",
    "media_type",
    "size",
    "sha256",
    "added_by_label",
    "added_at",
    "signatures",
)
TRANSLATION = (
    *("id", "owner_state", "language", "translator", "machine", "reviewer", "certified", "attachment_id"),
    "added_at",
)
SUMMONS = (
    *("id", "owner_state", "participant_id", "summoned_to", "outcome", "way", "served_at", "served_zone", "served_by"),
    *("language", "translation", "attachment_id", "reason", "remarks", "recorded_by_label", "at"),
)
COST_TERM = (
    *("id", "owner_state", "matter", "kind", "bearer", "amount", "currency", "text", "recorded_by_label", "at"),
)
CONSULTATION = (
    *("id", "owner_state", "held_at", "way", "with_whom", "subject", "outcome", "recorded_by_label"),
    "recorded_at",
)
GATE_ANSWER = ("id", "owner_state", "fact", "answer", "answered_with", "note", "actor_label", "at")
MESSAGE = ("id", "owner_state", "author_label", "text", "at")
EVENT = ("id", "owner_state", "act", "at", "actor_label", "reason", "data")
CHANGE = ("id", "subject", "subject_id", "before", "after", "at", "actor_label", "reason")
ROOM = ("ref", "starts_at")
"""Of a coordination room: that there is one, and when; nothing of what was said there."""
VIEW = ("id", "subject", "subject_id", "viewer_state", "viewer_label", "at")
HEARING = (
    *("id", "ref", "case_number", "status", "starts_at", "ends_at", "wall_start", "wall_zone", "wall_fold"),
    *("tzdb_version", "requesting_state", "requesting_zone", "requesting_city", "language_requesting"),
    *("requested_state", "requested_zone", "requested_city", "language_requested", "recording_policy"),
    "booked_languages",
    *("participant_classes", "margin_before", "margin_after", "line_test", "created_at"),
    *("requesting_signed", "requested_signed", "one_signed", "terms_version", "capacity", "agreed_rooms"),
    "rights_version",
)
RIGHT = ("id", "owner_state", "item", "kind", "reason", "evidence", "person_name", "role", "at")
DAY = (
    *("number", "starts_at", "ends_at", "wall_start", "wall_zone", "wall_fold", "tzdb_version", "heard_at"),
    *("dropped_at", "dropped_why"),
)
OFFER = (
    *("id", "round", "number", "by_state", "starts_at", "ends_at", "wall_start", "wall_zone", "wall_fold"),
    *("tzdb_version", "status", "read_at", "created_at"),
)
PERSON = (
    *("id", "role", "number", "display_name", "state", "city", "speaks", "hears", "presence", "essential"),
    *("interprets", "interprets_into"),
    *("needs_identity", "identity_confirmed_at"),
)
TERMS = ("owner_state", "terms_hash", "at", "actor_label")
BOOKING = ("id", "day", "starts_at", "ends_at", "active", "created_at", "released_at")
RESOURCE = ("resource_no", "kind", "name", "city", "zone", "owner_state")
AGREEMENT = (
    *("id", "number", "status", "round", "by_state", "needs", "terms", "terms_sha256", "passed_over_at"),
    *("passed_over_by", "passed_over_why", "created_at"),
)
ROUND = ("round", "by_state", "needs", "changes", "terms", "terms_sha256", "reason", "at", "actor_label")
TEST = ("id", "terms_sha256", "begun_at", "judged_at", "passed", "findings")
REPORT = ("owner_state", "measured", "at", "actor_label")
RECORDING = (
    *("id", "sitting_id", "status", "since", "origin", "opened_at", "closed_at", "sealed_count", "last_sealed_at"),
    *("size", "root", "failing_code"),
)
SITTING = ("id", "status", "since", "started_at", "closed_at")
CHECK = (
    "participant_id",
    "lang",
    "required",
    "camera_required",
    "status",
    "audio_ok",
    "level",
    "picture",
    "text",
    "at",
)
COMPARISON = ("id", "certificate", "status", "since", "said")
CONFIRMATION = ("condition_kind", "at", "actor_label")
PASSAGE = (
    *("key", "revision", "position", "texts", "marks", "sources", "open_for", "required", "author_label", "at"),
    "note",
)
READING = (
    *("number", "outcome", "read_by", "languages", "heard_by", "corrections", "passages_sha256", "author_label"),
    "at",
)
ANSWER = ("text", "author_label", "at")


@dataclass(frozen=True, kw_only=True)
class CaseExport:
    """The export for one State. `texts`: contents of files by name; the bytes of `attachments` are read separately."""

    request: HearingRequest
    texts: dict[str, bytes]
    papers: Papers
    written: Sequence[tuple[Hearing, Minutes]] = ()
    """The minutes, to be printed into the bag."""
    recorded: Sequence[tuple[Hearing, Recording]] = ()
    """The recordings, whose signed heads go into the bag."""
    shown: list[Row] = field(default_factory=list)
    """Exported rows, for view notes."""

    @property
    def attachments(self) -> Sequence[tuple[str, Attachment]]:
        """Files with the names they get, in the order they were added."""
        return [
            (f"attachments/{n:02d}-{paper.name}", paper) for n, paper in enumerate(self.papers.attachments, start=1)
        ]


async def gather(db: AsyncSession, request: HearingRequest, *, state: str) -> CaseExport:
    """Read a case that `state` may see (`queries.request` has said so). Changes nothing."""
    papers = await request_document.gather(db, request)
    own = request.owner_state == state
    hearings = await queries.hearings_of_request(db, request.id)
    changes = await queries.history(db, request, *papers.consents)
    if not own:
        since = request.submitted_at
        changes = [change for change in changes if since is None or change.at >= since]
    rows: list[Row] = [request, *hearings]
    parts: dict[str, Any] = {
        "request.json": {**_row(request, REQUEST), "content": content(request)},
        "history.json": _rows(changes, CHANGE),
        "log.json": _rows((await request_log.of_request(db, request, state=state, limit=MOST)).rows[::-1], EVENT),
        "consents.json": _rows(papers.consents, CONSENT),
        "attachments.json": _rows(papers.attachments, ATTACHMENT),
        "translations.json": _rows(papers.translations, TRANSLATION),
        "consultations.json": _rows(await consultations.of_request(db, request.id), CONSULTATION),
        "gate_answers.json": _rows(papers.answers, GATE_ANSWER),
        "messages.json": _rows(await _messages(db, request), MESSAGE),
        "rooms.json": _rows(await rooms.of_request(db, request.id, state=state), ROOM),
        "views.json": _rows(await _views(db, rows, state), VIEW),
    }
    signed: list[Row] = [request, *hearings]
    for hearing in hearings:
        files, also = await _hearing(db, request, hearing, state)
        parts |= {f"hearings/{hearing.ref}/{name}": value for name, value in files.items()}
        signed += also
    parts["signatures.json"] = await _signatures(db, signed)
    parts["case.json"] = {"format": FORMAT, "version": VERSION, "reference": request.reference, "as_known_to": state}
    texts = {name: _text(value) for name, value in parts.items()}
    texts["documents/request.json"] = request_document.canonical(papers)
    texts |= await _transmission(db, request, state)
    written = [(hearing, row) for hearing in hearings for row in await minutes.of_hearing(db, hearing)]
    recorded = [(one, row) for one in hearings for row in await queries.recordings_of_hearing(db, one.id)]
    sorted_texts = dict(sorted(texts.items()))
    return CaseExport(
        request=request, texts=sorted_texts, papers=papers, written=written, recorded=recorded, shown=rows
    )


async def _transmission(db: AsyncSession, request: HearingRequest, state: str) -> dict[str, bytes]:
    """The evidences of transmission that a State may read, and their time-stamps, by name."""
    rows = await evidences.of_request(db, request, state=state)
    files = {f"transmission/{evidences.file_name(row)}": row.jws.encode("ascii") for row in rows}
    stamps = await evidences.stamps(db, rows)
    for row in rows:
        if row.id in stamps and stamps[row.id].evidence_id == row.id:
            files[f"transmission/{evidences.file_name(row).removesuffix('.jws')}.tsr"] = stamps[row.id].tsr
    return files


async def _hearing(
    db: AsyncSession, request: HearingRequest, hearing: Hearing, state: str
) -> tuple[dict[str, Any], list[Row]]:
    """The parts of one hearing by name, and the rows in them that authorities sign."""
    offers = await diary_queries.offers_of(db, hearing.id)
    booked = await diary_queries.bookings_of_hearing(db, hearing.id, state=state)
    agreed = await agreements.of_hearing(db, hearing, state=state)
    written = await minutes.of_hearing(db, hearing)
    sittings = (await db.exec(select(Sitting).where(Sitting.hearing_id == hearing.id).order_by(col(Sitting.id)))).all()
    compared = [comparison for sitting in sittings for comparison in await fingerprints.comparisons(db, sitting.id)]
    people = await queries.participants(db, hearing.id)
    hidden = dict(secrets(request.person_name, people))
    own = [*offers, *agreed, *written, *compared]
    changes: list[StatusChange] = [
        *await queries.hearing_history(db, hearing),
        *(await queries.history(db, *own) if own else ()),
    ]
    files: dict[str, Any] = {
        "hearing.json": _row(hearing, HEARING)
        | {
            "days": _rows(await diary_queries.days_of(db, hearing.id), DAY),
            "people": [_person(person) for person in people],
            "consents_to_terms": _rows(await diary_queries.consents_of(db, hearing.id), TERMS),
            "costs": _veiled(_rows(await cost_terms.of_hearing(db, hearing.id), COST_TERM), hidden),
            "summons": _veiled(_rows(await services.of_hearing(db, hearing.id), SUMMONS), hidden),
            "sittings": [await _sitting(db, sitting, hidden) for sitting in sittings],
        },
        "history.json": _veiled(_rows(_in_order(changes), CHANGE), hidden),
        "log.json": [_event(event, people, hidden) for event in await queries.events(db, hearing.id, limit=MOST)],
        "offers.json": _rows(offers, OFFER),
        "bookings.json": [_row(booking, BOOKING) | {"resource": _row(what, RESOURCE)} for booking, what in booked],
        "agreements.json": [await _agreement(db, agreement, state) for agreement in reversed(agreed)],
        "rights.json": _veiled(_rows(await answers_of(db, hearing.id), RIGHT), hidden),
        "recordings.json": [_recording(row) for row in await queries.recordings_of_hearing(db, hearing.id)],
    }
    later: list[Row] = []
    for record in written:
        files |= await _minutes(db, hearing, record, hidden)
        for correction in await signed_corrections.of_minutes(db, record):
            name = f"minutes-{record.number}-correction-{correction.number}.json"
            files[name] = await signed_corrections.whole(db, hearing, record, correction)
            later.append(correction)
    return files, [*agreed, *written, *later]


async def _sitting(db: AsyncSession, sitting: Sitting, hidden: Mapping[str, str]) -> dict[str, Any]:
    """A sitting with what was checked before it began."""
    confirmed = (await room_rules.confirmed(db, sitting.id)).values()
    compared = await fingerprints.comparisons(db, sitting.id)
    return _row(sitting, SITTING) | {
        "sound_checks": _rows(await queries.sound_checks(db, sitting.id), CHECK),
        "fingerprints": _rows(compared, COMPARISON),
        "conditions_confirmed": _veiled(
            _rows(sorted(confirmed, key=lambda confirmation: confirmation.id), CONFIRMATION), hidden
        ),
    }


def _recording(row: Recording) -> dict[str, Any]:
    """A recording without its media: the head by which minutes and `vivavoce verify --head` name it, and the page of
    this installation that gives its bag to whoever may have it.
    """
    head = minutes_text.heads([row]).get(row.id, "")
    return _row(row, RECORDING) | {"head": head, "page": f"/recordings/{row.id}"}


def _event(event: HearingEvent, people: Sequence[Participant], hidden: Mapping[str, str]) -> dict[str, Any]:
    """A line of the hearing's log. `by`: who of the hearing's people did it; empty for a system.

    `sha256` stands in the journal of every recording made since. It can be computed again from this line and the
    hearing's id, unless a name was replaced in it: then `id` is empty, so that nobody can try names.
    """
    by = next((person.id for person in people if event.actor in (person.id, person.person_id)), "")
    data = _veiled(event.data, hidden)
    return {
        **_row(event, ("seq", "at", "kind", "actor")),
        "id": event.id if data == plain(event.data) else "",
        "by": by,
        "role": event.actor_role,
        "data": data,
        "sha256": recordings.sha256(recordings.entry(event)),
    }


def _person(participant: Participant) -> dict[str, Any]:
    """A participant, with the seat and the hash that name them in a recording's journal."""
    return {
        **_row(participant, PERSON),
        "seat": recordings.seat(participant),
        "sha256": recordings.sha256(recordings.person(participant)),
    }


async def _minutes(
    db: AsyncSession, hearing: Hearing, record: Minutes, hidden: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """The minutes in the form signed, with every version of every passage and every reading back."""
    asked = await corrections.of_minutes(db, record)
    answers = {correction.reading.id: correction.answer for correction in asked}
    whole = minutes_text.whole(
        hearing,
        record,
        passages=await passages.latest(db, record),
        reading=await minutes.reading_in_force(db, record),
        corrections=asked,
        recordings=await minutes.recordings(db, record),
        reservations=await corrections.reservations_to(db, record),
        signatures=await signatures.signatures_of(db, record),
    )
    versions = {
        "passages": _rows(await passages.versions(db, record), PASSAGE),
        "readings": [
            _row(reading, READING) | {"answer": _row(given, ANSWER) if (given := answers.get(reading.id)) else None}
            for reading in await minutes.readings(db, record)
        ],
    }
    return {
        f"minutes-{record.number}.json": whole,
        f"minutes-{record.number}-versions.json": _veiled(versions, hidden),
    }


async def _agreement(db: AsyncSession, agreement: Agreement, state: str) -> dict[str, Any]:
    rounds = list(reversed(await agreements.offers(db, agreement)))
    tests = list(reversed(await line_tests.tests(db, agreement, limit=1000)))
    return _row(agreement, AGREEMENT) | {
        "rounds": _rows(await _on_the_table(db, agreement, rounds, state), ROUND),
        "line_tests": [
            _row(test, TEST) | {"reports": _rows(await line_tests.reports(db, test), REPORT)} for test in tests
        ],
    }


async def _on_the_table(
    db: AsyncSession, agreement: Agreement, rounds: Sequence[AgreementOffer], state: str
) -> list[AgreementOffer]:
    """The rounds a State may see: its own, and of the other's draft only the last one, which was proposed."""
    proposed = next((change.at for change in await queries.history(db, agreement) if change.after == "proposed"), None)
    earlier = [offer for offer in rounds if proposed is None or offer.at <= proposed]
    return [offer for offer in rounds if offer.by_state == state or offer not in earlier or offer is earlier[-1]]


async def _messages(db: AsyncSession, request: HearingRequest) -> Sequence[InformalMessage]:
    query = select(InformalMessage).where(InformalMessage.request_id == request.id)
    return (await db.exec(query.order_by(col(InformalMessage.id)))).all()


async def _views(db: AsyncSession, rows: Sequence[Row], state: str) -> Sequence[SharedView]:
    """The view notes of the State's own rows."""
    mine = [row.id for row in rows if row.owner_state == state]
    query = select(SharedView).where(col(SharedView.subject_id).in_(mine), SharedView.owner_state == state)
    return (await db.exec(query.order_by(col(SharedView.id)))).all()


async def _signatures(db: AsyncSession, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The statements signed about these rows, as received, each with the key that verifies it."""
    exported: list[dict[str, Any]] = []
    for row in rows:
        for signature in await signatures.signatures_of(db, row):
            exported.append(_signature(signature, await queries.get(db, SigningKey, signature.key_id)))
    return sorted(exported, key=lambda entry: (entry["received_at"], entry["jws"]))


def _signature(signature: Signature, key: SigningKey) -> dict[str, Any]:
    return {
        **_row(signature, ("owner_state", "act", "about", "subject", "subject_id", "signed_at", "received_at", "jws")),
        "authority": key.authority_name,
        "kid": key.kid,
        "public_key": key.public_key,
    }


def _in_order(changes: Iterable[StatusChange]) -> list[StatusChange]:
    return sorted(changes, key=lambda change: (change.at, change.id))


def _rows(rows: Iterable[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    return [_row(row, names) for row in rows]


def _row(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in names}


def _veiled(value: Any, hidden: Mapping[str, str]) -> Any:
    """A copy with role and number in place of every protected person's name."""
    match value:
        case str():
            return str(redacted(value, hidden))
        case dict():
            return {name: _veiled(member, hidden) for name, member in value.items()}
        case list():
            return [_veiled(item, hidden) for item in value]
        case _:
            return value


def _text(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")
