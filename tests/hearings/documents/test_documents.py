"""Printed documents: PDF/A-2b in structure, in five scripts, with texts that are shown and never run."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
import rfc8785

from hearings import reference
from hearings.documents import documents, glyphs
from hearings.errors import FontsMissing
from hearings.law.handling.contents import CONTENTS
from hearings.models import (
    Attachment,
    Consent,
    HearingRequest,
    Signature,
    SigningKey,
    Translation,
)
from hearings.models.signature import Act
from hearings.requests import document as request_document, fields as request_fields
from hearings.requests.document import ACTS, HEADINGS, Papers
from hearings.requests.field_kinds import Choice, Several
from hearings.requests.fields import FIELDS, SECTIONS
from hearings.sentences import Word, tell
from hearings.status import ConsentStatus, RequestStatus
from tests.support.court import ORDER
from web.words import i18n, sentences

ROOT = Path(__file__).parents[3]
FONTS = ROOT / "web" / "static" / "dist" / "print-fonts"
NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
SCRIPTS = {
    "ro": (
        "RO",
        "TH",
        "Tribunalul București",
        "Ștefan Țurcanu",
        "Martorul a văzut transportul între Galați și Constanța.",
    ),
    "ru": ("KZ", "RO", "Генеральная прокуратура", "Айгерим Қасымова", "Свидетель видела перевозку потерпевших."),
    "ar": ("TR", "RO", "محكمة استئناف القاهرة", "سمية عبد الرحمن", "شهدت الشاهدة نقل الضحايا (المحضر 1234/2026)."),
    "zh-Hans": ("CN", "RO", "最高人民检察院", "王小明", "证人目睹了跨境运送被害人的经过，并能够辨认嫌疑人。"),
    "th": ("TH", "RO", "สำนักงานอัยการสูงสุด", "สมชาย วงศ์สา", "พยานเห็นเหตุการณ์การขนส่งผู้เสียหายข้ามพรมแดน"),
}
TITLE = tell("Request for a hearing by videoconference")
ATTACKS = (
    "#panic()",
    '#read("/etc/passwd")',
    "$x^2$ *b* _i_ `c` <a> @b // c /* d",
    "\\u{41} #sys.inputs",
    '"] #eval("1")',
)


def papers(lang: str = "ro", **changes: Any) -> Papers:
    """A request with most fields filled in, in one of the five scripts."""
    state, other, authority, name, text = SCRIPTS[lang]
    row = HearingRequest(
        owner_state=state,
        requesting_state=state,
        requested_state=other,
        reference=f"{state}-2026-0007",
        created_by="somebody",
        created_at=NOW,
        submitted_at=NOW,
        status=RequestStatus.received,
    )
    zone = reference.jurisdiction(state).default_zone
    fields = {
        "requesting_authority": authority,
        "case_number": "1234/P/2026",
        "stage": "trial",
        "offence_summary": f"{text}\n{text}",
        "offence_scope": ["untoc_offence"],
        "offence_serious": True,
        "reason_no_attendance": "not_possible",
        "reason_text": text,
        "interpreter_languages": ["th", "ro"],
        "oath_form": "requested_law",
        "protection_requested": ["voice", "face"],
        "proposed_slots": [{"wall": f"2027-02-0{day}T09:00", "zone": zone, "minutes": 120} for day in (2, 3, 4)],
        "person_name": name,
        "capacity": "witness",
        "person_born": "1980-02-29",
        "person_nationality": other,
        "language_of_person": "th",
        "purpose": text,
        "instruments": ["untoc"],
        "language_of_request": lang,
        "urgent": True,
        "urgent_reason": text,
    }
    request_fields.fill(row, fields | changes)
    key = SigningKey(
        owner_state=state, authority_name=authority, kid="k" * 43, public_key="x" * 43, created_by="a", created_at=NOW
    )
    signed = Signature(
        owner_state=state,
        other_state=other,
        key_id=key.id,
        act=Act.submit_request,
        about=row.reference,
        subject="hearing_request",
        subject_id=row.id,
        jti="j" * 20,
        payload_sha256="ab" * 32,
        jws="a.b.c",
        signed_at=NOW,
        received_at=NOW,
        actor="a",
        actor_label="a",
    )
    by = {"added_by": "a", "added_at": NOW}
    return Papers(
        request=row,
        answers=[],
        attachments=[
            Attachment(
                owner_state=state,
                request_id=row.id,
                name="decision.pdf",
                media_type="application/pdf",
                size=9,
                sha256="cd" * 32,
                added_by_label="a",
                **by,
            )
        ],
        translations=[Translation(owner_state=state, request_id=row.id, language="th", translator="Ana", **by)],
        consents=[
            Consent(
                owner_state=state,
                request_id=row.id,
                rule="r",
                provision="ETS 182 art. 9(8)",
                text="The person must consent",
                status=ConsentStatus.given,
                since=NOW,
                given_at=NOW,
                counsel="Maria Pop",
            )
        ],
        signatures=[(signed, key)],
    )


async def printed(found: Papers, lang: str = "ro") -> bytes:
    data = request_document.printed(found, lang, sentences.say)
    return await documents.pdf("request", data, lang=lang, fonts=FONTS, say=sentences.say)


def text_of(pdf: bytes) -> str:
    """What a reader copies out, blanks and breaks aside: where those fall is the setting's business."""
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return "".join(text.replace("\u200b", "").split())


