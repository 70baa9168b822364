"""The text of minutes that is read back, hashed and signed, and the whole of them as JSON. Pure.

What is signed is the RFC 8785 form of `text(...)`: every passage in both languages with where it came from, and the
reading back, with the answers to corrections that were asked for and not made. Reservations and signatures stand beside
it, so that adding one voids nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rfc8785

from hearings.minutes.corrections import Correction, answers_json
from hearings.minutes.passages import tongues
from hearings.models import Hearing, Minutes, MinutesPassage, MinutesReading, MinutesReservation, Recording
from hearings.models.columns import Row
from hearings.status import RecordingStatus

FORMAT = "vivavoce-minutes"


def digest(value: Any) -> str:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def about(hearing: Hearing, minutes: Minutes) -> str:
    """What a signature on them is about."""
    return f"{hearing.ref}/{minutes.number}"


def passages_json(minutes: Minutes, passages: Sequence[MinutesPassage]) -> list[dict[str, Any]]:
    """The passages as they are hashed."""
    return [
        {
            "key": passage.key,
            "texts": {lang: passage.texts.get(lang, "") for lang in tongues(minutes)},
            "by": {lang: _mark(passage.marks.get(lang, {})) for lang in tongues(minutes)},
            "sources": list(passage.sources),
            "open_for": passage.open_for,
        }
        for passage in passages
    ]


def _mark(mark: Mapping[str, Any]) -> dict[str, str]:
    return {"how": str(mark.get("how", "")), "by": str(mark.get("by", ""))}


def reading_json(reading: MinutesReading) -> dict[str, Any]:
    """A reading back as it is hashed and shown."""
    return {
        "at": reading.at.isoformat(),
        "read_by": reading.read_by,
        "languages": list(reading.languages),
        "heard_by": list(reading.heard_by),
        "outcome": reading.outcome.value,
        "corrections": reading.corrections,
    }


def text(
    hearing: Hearing,
    minutes: Minutes,
    passages: Sequence[MinutesPassage],
    reading: MinutesReading | None,
    corrections: Sequence[Correction] = (),
) -> dict[str, Any]:
    """The text that is signed: the passages, the reading back that was accepted, and answers to corrections if any."""
    answers = answers_json(corrections)
    return {
        "format": FORMAT,
        "version": 1,
        "hearing": hearing.ref,
        "number": minutes.number,
        "requesting_state": hearing.requesting_state,
        "requested_state": hearing.requested_state,
        "languages": list(tongues(minutes)),
        "passages": passages_json(minutes, passages),
        "reading": None if reading is None else reading_json(reading),
    } | ({"answers": answers} if answers else {})


def heads(recordings: Iterable[Recording]) -> dict[str, str]:
    """The head at which every recording was closed, by its id: `SIZE:ROOT`, as `vivavoce verify --head` takes it."""
    return {one.id: f"{one.size}:{one.root}" for one in recordings if one.status is RecordingStatus.sealed}


def body(minutes: Minutes, recordings: Iterable[Recording]) -> dict[str, Any]:
    """What an authority signs."""
    return {"text_sha256": minutes.text_sha256, "recordings": heads(recordings)}


def earlier_body(minutes: Minutes, recordings: Iterable[Recording]) -> dict[str, Any]:
    """What an authority signed before the size of a recording was part of it: its root says as much."""
    roots = {key: head.rpartition(":")[2] for key, head in heads(recordings).items()}
    return {"text_sha256": minutes.text_sha256, "recordings": roots}


def whole(
    hearing: Hearing,
    minutes: Minutes,
    *,
    passages: Sequence[MinutesPassage],
    reading: MinutesReading | None,
    corrections: Sequence[Correction],
    recordings: Sequence[Recording],
    reservations: Sequence[MinutesReservation],
    signatures: Sequence[Row],
) -> dict[str, Any]:
    """Everything, for whoever keeps or checks the minutes: the text, its hash, signatures as received, reservations."""
    said = text(hearing, minutes, passages, reading, corrections)
    return {
        "text": said,
        "text_sha256": digest(said),
        "status": minutes.status.value,
        "recordings": heads(recordings),
        "corrections": [
            reading_json(one.reading) | {"number": one.reading.number, "unmade": list(one.unmade)}
            for one in corrections
        ],
        "signatures": [getattr(one, "jws", "") for one in signatures],
        "reservations": [
            {
                "number": one.number,
                "kind": one.kind.value,
                "made_by": one.made_by,
                "role": one.role,
                "language": one.language,
                "text": one.text,
                "text_sha256": one.text_sha256,
                "entered_by": one.author_label,
                "at": one.at.isoformat(),
            }
            for one in reservations
        ],
        "signed_at": minutes.signed_at.isoformat() if minutes.signed_at else None,
        "received_at": minutes.received_at.isoformat() if minutes.received_at else None,
        "received_by": minutes.received_by,
    }
