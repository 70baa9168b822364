"""A request on paper and as JSON: the same data, headed as the instruments relied on have it: by the sections of a form
(Annex A of Directive 2014/41/EU), else by the letters of UNTOC 18(15), with the provisions that ask for each part.

Empty fields are left out. There is no safe conduct in it: 18(27) and 46(27) are about travel, and
who is heard by video does not travel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import partial
from typing import Any

import rfc8785
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, queries, reference
from hearings.documents.documents import written
from hearings.languages import language_name, state_name
from hearings.law.handling.contents import Acknowledgement, Contents, contents_of
from hearings.law.handling.deadlines import relied_on
from hearings.models import Attachment, Consent, GateAnswer, HearingRequest, Signature, SigningKey, Translation
from hearings.models.signature import Act
from hearings.requests import attachments, consent_answers, field_kinds as kinds, gate_answers, translations
from hearings.requests.demands import provisions
from hearings.requests.fields import FIELDS, SECTIONS, Field
from hearings.sentences import Say, Word, english, tell
from hearings.signatures import signatures
from hearings.status import RequestStatus


def plain(value: Any) -> Any:
    """A value of a row as JSON; an instant in UTC with `Z`."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def content(request: HearingRequest) -> dict[str, Any]:
    """Every field of a request a person has filled in, or left empty."""
    return {name: plain(getattr(request, name)) for name in FIELDS}


def submission(request: HearingRequest) -> dict[str, Any]:
    """The body of `submit_request`: the request as it is now."""
    return {
        "requesting_state": request.requesting_state,
        "requested_state": request.requested_state,
        "version": request.version,
        "content": content(request),
    }


FORMAT = "vivavoce-request"
VERSION = 1


HEADINGS: Mapping[str, str] = {
    **SECTIONS,
    "consents": tell("Consents"),
    "translations": tell("Translations"),
    "attachments": tell("Attachments"),
    "answers": tell("Answers of the States to the legal check"),
    "signatures": tell("Signatures of authorities"),
}
NOT_GIVEN = tell("not given")
STATES: Mapping[str, str] = {
    "requesting_state": tell("Requesting State"),
    "requested_state": tell("Requested State"),
}
LONGEST_LETTER = 3
"""Names of sections of a form that are longer are none of its letters, and are not printed."""
TRANSLATED_BY_MACHINE = tell("Machine translation")
ACTS: Mapping[Act, str] = {
    Act.submit_request: tell("request submitted"),
    Act.accept_request: tell("request accepted"),
    Act.accept_with_conditions: tell("request accepted with conditions"),
    Act.refuse_request: tell("request refused"),
    Act.postpone_request: tell("request postponed"),
    Act.withdraw_request: tell("request withdrawn"),
    Act.answer_gate: tell("legal check answered"),
}
"""Acts of a request that authorities sign."""


@dataclass(frozen=True, kw_only=True)
class Papers:
    """A request with its attachments, consents, translations, answers to the legal check and signatures."""

    request: HearingRequest
    attachments: Sequence[Attachment]
    translations: Sequence[Translation]
    consents: Sequence[Consent]
    answers: Sequence[GateAnswer]
    signatures: Sequence[tuple[Signature, SigningKey]]


async def gather(db: AsyncSession, request: HearingRequest) -> Papers:
    """Read the papers of a request; the caller has checked that it may be seen."""
    signed = await signatures.signatures_of(db, request)
    keys = {signature.key_id: await db.get_one(SigningKey, signature.key_id) for signature in signed}
    return Papers(
        request=request,
        attachments=await attachments.of_request(db, request.id),
        translations=await translations.of_request(db, request.id),
        consents=await consent_answers.of_request(db, request.id),
        answers=await gate_answers.of_request(db, request.id),
        signatures=[(signature, keys[signature.key_id]) for signature in signed],
    )


# --- as JSON -----------------------------------------------------------------------------------------------------


def canonical(papers: Papers) -> bytes:
    """The request as canonical JSON (RFC 8785), signatures as received."""
    return rfc8785.dumps(as_json(papers))