def bare(text: str) -> str:
    return "".join(text.split())


def objects(pdf: bytes) -> Iterator[Any]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        yield from opened.objects


# --- structure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", SCRIPTS)
async def test_a_request_is_pdf_a_2b_in_structure(lang: str) -> None:
    made = await printed(papers(lang), lang)
    with pikepdf.open(io.BytesIO(made)) as pdf:
        with pdf.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "B")
        assert str(pdf.Root.Lang).split("-")[0] == lang.split("-")[0]
        (intent,) = pdf.Root.OutputIntents
        assert (str(intent.S), intent.DestOutputProfile.N in (1, 3, 4)) == ("/GTS_PDFA1", True)
        assert not pdf.is_encrypted
        fonts = [
            entry for entry in pdf.objects if isinstance(entry, pikepdf.Dictionary) and entry.get("/Type") == "/Font"
        ]
        descriptors = [entry for entry in pdf.objects if isinstance(entry, pikepdf.Dictionary) and "/FontName" in entry]
        assert fonts and descriptors
        assert all({"/FontFile2", "/FontFile3"} & set(descriptor.keys()) for descriptor in descriptors)
        assert all("/ToUnicode" in font for font in fonts if font.get("/Subtype") == "/Type0")
        keys = {key for entry in pdf.objects if isinstance(entry, pikepdf.Dictionary) for key in entry.keys()}  # noqa: SIM118
        assert not keys & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/EmbeddedFiles", "/Launch", "/URI"}


@pytest.mark.parametrize("lang", ["ro", "ru", "zh-Hans", "th"])
async def test_what_is_written_can_be_copied_out(lang: str) -> None:
    found = text_of(await printed(papers(lang), lang))
    for text in (*SCRIPTS[lang][2:], sentences.say(lang, TITLE)):
        assert bare(text) in found


async def test_arabic_is_set_from_right_to_left_and_can_be_copied_out() -> None:
    made = await printed(papers("ar"), "ar")
    found = text_of(made)
    # Where a line of both directions begins is the reader's choice; each word of one direction is whole.
    for word in (*SCRIPTS["ar"][2].split(), *SCRIPTS["ar"][3].split(), "1234/2026"):
        assert word in found
    page = pypdfium2.PdfDocument(made)[0].get_textpage()
    title = sentences.say("ar", TITLE).split()
    first, last = (page.get_charbox(page.search(word).get_next()[0]) for word in (title[0], title[-1]))
    assert first[0] > last[0]


async def test_headings_are_the_letters_of_paragraph_15() -> None:
    found = text_of(await printed(papers(), "en"))
    places = [found.index(bare(f"UNTOC art. 18(15)({letter})")) for letter in "abcdef"]
    assert places == sorted(places)
    assert "UNCAC" not in found, "nobody relies on it"


