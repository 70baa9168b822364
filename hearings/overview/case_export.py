"""One case, whole, as one State knows it: what it may read on pages and through the API, as JSON, and the files.

What the other State keeps to itself is not in it: what happened to a draft before it was submitted, to whom it gave the
work, its drafts of agreements, its rooms and people that it does not share, who has looked at what is its own.
Recordings are named with their roots; the media stay where they are. What was typed in a hearing names no protected
person, as wherever it is read. Every row is written field by field: a column that is added later is not exported unless
somebody names it here; tests/hearings/overview/test_case_export.py asks it of every table.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import agreements, line_tests, room_rules
from hearings.minutes import corrections, minutes, passages, reservations, text as minutes_text
from hearings.minutes.facts import redacted, secrets
from hearings.minutes.phrases import Joined, english, say
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
    SharedView,
    Signature,
    SigningKey,
    Sitting,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.requests import consultations, document as request_document, log as request_log
from hearings.requests.document import Papers
from hearings.requests.statements import content, plain
from hearings.signatures import signatures
from hearings.sitting import fingerprints, sealed_facts
from hearings.times import queries as diary_queries

FORMAT = "vivavoce-case"
VERSION = 1
MOST = 100_000
"""Lines of one log."""

REQUEST = (
    *("id", "reference", "requesting_state", "requested_state", "status", "version", "created_at", "submitted_at"),
    *("answered_at", "answered_ground", "answered_reason", "conditions", "condition_rules", "refusal_comment"),
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
CONSULTATION = (
    *("id", "owner_state", "held_at", "way", "with_whom", "subject", "outcome", "recorded_by_label"),
    "recorded_at",
)
MESSAGE = ("id", "owner_state", "author_label", "text", "at")
EVENT = ("id", "owner_state", "act", "at", "actor_label", "reason", "data")
CHANGE = ("id", "subject", "subject_id", "before", "after", "at", "actor_label", "reason")
VIEW = ("id", "subject", "subject_id", "viewer_state", "viewer_label", "at")
HEARING = (
    *("id", "ref", "case_number", "status", "starts_at", "ends_at", "wall_start", "wall_zone", "wall_fold"),
    *("tzdb_version", "requesting_state", "requesting_zone", "requesting_city", "language_requesting"),
    *("requested_state", "requested_zone", "requested_city", "language_requested", "recording_policy"),
    *("participant_classes", "margin_before", "margin_after", "line_test", "created_at"),
    *("requesting_signed", "requested_signed", "one_signed"),
)
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
class Case:
    """A case as one State knows it. `texts` are finished files by name; the bytes of `attachments` are read apart."""

    request: HearingRequest
    texts: dict[str, bytes]
    papers: Papers
    shown: list[Row] = field(default_factory=list)
    """Rows that are in it, for the notes of who has looked."""

    @property
    def attachments(self) -> Sequence[tuple[str, Attachment]]:
        """Files with the names they get, in the order they were added."""
        return [(f"attachments/{n:02d}-{one.name}", one) for n, one in enumerate(self.papers.attachments, start=1)]


async def gather(db: AsyncSession, request: HearingRequest, *, state: str) -> Case:
    """Read a case that `state` may see (`queries.request` has said so). Changes nothing."""
    papers = await request_document.gather(db, request)
    own = request.owner_state == state
    hearings = await queries.hearings_of_request(db, request.id)
    changes = await queries.history(db, request, *papers.consents)
    if not own:
        since = request.submitted_at
        changes = [one for one in changes if since is None or one.at >= since]
    shown: list[Row] = [request, *hearings]
    parts: dict[str, Any] = {
        "request.json": {**_row(request, REQUEST), "content": content(request)},
        "history.json": _rows(changes, CHANGE),
        "log.json": _rows(await request_log.of_request(db, request, state=state, limit=MOST), EVENT),
        "consents.json": _rows(papers.consents, CONSENT),
        "attachments.json": _rows(papers.attachments, ATTACHMENT),
        "translations.json": _rows(papers.translations, TRANSLATION),
        "consultations.json": _rows(await consultations.of_request(db, request.id), CONSULTATION),
        "messages.json": _rows(await _messages(db, request), MESSAGE),
        "views.json": _rows(await _views(db, shown, state), VIEW),
    }
    signed: list[Row] = [request, *hearings]
    for hearing in hearings:
        found, also = await _hearing(db, request, hearing, state)
        parts |= {f"hearings/{hearing.ref}/{name}": value for name, value in found.items()}
        signed += also
    parts["signatures.json"] = await _signatures(db, signed)
    parts["case.json"] = {"format": FORMAT, "version": VERSION, "reference": request.reference, "as_known_to": state}
    texts = {name: _text(value) for name, value in parts.items()}
    texts["documents/request.json"] = request_document.canonical(papers)
    return Case(request=request, texts=dict(sorted(texts.items())), papers=papers, shown=shown)


async def _hearing(
    db: AsyncSession, request: HearingRequest, hearing: Hearing, state: str
) -> tuple[dict[str, Any], list[Row]]:
    """The parts of one hearing by name, and the rows in them that authorities sign."""
    offers = await diary_queries.offers_of(db, hearing.id)
    booked = await diary_queries.bookings_of_hearing(db, hearing.id, state=state)
    agreed = await agreements.of_hearing(db, hearing, state=state)
    written = await minutes.of_hearing(db, hearing)
    sittings = (await db.exec(select(Sitting).where(Sitting.hearing_id == hearing.id).order_by(col(Sitting.id)))).all()
    compared = [one for sitting in sittings for one in await fingerprints.comparisons(db, sitting.id)]
    people = await queries.participants(db, hearing.id)
    hidden = dict(secrets(request.person_name, people))
    own = [*offers, *agreed, *written, *compared]
    changes: list[StatusChange] = [
        *await queries.hearing_history(db, hearing),
        *(await queries.history(db, *own) if own else ()),
    ]
    found: dict[str, Any] = {
        "hearing.json": _row(hearing, HEARING)
        | {
            "days": _rows(await diary_queries.days_of(db, hearing.id), DAY),
            "people": [_person(one) for one in people],
            "consents_to_terms": _rows(await diary_queries.consents_of(db, hearing.id), TERMS),
            "sittings": [await _sitting(db, one, hidden) for one in sittings],
        },
        "history.json": _veiled(_rows(_in_order(changes), CHANGE), hidden),
        "log.json": [_event(one, people, hidden) for one in await queries.events(db, hearing.id, limit=MOST)],
        "offers.json": _rows(offers, OFFER),
        "bookings.json": [_row(one, BOOKING) | {"resource": _row(what, RESOURCE)} for one, what in booked],
        "agreements.json": [await _agreement(db, one, state) for one in reversed(agreed)],
        "recordings.json": _rows(await queries.recordings_of_hearing(db, hearing.id), RECORDING),
    }
    for one in written:
        found |= await _minutes(db, hearing, one, hidden)
    return found, [*agreed, *written]


async def _sitting(db: AsyncSession, sitting: Sitting, hidden: Mapping[str, Joined]) -> dict[str, Any]:
    """A sitting with what was checked before it began."""
    confirmed = (await room_rules.confirmed(db, sitting.id)).values()
    compared = await fingerprints.comparisons(db, sitting.id)
    return _row(sitting, SITTING) | {
        "sound_checks": _rows(await queries.sound_checks(db, sitting.id), CHECK),
        "fingerprints": _rows(compared, COMPARISON),
        "conditions_confirmed": _veiled(_rows(sorted(confirmed, key=lambda one: one.id), CONFIRMATION), hidden),
    }


def _event(event: HearingEvent, people: Sequence[Participant], hidden: Mapping[str, Joined]) -> dict[str, Any]:
    """A line of the hearing's log. `by`: who of the hearing's people did it; empty for a system.

    `sha256` stands in the journal of every recording made since. It can be computed again from this line and the
    hearing's id, unless a name was replaced in it: then `id` is empty, so that nobody can try names.
    """
    by = next((one.id for one in people if event.actor in (one.id, one.person_id)), "")
    data = _veiled(event.data, hidden)
    return {
        **_row(event, ("seq", "at", "kind", "actor")),
        "id": event.id if data == plain(event.data) else "",
        "by": by,
        "role": event.actor_role,
        "data": data,
        "sha256": sealed_facts.sha256(sealed_facts.entry(event)),
    }


def _person(one: Participant) -> dict[str, Any]:
    """Somebody of a hearing, with the seat and the hash by which a recording's journal knows them."""
    return {
        **_row(one, PERSON),
        "seat": sealed_facts.seat(one),
        "sha256": sealed_facts.sha256(sealed_facts.person(one)),
    }