def as_json(papers: Papers) -> dict[str, Any]:
    """Everything of a request both States see, in JSON that RFC 8785 can write."""
    row = papers.request
    return {
        "format": FORMAT,
        "version": VERSION,
        "reference": row.reference,
        "requesting_state": row.requesting_state,
        "requested_state": row.requested_state,
        "status": row.status.value,
        "submitted_at": plain(row.submitted_at),
        "content": content(row),
        "attachments": [
            {
                "name": attachment.name,
                "kind": attachment.kind.value,
                "media_type": attachment.media_type,
                "size": attachment.size,
                "sha256": attachment.sha256,
            }
            for attachment in papers.attachments
        ],
        "translations": [
            {
                "language": translation.language,
                "translator": translation.translator,
                "machine": translation.machine,
                "reviewer": translation.reviewer,
                "certified": translation.certified,
            }
            for translation in papers.translations
        ],
        "consents": [
            {
                "rule": consent.rule,
                "provision": consent.provision,
                "status": consent.status.value,
                "counsel": consent.counsel,
                "given_at": plain(consent.given_at),
            }
            for consent in papers.consents
        ],
        "gate_answers": [_answered(answer) for answer in papers.answers],
        "signatures": [
            {
                "state": signature.owner_state,
                "act": signature.act.value,
                "kid": key.kid,
                "received_at": plain(signature.received_at),
                "jws": signature.jws,
            }
            for signature, key in papers.signatures
        ],
    }


def _answered(answer: GateAnswer) -> dict[str, Any]:
    return {
        "state": answer.owner_state,
        "fact": answer.fact,
        "answer": answer.answer,
        "answered_with": answer.answered_with.value,
        "note": answer.note,
        "at": plain(answer.at),
    }


# --- on paper ----------------------------------------------------------------------------------------------------


def printed(papers: Papers, lang: str, say: Say = english) -> dict[str, Any]:
    """The data of the template `request`, its words in a language there are catalogues of."""
    row = papers.request
    page = _Page(row, lang, say)
    return {
        "lang": lang,
        "title": page.said(tell("Request for a hearing by videoconference")),
        "reference": row.reference,
        "notice": "" if row.submitted_at else page.said(tell("Draft. It has not been submitted.")),
        "meta": page.meta(),
        "sections": [
            *page.particulars(),
            *(
                page.section(name, rows)
                for name, rows in (
                    ("consents", [page.consent(consent) for consent in papers.consents]),
                    ("translations", [page.translation(translation) for translation in papers.translations]),
                    ("answers", [page.answer(answer) for answer in papers.answers]),
                    ("attachments", [page.attachment(*numbered) for numbered in enumerate(papers.attachments, 1)]),
                )
                if rows
            ),
            page.section(
                "signatures",
                [page.signature(*signature) for signature in papers.signatures],
                empty=tell("No authority has signed in this system."),
            ),
        ],
    }


def receipt_form(request: HearingRequest) -> Acknowledgement | None:
    """The form on which an instrument relied on has receipt acknowledged; None for a draft, and where none does."""
    if request.submitted_at is None:
        return None
    found = (contents.acknowledgement for contents in contents_of(relied_on(request)))
    return next((form for form in found if form is not None), None)


async def acknowledged_at(db: AsyncSession, request: HearingRequest) -> datetime | None:
    """When the requested State took the request up for review the first time."""
    reviewed = [
        change.at for change in await queries.history(db, request) if change.after == RequestStatus.under_review
    ]
    return min(reviewed, default=None)