async def test_an_order_is_printed_by_the_sections_of_its_form_with_what_they_hold() -> None:
    words = ORDER | {"instruments": ["eio"], "judicial_authority": "Court of Cluj"}
    found = text_of(await printed(papers("ro", **words), "en"))
    form = CONTENTS["eio"].sections
    places = [found.index(bare(title)) for title in form.values()]
    assert places == sorted(places)
    assert bare("(H2)") in found
    assert "18(15)" not in found, "no letter of another instrument"
    for text in (ORDER["necessity"], ORDER["legal_remedies"], "Court of Cluj"):
        assert bare(text) in found


async def test_receipt_is_acknowledged_on_the_form_of_the_instrument_and_a_draft_says_so() -> None:
    made = papers("ro", instruments=["eio"])
    form = request_document.receipt_form(made.request)
    assert form is not None
    for acknowledged in (None, datetime(2027, 1, 20, 8, tzinfo=UTC)):
        data = request_document.printed_receipt(made, form, acknowledged, "en", sentences.say)
        found = text_of(await documents.pdf("request", data, lang="en", fonts=FONTS, say=sentences.say))
        places = [found.index(bare(title)) for title in form.sections.values()]
        assert places == sorted(places)
        assert (bare("Draft. Receipt has not been acknowledged.") in found) is (acknowledged is None)
        assert (bare("2027-01-20 10:00 Bucharest (UTC+02:00)") in found) is (acknowledged is not None)
        assert bare(form.provision) in found
    assert request_document.receipt_form(papers("ro").request) is None, "the convention has no form"


async def test_times_stand_in_both_places_with_their_offsets() -> None:
    found = text_of(await printed(papers("ro"), "en"))
    for text in ("2027-02-02 09:00–11:00 Bucharest (UTC+02:00)", "2027-02-02 14:00–16:00 Bangkok (UTC+07:00)"):
        assert bare(text) in found


async def test_a_slot_that_ends_on_the_next_day_says_so() -> None:
    slots = [{"wall": f"2027-02-0{day}T18:00", "zone": "Europe/Bucharest", "minutes": 120} for day in (2, 3, 4)]
    found = text_of(await printed(papers("ro", proposed_slots=slots), "en"))
    assert bare("2027-02-02 23:00 Bangkok (UTC+07:00) – 2027-02-03 01:00 Bangkok (UTC+07:00)") in found


async def test_a_draft_says_that_it_is_one() -> None:
    found = papers()
    found.request.submitted_at = None
    assert bare("Draft. It has not been submitted.") in text_of(await printed(found, "en"))


async def test_there_is_no_safe_conduct() -> None:
    found = text_of(await printed(papers(), "en")).lower()
    assert ("safeconduct" in found, "18(27)" in found) == (False, False)


async def test_the_last_line_says_whose_the_seal_is() -> None:
    assert text_of(await printed(papers(), "en")).count(bare("It is not the signature of an authority.")) == 1


# --- texts are shown, never run ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ATTACKS)
async def test_code_in_a_name_is_printed_as_it_is_written(text: str) -> None:
    found = text_of(await printed(papers(person_name=text, offence_summary=text), "en"))
    assert found.count(bare(text)) == 2
    assert "root:x:0:0" not in found


async def test_a_template_outside_the_folder_is_none() -> None:
    for kind in ("../documents", "/etc/passwd", "common", "nothing", ""):
        with pytest.raises(LookupError):
            await documents.pdf(kind, {}, lang="en", fonts=FONTS)
    assert documents.kinds() == ("custody", "minutes", "request", "training")


async def test_characters_without_a_glyph_are_given_by_number() -> None:
    found = text_of(await printed(papers(person_name="한 👩 Ana"), "en"))
    assert "[U+D55C][U+1F469]Ana" in found
    assert bare(documents.FRAME["unprintable"]) in found