async def _minutes(
    db: AsyncSession, hearing: Hearing, found: Minutes, hidden: Mapping[str, Joined]
) -> dict[str, dict[str, Any]]:
    """Minutes as they are signed, and how they became so: every version of every passage, every reading back."""
    asked = await corrections.of_minutes(db, found)
    answers = {one.reading.id: one.answer for one in asked}
    whole = minutes_text.whole(
        hearing,
        found,
        passages=await passages.latest(db, found),
        reading=await minutes.reading_in_force(db, found),
        corrections=asked,
        recordings=await minutes.recordings(db, found),
        reservations=await reservations.reservations_to(db, found),
        signatures=await signatures.signatures_of(db, found),
    )
    versions = {
        "passages": _rows(await passages.versions(db, found), PASSAGE),
        "readings": [
            _row(one, READING) | {"answer": _row(given, ANSWER) if (given := answers.get(one.id)) else None}
            for one in await minutes.readings(db, found)
        ],
    }
    return {
        f"minutes-{found.number}.json": whole,
        f"minutes-{found.number}-versions.json": _veiled(versions, hidden),
    }


async def _agreement(db: AsyncSession, agreement: Agreement, state: str) -> dict[str, Any]:
    rounds = list(reversed(await agreements.offers(db, agreement)))
    tests = list(reversed(await line_tests.tests(db, agreement, limit=1000)))
    return _row(agreement, AGREEMENT) | {
        "rounds": _rows(await _on_the_table(db, agreement, rounds, state), ROUND),
        "line_tests": [
            _row(one, TEST) | {"reports": _rows(await line_tests.reports(db, one), REPORT)} for one in tests
        ],
    }