def printed_receipt(
    papers: Papers, form: Acknowledgement, acknowledged: datetime | None, lang: str, say: Say = english
) -> dict[str, Any]:
    """The acknowledgement of receipt as data of the template `request`, by the sections of the instrument's form.

    Before the State has acknowledged, it is a draft to be completed, and says so.
    """
    row = papers.request
    page = _Page(row, lang, say)
    received = page.instant(tell("Received on"), row.submitted_at)
    by_section: dict[str, list[Line]] = {
        "A": [
            *page.lines(["requesting_state", "requesting_authority", "conducting_authority", "case_number"]),
            {"label": page.said(tell("Reference")), "values": [{"code": row.reference}]},
            *received,
        ],
        "B": page.lines(["requested_state", "requested_authority"]),
        "E": page.instant(tell("Receipt acknowledged on"), acknowledged),
    }
    return {
        "lang": lang,
        "title": page.said(tell("Acknowledgement of receipt")),
        "reference": row.reference,
        "notice": "" if acknowledged else page.said(tell("Draft. Receipt has not been acknowledged.")),
        "meta": page.meta(),
        "sections": [
            page.section(title, by_section.get(letter, ()), letter=letter, cites=[form.provision] * (letter == "A"))
            for letter, title in form.sections.items()
        ],
    }


Line = dict[str, Any]
"""A label and values: texts with their direction, or machine-readable `code`."""


