"""The minutes as a document is set from them: headings and texts in two columns, readings, signatures, reservations.

Pure. `hearings.documents.documents.pdf("minutes", …)` takes what `document` gives; docs/minutes.md tells what it holds.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from hearings.languages import comma, times_together
from hearings.minutes.corrections import Correction
from hearings.minutes.facts import SECTIONS
from hearings.minutes.passages import tongues
from hearings.minutes.phrases import N_, Clock, Moment, Words
from hearings.models import (
    Hearing,
    Minutes,
    MinutesPassage,
    MinutesReading,
    MinutesReservation,
    Signature,
)
from hearings.signatures import signatures

LABELS = {
    "title": N_("Minutes"),
    "hearing": N_("Hearing"),
    "request": N_("Request"),
    "number": N_("Number"),
    "text_sha256": N_("SHA-256 of the text"),
    "head": N_("Head of the recording (size and root)"),
    "reading": N_("Reading back"),
    "read_by": N_("Read by"),
    "heard_by": N_("Read to"),
    "languages": N_("In which languages"),
    "corrections": N_("Corrections asked for"),
    "made": N_("The text was changed after this."),
    "unmade": N_("Neither made nor answered yet."),
    "answer": N_("Answer"),
    "signatures": N_("Signatures"),
    "no_signature": N_("Not signed"),
    "reservations": N_("Reservations"),
    "refusal": N_("Refusal to sign"),
    "draft": N_("This is a draft. It has not been signed by both authorities."),
    "translated": N_("Translated by"),
    "machine": N_("Translated by a machine"),
}
"""What the document says besides the text."""


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
    speakers: Callable[[str], Words],
) -> dict[str, Any]:
    """What is set: every label in each language of the minutes, English where it is not translated."""
    languages = tongues(minutes)
    clocks = (
        Clock(city=hearing.requesting_city, zone=hearing.requesting_zone),
        Clock(city=hearing.requested_city, zone=hearing.requested_zone),
    )

    def both(message: str) -> list[str]:
        return [speakers(lang)(message) or message for lang in languages]

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
            {"heading": both(SECTIONS[name]), "rows": [_row(one, languages, both) for one in group]}
            for name, group in groupby(passages, key=lambda one: one.key.split(".")[0])
        ],
        "reading": None if reading is None else _reading(reading, clocks, languages[0], both),
        "corrections": {
            "heading": both(LABELS["corrections"]),
            "rows": [_correction(one, clocks, languages[0], both) for one in corrections],
        },
        "hash": {"label": both(LABELS["text_sha256"]), "value": minutes.text_sha256},
        "heads": [{"label": both(LABELS["head"]), "recording": key, "value": head} for key, head in heads.items()],
        "signatures": {
            "heading": both(LABELS["signatures"]),
            "rows": [
                _signature(state, signed.get(state), clocks, languages[0], both)
                for state in (hearing.requesting_state, hearing.requested_state)
            ],
        },
        "reservations": {
            "heading": both(LABELS["reservations"]),
            "rows": [_reservation(one, clocks, languages[0], both) for one in reservations],
        },
    }


def _row(one: MinutesPassage, languages: Sequence[str], both: Callable[[str], list[str]]) -> dict[str, Any]:
    notes = []
    for place, lang in enumerate(languages):
        mark = one.marks.get(lang, {})
        label = {"translated": LABELS["translated"], "machine": LABELS["machine"]}.get(str(mark.get("how")), "")
        notes.append(f"{both(label)[place]}: {mark.get('by') or '–'}" if label else "")
    return {
        "key": one.key,
        "texts": [times_together(one.texts.get(lang, ""), lang) for lang in languages],
        "notes": notes,
    }


def _reading(
    found: MinutesReading, clocks: tuple[Clock, ...], lang: str, both: Callable[[str], list[str]]
) -> dict[str, Any]:
    return {
        "heading": both(LABELS["reading"]),
        "at": Moment(found.at, clocks).told(lang),
        "rows": [
            {"label": both(LABELS["read_by"]), "value": found.read_by},
            {"label": both(LABELS["heard_by"]), "value": comma(lang).join(found.heard_by)},
            {"label": both(LABELS["languages"]), "value": comma(lang).join(found.languages)},
        ],
    }


def _correction(
    found: Correction, clocks: tuple[Clock, ...], lang: str, both: Callable[[str], list[str]]
) -> dict[str, Any]:
    answer = found.answer
    return {
        "at": Moment(found.reading.at, clocks).told(lang),
        "text": found.reading.corrections,
        "became": both(LABELS["answer" if answer else "unmade" if found.unmade else "made"]),
        "answer": answer.text if answer else "",
        "answered": f"{Moment(answer.at, clocks).told(lang)} · {answer.author_label}" if answer else "",
    }


def _reservation(
    found: MinutesReservation, clocks: tuple[Clock, ...], lang: str, both: Callable[[str], list[str]]
) -> dict[str, Any]:
    return {
        "number": found.number,
        "kind": both(LABELS["refusal"]) if found.kind == "refusal_to_sign" else [],
        "made_by": found.made_by,
        "language": found.language,
        "text": found.text,
        "at": Moment(found.at, clocks).told(lang),
        "entered_by": found.author_label,
    }


def _signature(
    state: str, found: Signature | None, clocks: tuple[Clock, ...], lang: str, both: Callable[[str], list[str]]
) -> dict[str, Any]:
    if found is None:
        return {"state": state, "who": "", "at": "", "missing": both(LABELS["no_signature"]), "sha256": ""}
    return {
        "state": state,
        "who": found.actor_label,
        "at": Moment(found.signed_at, clocks).told(lang),
        "missing": [],
        "sha256": found.payload_sha256,
        "about": str(signatures.read(found)["about"]),
    }