@pytest.mark.parametrize(
    "text", ["x" * 4000, "พยานเห็นเหตุการณ์" * 200, "لا" * 2000, "aั", "中\u0301", "\u200d", "a\n\n\nb"]
)
async def test_odd_texts_are_set_and_stay_on_the_page(text: str) -> None:
    made = await printed(papers(offence_summary=text), "ar")
    for page in pypdfium2.PdfDocument(made):
        width = page.get_size()[0]
        texts = page.get_textpage()
        boxes = [texts.get_charbox(index) for index in range(texts.count_chars())]
        assert all(left >= -1 and right <= width + 1 for left, _bottom, right, _top in boxes)


def test_glyphs_are_those_of_the_fonts() -> None:
    have = glyphs.covered(FONTS)
    assert [chr(code) for code in map(ord, "Aăяعสह中、–€") if code not in have] == []
    assert [ord(one) in have for one in "한😀\u0b95\ufffe"] == [False] * 4


async def test_without_fonts_nothing_is_printed_until_they_are_there(tmp_path: Path) -> None:
    folder = tmp_path / "print-fonts"
    for _ in range(2):
        with pytest.raises(FontsMissing, match="not installed"):
            await documents.pdf("request", request_document.printed(papers(), "en"), lang="en", fonts=folder)
        folder.mkdir(exist_ok=True)
    for font in FONTS.glob("*.ttf"):
        (folder / font.name).symlink_to(font)
    assert (await documents.pdf("request", request_document.printed(papers(), "en"), lang="en", fonts=folder))[:4]


# --- minutes -----------------------------------------------------------------------------------------------------


def minutes(languages: list[str], texts: list[str]) -> dict[str, Any]:
    return {
        "title": texts,
        "languages": languages,
        "meta": [{"label": texts, "texts": ["7F3K-22QD"], "code": True}],
        "phases": [],
        "annex": {"heading": texts, "sections": []},
        "notice": texts,
        "sections": [{"heading": texts, "rows": [{"key": "a", "texts": texts, "notes": ["", "Ana"][: len(texts)]}]}],
        "reading": {"heading": texts, "at": "2026-12-02 11:00 Bucharest", "rows": [{"label": texts, "value": "Ana"}]},
        "corrections": {
            "heading": texts,
            "rows": [
                {"at": "2026", "text": texts[-1], "became": texts, "answer": "Nein, acht.", "answered": "2026 · Ana"}
            ],
        },
        "hash": {"label": texts, "value": "ab" * 32},
        "heads": [{"label": texts, "recording": "r", "value": "9:" + "cd" * 32}],
        "signatures": {
            "heading": texts,
            "rows": [
                {"state": "RO", "who": "Ana", "at": "2026", "missing": [], "sha256": "ef" * 32, "about": "x"},
                {"state": "TH", "who": "", "at": "", "missing": texts, "sha256": ""},
            ],
        },
        "reservations": {
            "heading": texts,
            "rows": [
                {
                    "number": 1,
                    "kind": texts,
                    "made_by": "Av. Pop",
                    "language": languages[-1],
                    "text": texts[-1],
                    "at": "2026",
                    "entered_by": "Ana",
                }
            ],
        },
    }


@pytest.mark.parametrize("languages", [["ro", "th"], ["zh-Hans", "ru"], ["ro"]])
async def test_minutes_stand_in_their_languages_side_by_side(languages: list[str]) -> None:
    texts = [SCRIPTS[lang][4] for lang in languages]
    made = await documents.pdf("minutes", minutes(languages, texts), lang=languages[0], fonts=FONTS)
    found = text_of(made)
    assert "ab" * 32 in found and "cd" * 32 in found and bare("Nein, acht.") in bare(found)
    # In narrow columns the lines of both alternate: their first words are enough.
    assert [bare(text)[:5] in found for text in texts] == [True] * len(texts)
    with pikepdf.open(io.BytesIO(made)) as pdf, pdf.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "B")