class _Page:
    """Makes rows of the document from the request, in one language."""

    def __init__(self, row: HearingRequest, tag: str, say: Say) -> None:
        self.row = row
        self.said = partial(say, tag)

    def meta(self) -> list[Line]:
        row = self.row
        entries = [
            {"label": self.said(tell("Reference")), "values": [{"code": row.reference}]},
            *self.lines(list(STATES)),
        ]
        if row.submitted_at is not None:
            times = [written(instant) for instant in self.times(row.submitted_at)]
            entries.append({"label": self.said(tell("Submitted on")), "values": times})
        return entries

    def section(
        self, name: str, rows: Sequence[Line], *, letter: str = "", cites: Sequence[str] = (), empty: str = NOT_GIVEN
    ) -> dict[str, Any]:
        return {
            "letter": letter,
            "heading": self.said(HEADINGS.get(name, name)),
            "cites": " · ".join(dict.fromkeys(cites)),
            "rows": list(rows),
            "empty": self.said(empty),
        }

    def particulars(self) -> list[dict[str, Any]]:
        """The fields of the request: by the sections of the forms of the instruments, then those of no form."""
        chosen = contents_of(relied_on(self.row))
        sections, printed_already = [], set[str]()
        for contents in chosen:
            for letter, title in contents.sections.items():
                items = [item for item in contents.items if item.section == letter]
                names = list(dict.fromkeys(name for item in items for name in item.fields))
                printed_already |= set(names)
                shown = letter if len(letter) < LONGEST_LETTER else ""
                cites = [item.provision for item in items]
                sections.append(self.section(title, self.lines(names), letter=shown, cites=cites))
        for section in SECTIONS:
            names = [name for name, field in FIELDS.items() if field.section == section]
            rest = [name for name in names if name not in printed_already]
            rows = self.lines(rest)
            if rows or not printed_already:
                sections.append(self.section(section, rows, **self.cited(section, rest, chosen)))
        return sections

    def cited(self, section: str, names: Sequence[str], chosen: Sequence[Contents]) -> dict[str, Any]:
        """The letter of a section, where an instrument has one, and the provisions that ask for its fields."""
        lettered = any(item.section == section for contents in chosen for item in contents.items)
        cites = [provision for name in names for provision in provisions(name, relied_on(self.row))]
        return {"letter": section if lettered else "", "cites": cites}

    def instant(self, label: str, at: datetime | None) -> list[Line]:
        """An instant by the clocks of both States; nothing where there is none."""
        values = [written(text) for text in self.times(at)] if at else []
        return [{"label": self.said(label), "values": values}] if at else []

    def lines(self, names: Sequence[str]) -> list[Line]:
        """Those of these columns that have a value; the two States stand in a form as fields do."""
        lines = []
        for name in names:
            value: Any = getattr(self.row, name, None)
            field: Field | None = FIELDS.get(name)
            if name in STATES:
                lines.append({"label": self.said(STATES[name]), "values": [written(f"{self.state(value)} ({value})")]})
            elif field is not None and field.printed and field.kind.given(value):
                texts = self.values(field.kind, value)
                lines.append({"label": self.said(field.label), "values": [written(text) for text in texts]})
        return lines

    def values(self, kind: kinds.Kind, value: Any) -> list[str]:
        many = value if isinstance(value, list) else [value]
        match kind:
            case kinds.Answer() | kinds.Flag():
                return [self.said(tell("yes") if value else tell("no"))]
            case kinds.Choice() | kinds.Several():
                return [self.said(Word.of(kind.words, word)) for word in many]
            case kinds.Language() | kinds.Languages():
                return [self.language(tag) for tag in many]
            case kinds.Instruments():
                return [
                    str(reference.instruments().get(instrument, {}).get("name", instrument)) for instrument in value
                ]
            case kinds.State() | kinds.States():
                return [f"{self.state(code)} ({code})" for code in many]
            case kinds.Instant():
                return self.times(value)
            case kinds.Slots():
                return [self.slot(slot) for slot in value]
        return [str(value)]

    def state(self, code: str) -> str:
        return self.said(state_name(code))

    def language(self, tag: str) -> str:
        return f"{self.said(language_name(tag))} ({tag})"

    def times(self, at: datetime) -> list[str]:
        """An instant as local time of both States, always with city and offset."""
        zones = [
            reference.jurisdiction(state).default_zone
            for state in (self.row.requesting_state, self.row.requested_state)
        ]
        cities = [zone.split("/")[-1].replace("_", " ") for zone in zones]
        local_times = [
            clocks.local_time(at, city=city, zone_name=zone) for city, zone in zip(cities, zones, strict=True)
        ]
        return [f"{local.datetime:%Y-%m-%d %H:%M} {local.city} (UTC{local.offset})" for local in local_times]

    def slot(self, slot: Mapping[str, Any]) -> str:
        begins, ends = (self.times(datetime.fromisoformat(slot[name])) for name in ("at", "until"))
        return "\n".join(map(_span, begins, ends))

    def consent(self, consent: Consent) -> Line:
        texts = [f"{consent.text} ({consent.provision})" if consent.provision else consent.text]
        texts.append(self.said(Word.status(consent.status)))
        texts += self.times(consent.given_at) if consent.given_at else []
        texts += [f"{self.said(tell('Counsel'))}: {consent.counsel}"] if consent.counsel else []
        label = self.said(Word.of("capacity", self.row.capacity)) if self.row.capacity else ""
        return {"label": label, "values": [written(text) for text in texts if text]}

    def translation(self, translation: Translation) -> Line:
        texts = [f"{self.said(tell('Translator'))}: {translation.translator}"] if translation.translator else []
        texts += [self.said(TRANSLATED_BY_MACHINE)] if translation.machine else []
        texts += [self.said(tell("Certified"))] if translation.certified else []
        return {"label": self.language(translation.language), "values": [written(text) for text in texts]}

    def answer(self, answer: GateAnswer) -> Line:
        texts = [self.said(gate_answers.affirmed(answer.fact, answer.owner_state))]
        texts += [self.said(tell("yes") if answer.answer else tell("no")), *self.times(answer.at)]
        texts += [answer.note] if answer.note else []
        return {"label": self.state(answer.owner_state), "values": [written(text) for text in texts]}

    def attachment(self, number: int, attachment: Attachment) -> Line:
        code = [{"code": f"{attachment.media_type} · {attachment.size} B"}, {"code": f"SHA-256 {attachment.sha256}"}]
        return {"label": f"{number}.", "values": [written(attachment.name), *code]}

    def signature(self, signature: Signature, key: SigningKey) -> Line:
        return {
            "label": self.state(signature.owner_state),
            "values": [
                written(key.authority_name),
                written(self.said(ACTS[signature.act])),
                *(written(text) for text in self.times(signature.signed_at)),
                {"code": f"Ed25519 {key.kid}"},
                {"code": f"SHA-256 {signature.payload_sha256}"},
            ],
        }


def _span(begin: str, end: str) -> str:
    """`2027-02-02 09:00–11:00 Bangkok (UTC+07:00)`; the end in full when day or offset is another."""
    same = begin[:10] == end[:10] and begin[16:] == end[16:]
    return f"{begin[:16]}–{end[11:]}" if same else f"{begin} – {end}"