async def _on_the_table(
    db: AsyncSession, agreement: Agreement, rounds: Sequence[AgreementOffer], state: str
) -> list[AgreementOffer]:
    """The rounds a State knows: its own, and of the other's draft the last one, which was put on the table."""
    proposed = next((one.at for one in await queries.history(db, agreement) if one.after == "proposed"), None)
    earlier = [one for one in rounds if proposed is None or one.at <= proposed]
    return [one for one in rounds if one.by_state == state or one not in earlier or one is earlier[-1]]


async def _messages(db: AsyncSession, request: HearingRequest) -> Sequence[InformalMessage]:
    query = select(InformalMessage).where(InformalMessage.request_id == request.id)
    return (await db.exec(query.order_by(col(InformalMessage.id)))).all()


async def _views(db: AsyncSession, rows: Sequence[Row], state: str) -> Sequence[SharedView]:
    """Who has looked at what is the State's own."""
    mine = [row.id for row in rows if row.owner_state == state]
    query = select(SharedView).where(col(SharedView.subject_id).in_(mine), SharedView.owner_state == state)
    return (await db.exec(query.order_by(col(SharedView.id)))).all()


async def _signatures(db: AsyncSession, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What authorities have signed about these rows, byte for byte, each with the key that checks it."""
    found: list[dict[str, Any]] = []
    for row in rows:
        for one in await signatures.signatures_of(db, row):
            found.append(_signature(one, await queries.get(db, SigningKey, one.key_id)))
    return sorted(found, key=lambda one: (one["received_at"], one["jws"]))


def _signature(one: Signature, key: SigningKey) -> dict[str, Any]:
    return {
        **_row(one, ("owner_state", "act", "about", "subject", "subject_id", "signed_at", "received_at", "jws")),
        "authority": key.authority_name,
        "kid": key.kid,
        "public_key": key.public_key,
    }


def _in_order(changes: Iterable[StatusChange]) -> list[StatusChange]:
    return sorted(changes, key=lambda one: (one.at, one.id))


def _rows(rows: Iterable[Row], names: Sequence[str]) -> list[dict[str, Any]]:
    return [_row(row, names) for row in rows]


def _row(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: plain(getattr(row, name)) for name in names}


def _veiled(value: Any, hidden: Mapping[str, Joined]) -> Any:
    """The same with role and number in place of every protected person's name."""
    match value:
        case str():
            return say(redacted(value, hidden), "en", english)
        case dict():
            return {name: _veiled(one, hidden) for name, one in value.items()}
        case list():
            return [_veiled(one, hidden) for one in value]
        case _:
            return value


def _text(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")