async def test_the_states_stand_on_the_page_of_the_heading_over_their_signatures_wherever_it_falls() -> None:
    row = {"key": "a", "texts": ["A line of the minutes"], "notes": [""]}
    pages = set()
    for number in range(24, 60, 3):
        data = minutes(["en"], ["x"]) | {"reservations": {"heading": [], "rows": []}, "heads": []}
        data["sections"] = [{"heading": ["Course"], "rows": [row] * number}]
        data["signatures"]["heading"] = ["Signatures"]
        data["signatures"]["rows"][1]["missing"] = ["Unsigned"]
        made = pypdfium2.PdfDocument(await documents.pdf("minutes", data, lang="en", fonts=FONTS))
        texts = [page.get_textpage().get_text_range() for page in made]
        (at,) = [index for index, text in enumerate(texts) if "Signatures" in text]
        assert "ef" * 8 in bare(texts[at].replace("\u200b", "")) and "Unsigned" in texts[at], number
        pages.add(at)
    assert pages == {0, 1}, "the break falls before and behind it"


HASH = "0a1b2c3d4e5f6789" * 4
LONG = (f"Head 412:{HASH}, SHA-256 {HASH}.", "demo.example/hearing/0192f3a4-7c1e-7b2a-9d3e-1f2a3b4c5d6e/" + "x" * 90)


@pytest.mark.parametrize("languages", [["ro", "th"], ["ar", "en"], ["th", "ar"]])
async def test_nothing_in_the_annex_runs_over_the_margin_or_into_the_other_language(languages: list[str]) -> None:
    data = minutes(languages, ["x"] * 2)
    rows = [{"key": "a", "texts": [f"ก ب {text}"] * 2, "notes": ["", ""]} for text in LONG]
    data["annex"] = {"heading": ["Annex"] * 2, "sections": [{"heading": ["Hashes"] * 2, "rows": rows}]}
    made = pypdfium2.PdfDocument(await documents.pdf("minutes", data, lang=languages[0], fonts=FONTS))
    (page,) = [one for one in made if "Hashes" in one.get_textpage().get_text_range()]
    text, margin = page.get_textpage(), 20 / 25.4 * 72
    boxes = [text.get_charbox(at) for at in range(text.count_chars()) if text.get_text_range(at, 1).strip()]
    assert min(box[0] for box in boxes if box[2] > box[0]) >= margin - 1
    assert max(box[2] for box in boxes) <= page.get_width() - margin + 2
    gutter = (page.get_width() / 2 - 5, page.get_width() / 2 + 5)
    foot = 22 / 25.4 * 72
    assert [box for box in boxes if box[1] > foot and box[0] < gutter[0] and box[2] > gutter[1]] == []


# --- as data -----------------------------------------------------------------------------------------------------


def test_the_json_is_canonical_and_holds_the_signatures_as_received() -> None:
    found = papers()
    made = request_document.canonical(found)
    assert made == rfc8785.dumps(json.loads(made))
    data = json.loads(made)
    assert (data["format"], data["reference"], data["status"]) == ("vivavoce-request", "RO-2026-0007", "received")
    assert data["content"]["person_name"] == "Ștefan Țurcanu"
    assert [one["jws"] for one in data["signatures"]] == ["a.b.c"]
    assert [one["sha256"] for one in data["attachments"]] == ["cd" * 32]


def test_every_field_of_a_request_has_its_place_in_the_document() -> None:
    assert {field.section for field in FIELDS.values()} == set(SECTIONS)
    # The two figures stand as texts beside them.
    assert {name for name, one in FIELDS.items() if not one.printed} == {"penalty_years", "evidence_risk"}


LISTS = {kind.words: kind.of for field in FIELDS.values() if isinstance(kind := field.kind, Choice | Several)}


@pytest.mark.parametrize("lang", [tag for tag in i18n.LANGUAGES if tag != "en"])
def test_every_word_of_a_request_is_said_in_every_language(lang: str) -> None:
    codes = [Word.of(table, member.value) for table, members in LISTS.items() for member in members]
    said = [*codes, *map(Word.status, ConsentStatus), *HEADINGS.values(), *ACTS.values(), *documents.FRAME.values()]
    same = {str(text) for text in said if sentences.say(lang, text) == text}
    not_yet = {
        "Answers of the States to the legal check",
        "legal check answered",
    }  # of this version, not yet translated
    assert same <= {"Page", "Consents"} | not_yet | {code for code in codes if code.code == "ibera"}
