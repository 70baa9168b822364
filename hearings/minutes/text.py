"""The text of minutes that is read back, hashed and signed, and the complete minutes as JSON. Pure.

What is signed is the RFC 8785 form of `text(...)`: every passage in both languages with its sources, and the
reading back, with the answers to corrections that were not made. Reservations and signatures are not part of it, so
adding one voids nothing.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import rfc8785

from hearings.minutes.corrections import Correction, answers_json
from hearings.minutes.passages import minutes_languages
from hearings.models import Hearing, Minutes, MinutesPassage, MinutesReading, MinutesReservation, Recording, Signature
from hearings.models.columns import Row
from hearings.status import RecordingStatus

FORMAT = "vivavoce-minutes"


def digest(value: Any) -> str:
    """SHA-256 of the canonical form."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def about(hearing: Hearing, minutes: Minutes) -> str:
    """The `about` member of a signature on the minutes."""
    return f"{hearing.ref}/{minutes.number}"


def passages_json(minutes: Minutes, passages: Sequence[MinutesPassage]) -> list[dict[str, Any]]:
    """The passages in the form that is hashed."""
    return [
        {
            "key": passage.key,
            "texts": {lang: passage.texts.get(lang, "") for lang in minutes_languages(minutes)},
            "by": {lang: _mark(passage.marks.get(lang, {})) for lang in minutes_languages(minutes)},
            "sources": list(passage.sources),
            "open_for": passage.open_for,
        }
        for passage in passages
    ]


def _mark(mark: Mapping[str, Any]) -> dict[str, str]:
    return {"how": str(mark.get("how", "")), "by": str(mark.get("by", ""))}


def reading_json(reading: MinutesReading) -> dict[str, Any]:
    """A reading back in the form that is hashed and displayed."""
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
        "languages": list(minutes_languages(minutes)),
        "passages": passages_json(minutes, passages),
        "reading": None if reading is None else reading_json(reading),
    } | ({"answers": answers} if answers else {})


def heads(recordings: Iterable[Recording]) -> dict[str, str]:
    """The head at which every recording was closed, by its id: `SIZE:ROOT`, as `vivavoce verify --head` takes it."""
    return {
        recording.id: f"{recording.size}:{recording.root}"
        for recording in recordings
        if recording.status is RecordingStatus.sealed
    }


def body(minutes: Minutes, recordings: Iterable[Recording]) -> dict[str, Any]:
    """The body of the statement an authority signs."""
    return {"text_sha256": minutes.text_sha256, "recordings": heads(recordings)}


def earlier_body(minutes: Minutes, recordings: Iterable[Recording]) -> dict[str, Any]:
    """The body signed by earlier versions, without the size of each recording, which its root implies."""
    roots = {key: head.rpartition(":")[2] for key, head in heads(recordings).items()}
    return {"text_sha256": minutes.text_sha256, "recordings": roots}


def sealed_for(format_: str, about_: str, body_: Mapping[str, Any], signature: Signature) -> str:
    """The reason that a State's seal on a PDF gives: which text and which heads its authority has signed, and by which
    statement. `vivavoce verify --minutes` reads it.
    """
    hashes = (f"{name}={body_[name]}" for name in ("text_sha256", "correction_sha256") if name in body_)
    named = (f"recording={key}@{head}" for key, head in sorted(body_["recordings"].items()))
    statement = f"statement_sha256={signature.payload_sha256}"
    return " ".join((f"{signature.owner_state} signed {format_} {about_}", *hashes, *named, statement))


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
    """The complete minutes, to be stored or verified: text, hash, signatures as received, reservations."""
    document = text(hearing, minutes, passages, reading, corrections)
    return {
        "text": document,
        "text_sha256": digest(document),
        "status": minutes.status.value,
        "recordings": heads(recordings),
        "corrections": [
            reading_json(correction.reading) | {"number": correction.reading.number, "unmade": list(correction.unmade)}
            for correction in corrections
        ],
        "signatures": [getattr(signature, "jws", "") for signature in signatures],
        "reservations": [
            {
                "number": reservation.number,
                "kind": reservation.kind.value,
                "made_by": reservation.made_by,
                "role": reservation.role,
                "language": reservation.language,
                "text": reservation.text,
                "text_sha256": reservation.text_sha256,
                "entered_by": reservation.author_label,
                "at": reservation.at.isoformat(),
            }
            for reservation in reservations
        ],
        "signed_at": minutes.signed_at.isoformat() if minutes.signed_at else None,
        "received_at": minutes.received_at.isoformat() if minutes.received_at else None,
        "received_by": minutes.received_by,
    }
