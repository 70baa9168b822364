"""A request on paper and as JSON: the same data, headed by the letters of UNTOC 18(15) and UNCAC 46(15).

What is given is shown, what is not is left out. There is no safe conduct in it: 18(27) and 46(27) are about travel, and
who is heard by video does not travel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import rfc8785
from babel import Locale
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, languages as tongues, reference
from hearings.documents.documents import written
from hearings.documents.words import known, word
from hearings.models import Attachment, Consent, HearingRequest, Signature, SigningKey, Translation
from hearings.requests import attachments, consent_answers, statements as statement_bodies, translations
from hearings.signatures import signatures

FORMAT = "vivavoce-request"
VERSION = 1
LETTERS: Mapping[str, tuple[str, ...]] = {
    "a": ("requesting_authority", "authority_contact", "authority_mailbox", "authority_phone", "requested_authority"),
    "b": (
        "case_number",
        "procedure",
        "stage",
        "proceeding_nature",
        "proceeding_subject",
        "conducting_authority",
        "conducting_functions",
        "judicial_authority",
        "persons_conducting",
    ),
    "c": (
        "offence_summary",
        "offences",
        "penalty_max",
        "offence_scope",
        "offence_serious",
        "offence_transnational",
        "offence_organised",
        "grave_offence_or_jury",
        "convention_link",
        "dual_criminality",
    ),
    "d": (
        "reason_no_attendance",
        "reason_text",
        "special_procedure",
        "recording_asked",
        "recording_by",
        "recording_format",
        "interpreter_languages",
        "interpreter_side",
        "interpreter_mode",
        "oath_form",
        "oath_text",
        "rights_notice_requesting",
        "rights_notice_requested",
        "question_list",
        "exhibits",
        "protection_requested",
        "protection_reason",
        "costs",
        "costs_note",
    ),
    "e": (
        "person_name",
        "capacity",
        "person_born",
        "person_nationality",
        "person_address",
        "person_age_under_18",
        "custody_place",
        "detained_since",
        "custody_limit",
        "language_of_person",
    ),
    "f": ("purpose", "evidential_purpose"),
}
BESIDES: Mapping[str, tuple[str, ...]] = {
    "g": (
        "instruments",
        "prefer_convention",
        "lawyer_access",
        "domestic_law_confirmed",
        "authorities_agree",
        "domestic_basis",
        "reciprocity",
    ),
    "h": (
        "language_of_court",
        "language_of_request",
        "channel",
        "both_agree_urgent_route",
        "urgent",
        "urgent_reason",
        "wanted_by",
        "wanted_by_reason",
        "oral",
        "oral_at",
        "evidence_risk_reason",
    ),
    "i": ("confidential", "confidentiality_note", "use_limits"),
}
"""Sections and the fields in them. A test compares them with `hearings.requests.fields.FIELDS`."""

WORDS: Mapping[str, str] = {
    "procedure": "procedure",
    "stage": "stage",
    "capacity": "capacity",
    "reason_no_attendance": "reason",
    "recording_by": "side",
    "interpreter_side": "side",
    "costs": "side",
    "interpreter_mode": "mode",
    "oath_form": "oath",
    "protection_requested": "protection",
    "offence_scope": "scope",
    "channel": "channel",
}
"""Fields whose values are words of a closed list, and the prefix of those in data/document_words.yaml."""
FLAGS = frozenset({"prefer_convention", "urgent", "oral"})
"""What is only said when it is so."""
LANGUAGE_FIELDS = frozenset({"interpreter_languages", "language_of_person", "language_of_court", "language_of_request"})


@dataclass(frozen=True, kw_only=True)
class Papers:
    """A request and what goes with it."""

    request: HearingRequest
    attachments: Sequence[Attachment]
    translations: Sequence[Translation]
    consents: Sequence[Consent]
    signatures: Sequence[tuple[Signature, SigningKey]]


async def gather(db: AsyncSession, request: HearingRequest) -> Papers:
    """Read what belongs to a request the caller may see."""
    signed = await signatures.signatures_of(db, request)
    keys = {one.key_id: await db.get_one(SigningKey, one.key_id) for one in signed}
    return Papers(
        request=request,
        attachments=await attachments.of_request(db, request.id),
        translations=await translations.of_request(db, request.id),
        consents=await consent_answers.of_request(db, request.id),
        signatures=[(one, keys[one.key_id]) for one in signed],
    )


# --- as JSON -----------------------------------------------------------------------------------------------------


def canonical(papers: Papers) -> bytes:
    """The request as canonical JSON (RFC 8785), signatures as received."""
    return rfc8785.dumps(as_json(papers))


def as_json(papers: Papers) -> dict[str, Any]:
    """Everything of a request both States see, in JSON that RFC 8785 can write."""
    row, plain = papers.request, statement_bodies.plain
    return {
        "format": FORMAT,
        "version": VERSION,
        "reference": row.reference,
        "requesting_state": row.requesting_state,
        "requested_state": row.requested_state,
        "status": row.status.value,
        "submitted_at": plain(row.submitted_at),
        "content": statement_bodies.content(row),
        "attachments": [
            {
                "name": one.name,
                "kind": one.kind.value,
                "media_type": one.media_type,
                "size": one.size,
                "sha256": one.sha256,
            }
            for one in papers.attachments
        ],
        "translations": [
            {
                "language": one.language,
                "translator": one.translator,
                "machine": one.machine,
                "reviewer": one.reviewer,
                "certified": one.certified,
            }
            for one in papers.translations
        ],
        "consents": [
            {
                "rule": one.rule,
                "provision": one.provision,
                "status": one.status.value,
                "counsel": one.counsel,
                "given_at": plain(one.given_at),
            }
            for one in papers.consents
        ],
        "signatures": [
            {
                "state": one.owner_state,
                "act": one.act.value,
                "kid": key.kid,
                "received_at": plain(one.received_at),
                "jws": one.jws,
            }
            for one, key in papers.signatures
        ],
    }


# --- on paper ----------------------------------------------------------------------------------------------------


def printed(papers: Papers, lang: str) -> dict[str, Any]:
    """The data of the template `request`, its words in the language of the request."""
    row, tag = papers.request, known(lang)
    page = _Page(row, tag)
    return {
        "lang": tag,
        "title": word("frame", "title", tag),
        "reference": row.reference,
        "notice": "" if row.submitted_at else word("frame", "draft", tag),
        "meta": page.meta(),
        "sections": [
            *(page.letter(letter, names) for letter, names in LETTERS.items()),
            *(page.section(name, [page.field(one) for one in names]) for name, names in BESIDES.items()),
            *(
                page.section(name, rows)
                for name, rows in (
                    ("consents", [page.consent(one) for one in papers.consents]),
                    ("translations", [page.translation(one) for one in papers.translations]),
                    ("attachments", [page.attachment(*one) for one in enumerate(papers.attachments, 1)]),
                )
                if rows
            ),
            page.section("signatures", [page.signature(*one) for one in papers.signatures], empty="no_signatures"),
        ],
    }


Line = dict[str, Any]
"""A label and values: texts with their direction, or `code` that a machine reads."""


class _Page:
    """What rows of the document are made with: the request and the language of its words."""

    def __init__(self, row: HearingRequest, tag: str) -> None:
        self.row, self.tag = row, tag
        self.territories: Mapping[str, str] = Locale.parse(tag.replace("-", "_")).territories

    def line(self, label: str, values: Sequence[str]) -> Line:
        return {"label": word("labels", label, self.tag), "values": [written(one) for one in values]}

    def meta(self) -> list[Line]:
        row = self.row
        found = [
            {"label": word("frame", "reference", self.tag), "values": [{"code": row.reference}]},
            *(
                {"label": word("frame", side, self.tag), "values": [written(f"{self.state(state)} ({state})")]}
                for side, state in (
                    ("requesting_state", row.requesting_state),
                    ("requested_state", row.requested_state),
                )
            ),
        ]
        if row.submitted_at is not None:
            times = [written(one) for one in self.times(row.submitted_at)]
            found.append({"label": word("frame", "submitted_at", self.tag), "values": times})
        return found

    def section(self, name: str, rows: Sequence[Line | None], *, letter: str = "", empty: str = "") -> dict[str, Any]:
        provisions = f"UNTOC art. 18(15)({letter}) · UNCAC art. 46(15)({letter})" if letter else ""
        blank = word("sections", empty, self.tag) if empty else word("frame", "not_given", self.tag)
        return {
            "letter": letter,
            "heading": word("sections", name, self.tag),
            "cites": provisions,
            "rows": [row for row in rows if row is not None],
            "empty": blank,
        }

    def letter(self, letter: str, names: Sequence[str]) -> dict[str, Any]:
        rows = [self.field(name) for name in names]
        if letter == "d" and self.row.proposed_slots:
            values = [written(self.slot(slot)) for slot in self.row.proposed_slots]
            rows.append({"label": word("sections", "slots", self.tag), "values": values})
        return self.section(letter, rows, letter=letter)

    def field(self, name: str) -> Line | None:
        """A field of the request, or None when it is not given. A flag that is not set says nothing."""
        value = getattr(self.row, name)
        if value is None or value == "" or value == [] or (name in FLAGS and not value):
            return None
        return self.line(name, self.values(name, value))

    def values(self, name: str, value: Any) -> list[str]:
        if isinstance(value, bool):
            return [word("words", "yes" if value else "no", self.tag)]
        if name in WORDS:
            many = value if isinstance(value, list) else [value]
            return [word("words", f"{WORDS[name]}.{one}", self.tag) for one in many]
        if name in LANGUAGE_FIELDS:
            many = value if isinstance(value, list) else [value]
            return [f"{tongues.name(one, self.tag)} ({one})" for one in many]
        if name == "instruments":
            return [str(reference.instruments().get(one, {}).get("name", one)) for one in value]
        if name == "person_nationality":
            return [f"{self.state(value)} ({value})"]
        if isinstance(value, datetime):
            return self.times(value)
        return [value.isoformat() if isinstance(value, date) else str(value)]

    def state(self, code: str) -> str:
        return str(self.territories.get(code, code))

    def times(self, at: datetime) -> list[str]:
        """An instant by the clocks of both States, never without city and offset."""
        zones = [
            reference.jurisdiction(one).default_zone for one in (self.row.requesting_state, self.row.requested_state)
        ]
        cities = [zone.split("/")[-1].replace("_", " ") for zone in zones]
        shown = [clocks.local_time(at, city=city, zone_name=zone) for city, zone in zip(cities, zones, strict=True)]
        return [f"{one.datetime:%Y-%m-%d %H:%M} {one.city} (UTC{one.offset})" for one in shown]

    def slot(self, slot: Mapping[str, Any]) -> str:
        begins, ends = (self.times(datetime.fromisoformat(slot[name])) for name in ("at", "until"))
        return "\n".join(map(_span, begins, ends))

    def consent(self, one: Consent) -> Line:
        said = [f"{one.text} ({one.provision})" if one.provision else one.text]
        said.append(word("words", f"consent.{one.status.value}", self.tag))
        said += self.times(one.given_at) if one.given_at else []
        said += [f"{word('labels', 'counsel', self.tag)}: {one.counsel}"] if one.counsel else []
        label = word("words", f"capacity.{self.row.capacity.value}", self.tag) if self.row.capacity else ""
        return {"label": label, "values": [written(text) for text in said if text]}

    def translation(self, one: Translation) -> Line:
        said = [f"{word('labels', 'translator', self.tag)}: {one.translator}"] if one.translator else []
        said += [word("labels", "machine", self.tag)] if one.machine else []
        said += [word("labels", "certified", self.tag)] if one.certified else []
        name = f"{tongues.name(one.language, self.tag)} ({one.language})"
        return {"label": name, "values": [written(text) for text in said]}

    def attachment(self, number: int, one: Attachment) -> Line:
        code = [{"code": f"{one.media_type} · {one.size} B"}, {"code": f"SHA-256 {one.sha256}"}]
        return {"label": f"{number}.", "values": [written(one.name), *code]}

    def signature(self, one: Signature, key: SigningKey) -> Line:
        return {
            "label": self.state(one.owner_state),
            "values": [
                written(key.authority_name),
                written(word("words", f"act.{one.act.value}", self.tag)),
                *(written(text) for text in self.times(one.signed_at)),
                {"code": f"Ed25519 {key.kid}"},
                {"code": f"SHA-256 {one.payload_sha256}"},
            ],
        }


def _span(begin: str, end: str) -> str:
    """`2027-02-02 09:00–11:00 Bangkok (UTC+07:00)`; the end in full when day or offset is another."""
    same = begin[:10] == end[:10] and begin[16:] == end[16:]
    return f"{begin[:16]}–{end[11:]}" if same else f"{begin} – {end}"
