"""The values from which the minutes are set as PDF: texts in two columns, readings, signatures, reservations.

Pure. `hearings.documents.documents.pdf("minutes", …)` takes the result of `document`; docs/minutes.md describes it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from hearings.hearing.hearing import both_times
from hearings.languages import language_name, state_name, times_together
from hearings.minutes.corrections import Correction
from hearings.minutes.course import PHASES
from hearings.minutes.facts import ANNEX, SECTIONS, moment
from hearings.minutes.passages import minutes_languages
from hearings.models import (
    Hearing,
    HearingRequest,
    Minutes,
    MinutesCorrection,
    MinutesPassage,
    MinutesReading,
    MinutesReservation,
    Signature,
)
from hearings.requests.document import TRANSLATED_BY_MACHINE
from hearings.sentences import Say, Series, WrittenDay, tell
from hearings.signatures import signatures

SHA256_OF_TEXT = tell("SHA-256 of the text")
CORRECTION_SHA256 = tell("SHA-256 of the correction")
MINUTES_SHA256 = tell("SHA-256 of the text of the minutes, which does not change")
LABELS = {
    "title": tell("Minutes"),
    "requesting_court": tell("Requesting court"),
    "requested_authority": tell("Requested authority"),
    "case_number": tell("Case number"),
    "date": tell("Date"),
    "places": tell("Places"),
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
    "later": tell("Correction after signing: number and SHA-256"),
    "correction": tell("Correction of the minutes"),
    "instead": tell("To be read instead"),
    "reason": tell("Reason for the correction"),
    "asked_by": tell("Asked for by"),
    "minutes_number": tell("Minutes no."),
    "correction_number": tell("Correction no."),
    "not_in_force": tell("This correction is not in force. It has not been signed by both authorities."),
    "correction_sha256": CORRECTION_SHA256,
    "minutes_sha256": MINUTES_SHA256,
    "annex": tell("Annex: technical details"),
    "draft": tell("This is a draft. It has not been signed by both authorities."),
    "translated": tell("Translated by"),
    "machine": TRANSLATED_BY_MACHINE,
}
"""Labels of the document outside the passages."""
INDENTED = re.compile(r"\n {4}")
"""Before a line of a passage that belongs to the sentence above it: on paper it goes on in the same paragraph."""


def document(
    hearing: Hearing,
    minutes: Minutes,
    *,
    request: HearingRequest,
    passages: Sequence[MinutesPassage],
    reading: MinutesReading | None,
    corrections: Sequence[Correction],
    heads: Mapping[str, str],
    signed: Mapping[str, Signature],
    reservations: Sequence[MinutesReservation],
    later: Sequence[MinutesCorrection] = (),
    say: Say,
    day: date | None = None,
) -> dict[str, Any]:
    """The values of the document: every label in each language of the minutes, English if it is not translated.

    `later`: corrections that both have signed. `day`: on which the sittings began; without it, that fixed for the
    hearing.
    """
    languages = minutes_languages(minutes)

    def both(text: str) -> list[str]:
        return [say(lang, text) for lang in languages]

    def when(at: datetime) -> str:
        return say(languages[0], moment(hearing, at))

    sections = [
        (name, {"heading": both(tell(SECTIONS[name])), "rows": [_row(passage, languages, both) for passage in group]})
        for name, group in groupby(passages, key=lambda passage: passage.key.split(".")[0])
    ]
    return {
        "title": both(LABELS["title"]),
        "languages": list(languages),
        "meta": _meta(hearing, minutes, request, day or both_times(hearing)[0].datetime.date(), both),
        "phases": [both(name) for name in dict.fromkeys(PHASES.values())],
        "notice": both(LABELS["draft"]) if minutes.signed_at is None else [],
        "sections": [section for name, section in sections if name not in ANNEX],
        "annex": {
            "heading": both(LABELS["annex"]),
            "sections": [section for name, section in sections if name in ANNEX],
        },
        "reading": None if reading is None else _reading(reading, say, languages[0], when, both),
        "corrections": {
            "heading": both(LABELS["corrections"]),
            "rows": [_correction(correction, when, both) for correction in corrections],
        },
        "hash": {"label": both(LABELS["text_sha256"]), "value": minutes.text_sha256},
        "heads": [
            *_heads(heads, both),
            *({"label": both(LABELS["later"]), "recording": str(one.number), "value": one.sha256} for one in later),
        ],
        "signatures": _signatures(hearing, signed, when, both),
        "reservations": {
            "heading": both(LABELS["reservations"]),
            "rows": [_reservation(reservation, when, both) for reservation in reservations],
        },
    }


def correction_document(
    hearing: Hearing,
    minutes: Minutes,
    correction: MinutesCorrection,
    *,
    request: HearingRequest,
    signed: Mapping[str, Signature],
    say: Say,
) -> dict[str, Any]:
    """The values of a correction after signing, which is set as the minutes are: in each of their languages."""
    languages = minutes_languages(minutes)

    def both(text: str) -> list[str]:
        return [say(lang, text) for lang in languages]

    def when(at: datetime) -> str:
        return say(languages[0], moment(hearing, at))

    words = {
        "asked_by": state_name(correction.asked_by),
        "date": WrittenDay.of(both_times(hearing, correction.at)[0].datetime.date()),
    }
    codes = {
        "hearing": hearing.ref,
        "request": request.reference,
        "minutes_number": str(minutes.number),
        "correction_number": str(correction.number),
    }
    return {
        "title": both(LABELS["correction"]),
        "languages": list(languages),
        "meta": _rows_of_meta(words, codes, both),
        "phases": [],
        "notice": both(LABELS["not_in_force"]) if len(signed) < 2 else [],
        "sections": [
            {
                "heading": both(LABELS[label]),
                "rows": [{"key": label, "texts": [said[lang] for lang in languages], "notes": [""] * len(languages)}],
            }
            for label, said in (("instead", correction.texts), ("reason", correction.reasons))
        ],
        "annex": {"heading": both(LABELS["annex"]), "sections": []},
        "reading": None,
        "corrections": {"heading": both(LABELS["corrections"]), "rows": []},
        "hash": {"label": both(LABELS["correction_sha256"]), "value": correction.sha256},
        "heads": [
            {"label": both(LABELS["minutes_sha256"]), "recording": "", "value": correction.text_sha256},
            *_heads(correction.heads, both),
        ],
        "signatures": _signatures(hearing, signed, when, both),
        "reservations": {"heading": both(LABELS["reservations"]), "rows": []},
    }


def _heads(heads: Mapping[str, str], both: Callable[[str], list[str]]) -> list[dict[str, Any]]:
    return [{"label": both(LABELS["head"]), "recording": key, "value": head} for key, head in heads.items()]


def _signatures(
    hearing: Hearing,
    signed: Mapping[str, Signature],
    when: Callable[[datetime], str],
    both: Callable[[str], list[str]],
) -> dict[str, Any]:
    return {
        "heading": both(LABELS["signatures"]),
        "rows": [
            _signature(state, signed.get(state), when, both)
            for state in (hearing.requesting_state, hearing.requested_state)
        ],
    }


def _meta(
    hearing: Hearing, minutes: Minutes, request: HearingRequest, day: date, both: Callable[[str], list[str]]
) -> list[dict[str, Any]]:
    """What heads the minutes: courts, case, day and places in words, and the references, which are `code`."""
    places = Series.of(
        (
            Series.of((hearing.requesting_city, state_name(hearing.requesting_state))),
            Series.of((hearing.requested_city, state_name(hearing.requested_state))),
        ),
        "semicolon",
    )
    words = {
        "requesting_court": request.requesting_authority,
        "requested_authority": request.requested_authority,
        "case_number": hearing.case_number or request.case_number,
        "date": WrittenDay.of(day),
        "places": places,
    }
    codes = {"hearing": hearing.ref, "request": request.reference, "number": str(minutes.number)}
    return _rows_of_meta(words, codes, both)


def _rows_of_meta(
    words: Mapping[str, str], codes: Mapping[str, str], both: Callable[[str], list[str]]
) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [
        {"label": both(LABELS[name]), "texts": list(dict.fromkeys(both(value))), "code": False}
        for name, value in words.items()
        if value
    ]
    return said + [{"label": both(LABELS[name]), "texts": [value], "code": True} for name, value in codes.items()]


def _row(passage: MinutesPassage, languages: Sequence[str], both: Callable[[str], list[str]]) -> dict[str, Any]:
    notes = []
    for place, lang in enumerate(languages):
        mark = passage.marks.get(lang, {})
        label = {"translated": LABELS["translated"], "machine": LABELS["machine"]}.get(str(mark.get("how")), "")
        notes.append(f"{both(label)[place]}: {mark.get('by') or '–'}" if label else "")
    return {
        "key": passage.key,
        "texts": [times_together(INDENTED.sub(" ", passage.texts.get(lang, "")), lang) for lang in languages],
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
            {"label": both(LABELS["languages"]), "value": say(lang, Series.of(map(language_name, reading.languages)))},
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
