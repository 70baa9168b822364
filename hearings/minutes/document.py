"""The values from which the minutes are set as PDF: texts in two columns, readings, signatures, reservations.

Pure. `hearings.documents.documents.pdf("minutes", …)` takes the result of `document`; docs/minutes.md describes it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from hearings.languages import times_together
from hearings.minutes.corrections import Correction
from hearings.minutes.facts import SECTIONS, moment
from hearings.minutes.passages import minutes_languages
from hearings.models import (
    Hearing,
    Minutes,
    MinutesPassage,
    MinutesReading,
    MinutesReservation,
    Signature,
)
from hearings.requests.document import TRANSLATED_BY_MACHINE
from hearings.sentences import Say, Series, tell
from hearings.signatures import signatures

SHA256_OF_TEXT = tell("SHA-256 of the text")
LABELS = {
    "title": tell("Minutes"),
    "hearing": tell("Hearing"),
    "request": tell("Request"),
    "number": tell("Number"),
    "text_sha256": SHA256_OF_TEXT,
    "head": tell("Head of the recording (size and root)"),
    "reading": tell("Reading back"),
    "read_by": tell("Read by"),
    "heard_by": tell("Read to"),
    "languages": tell("In which languages"),
    "corrections": tell("Corrections asked for"),
    "made": tell("The text was changed after this."),
    "unmade": tell("Neither made nor answered yet."),
    "answer": tell("Answer"),
    "signatures": tell("Signatures"),
    "no_signature": tell("Not signed"),
    "reservations": tell("Reservations"),
    "refusal": tell("Refusal to sign"),
    "draft": tell("This is a draft. It has not been signed by both authorities."),
    "translated": tell("Translated by"),
    "machine": TRANSLATED_BY_MACHINE,
}
"""Labels of the document outside the passages."""


def document(
    hearing: Hearing,
    minutes: Minutes,
    *,
    reference: str,
    passages: Sequence[MinutesPassage],
    reading: MinutesReading | None,
    corrections: Sequence[Correction],
    heads: Mapping[str, str],
    signed: Mapping[str, Signature],
    reservations: Sequence[MinutesReservation],
    say: Say,
) -> dict[str, Any]:
    """The values of the document: every label in each language of the minutes, English if it is not translated."""
    languages = minutes_languages(minutes)

    def both(text: str) -> list[str]:
        return [say(lang, text) for lang in languages]

    def when(at: datetime) -> str:
        return say(languages[0], moment(hearing, at))

    return {
        "title": both(LABELS["title"]),
        "languages": list(languages),
        "meta": [
            {"label": both(LABELS["hearing"]), "value": hearing.ref},
            {"label": both(LABELS["request"]), "value": reference},
            {"label": both(LABELS["number"]), "value": str(minutes.number)},
        ],
        "notice": both(LABELS["draft"]) if minutes.signed_at is None else [],
        "sections": [
            {"heading": both(tell(SECTIONS[name])), "rows": [_row(passage, languages, both) for passage in group]}
            for name, group in groupby(passages, key=lambda passage: passage.key.split(".")[0])
        ],
        "reading": None if reading is None else _reading(reading, say, languages[0], when, both),
        "corrections": {
            "heading": both(LABELS["corrections"]),
            "rows": [_correction(correction, when, both) for correction in corrections],
        },
        "hash": {"label": both(LABELS["text_sha256"]), "value": minutes.text_sha256},
        "heads": [{"label": both(LABELS["head"]), "recording": key, "value": head} for key, head in heads.items()],
        "signatures": {
            "heading": both(LABELS["signatures"]),
            "rows": [
                _signature(state, signed.get(state), when, both)
                for state in (hearing.requesting_state, hearing.requested_state)
            ],
        },
        "reservations": {
            "heading": both(LABELS["reservations"]),
            "rows": [_reservation(reservation, when, both) for reservation in reservations],
        },
    }


def _row(passage: MinutesPassage, languages: Sequence[str], both: Callable[[str], list[str]]) -> dict[str, Any]:
    notes = []
    for place, lang in enumerate(languages):
        mark = passage.marks.get(lang, {})
        label = {"translated": LABELS["translated"], "machine": LABELS["machine"]}.get(str(mark.get("how")), "")
        notes.append(f"{both(label)[place]}: {mark.get('by') or '–'}" if label else "")
    return {
        "key": passage.key,
        "texts": [times_together(passage.texts.get(lang, ""), lang) for lang in languages],
        "notes": notes,
    }


def _reading(
    reading: MinutesReading, say: Say, lang: str, when: Callable[[datetime], str], both: Callable[[str], list[str]]
) -> dict[str, Any]:
    return {
        "heading": both(LABELS["reading"]),
        "at": when(reading.at),
        "rows": [
            {"label": both(LABELS["read_by"]), "value": reading.read_by},
            {"label": both(LABELS["heard_by"]), "value": say(lang, Series.of(reading.heard_by))},
            {"label": both(LABELS["languages"]), "value": say(lang, Series.of(reading.languages))},
        ],
    }


def _correction(
    correction: Correction, when: Callable[[datetime], str], both: Callable[[str], list[str]]
) -> dict[str, Any]:
    answer = correction.answer
    return {
        "at": when(correction.reading.at),
        "text": correction.reading.corrections,
        "became": both(LABELS["answer" if answer else "unmade" if correction.unmade else "made"]),
        "answer": answer.text if answer else "",
        "answered": f"{when(answer.at)} · {answer.author_label}" if answer else "",
    }


def _reservation(
    reservation: MinutesReservation, when: Callable[[datetime], str], both: Callable[[str], list[str]]
) -> dict[str, Any]:
    return {
        "number": reservation.number,
        "kind": both(LABELS["refusal"]) if reservation.kind == "refusal_to_sign" else [],
        "made_by": reservation.made_by,
        "language": reservation.language,
        "text": reservation.text,
        "at": when(reservation.at),
        "entered_by": reservation.author_label,
    }


def _signature(
    state: str, signature: Signature | None, when: Callable[[datetime], str], both: Callable[[str], list[str]]
) -> dict[str, Any]:
    if signature is None:
        return {"state": state, "who": "", "at": "", "missing": both(LABELS["no_signature"]), "sha256": ""}
    return {
        "state": state,
        "who": signature.actor_label,
        "at": when(signature.signed_at),
        "missing": [],
        "sha256": signature.payload_sha256,
        "about": str(signatures.read(signature)["about"]),
    }
