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
import yaml

from hearings import reference
from hearings.documents import documents, glyphs, words as document_words
from hearings.errors import FontsMissing
from hearings.models import (
    Attachment,
    Consent,
    HearingRequest,
    Signature,
    SigningKey,
    Translation,
    request as request_model,
)
from hearings.models.signature import Act
from hearings.requests import document as request_document, fields as request_fields
from hearings.requests.document import BESIDES, LETTERS, WORDS, Papers
from hearings.status import ConsentStatus, RequestStatus

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
    return await documents.pdf("request", request_document.printed(found, lang), lang=lang, fonts=FONTS)


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
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"]
        descriptors = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/FontName" in one]
        assert fonts and descriptors
        assert all({"/FontFile2", "/FontFile3"} & set(one.keys()) for one in descriptors)
        assert all("/ToUnicode" in one for one in fonts if one.get("/Subtype") == "/Type0")
        keys = {key for one in pdf.objects if isinstance(one, pikepdf.Dictionary) for key in one.keys()}  # noqa: SIM118
        assert not keys & {"/JS", "/JavaScript", "/OpenAction", "/AA", "/EmbeddedFiles", "/Launch", "/URI"}


@pytest.mark.parametrize("lang", ["ro", "ru", "zh-Hans", "th"])
async def test_what_is_written_can_be_copied_out(lang: str) -> None:
    found = text_of(await printed(papers(lang), lang))
    for text in (*SCRIPTS[lang][2:], document_words.word("frame", "title", lang)):
        assert bare(text) in found


async def test_arabic_is_set_from_right_to_left_and_can_be_copied_out() -> None:
    made = await printed(papers("ar"), "ar")
    found = text_of(made)
    # Where a line of both directions begins is the reader's choice; each word of one direction is whole.
    for word in (*SCRIPTS["ar"][2].split(), *SCRIPTS["ar"][3].split(), "1234/2026"):
        assert word in found
    page = pypdfium2.PdfDocument(made)[0].get_textpage()
    title = document_words.word("frame", "title", "ar").split()
    first, last = (page.get_charbox(page.search(word).get_next()[0]) for word in (title[0], title[-1]))
    assert first[0] > last[0]


async def test_headings_are_the_letters_of_paragraph_15() -> None:
    found = text_of(await printed(papers(), "en"))
    places = [found.index(bare(f"UNTOC art. 18(15)({letter}) · UNCAC art. 46(15)({letter})")) for letter in "abcdef"]
    assert places == sorted(places)


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
    assert documents.kinds() == ("minutes", "request")


async def test_characters_without_a_glyph_are_given_by_number() -> None:
    found = text_of(await printed(papers(person_name="한 👩 Ana"), "en"))
    assert "[U+D55C][U+1F469]Ana" in found
    assert bare(document_words.word("frame", "unprintable", "en")) in found


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
        "meta": [{"label": texts, "value": "7F3K-22QD"}],
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
    placed = [name for names in (*LETTERS.values(), *BESIDES.values()) for name in names]
    assert len(placed) == len(set(placed))
    # The slots are set by themselves; the two figures stand as texts beside them.
    assert set(request_fields.FIELDS) - set(placed) == {"proposed_slots", "penalty_years", "evidence_risk"}
    assert set(placed) <= set(request_fields.FIELDS)


def test_every_word_is_there_in_english_and_stands_in_for_what_is_not_translated_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = ROOT / "hearings" / "data" / "document_words.yaml"
    table = yaml.safe_load(path.read_text("utf-8"))
    groups = ("frame", "sections", "labels", "words")
    assert table["languages"] == ["en", "fr", "es", "pt", "ro", "ru", "ar", "zh-Hans", "th"]
    assert [key for group in groups for key, texts in table[group].items() if not texts[0] or len(texts) > 9] == []
    monkeypatch.setattr(document_words, "_table", lambda: (("en", "fr", "es"), {"frame": {"page": ["Page", None]}}))
    assert [document_words.word("frame", "page", tag) for tag in ("en", "fr", "es")] == ["Page"] * 3
    assert [document_words.translated(tag) for tag in ("en", "fr", "es")] == [(1, 1), (0, 1), (0, 1)]
    placed = [name for names in (*LETTERS.values(), *BESIDES.values()) for name in names]
    assert set(placed) <= set(table["labels"])
    enums = {
        "procedure": request_model.Procedure,
        "stage": request_model.Stage,
        "capacity": request_model.Capacity,
        "reason": request_model.ReasonNoAttendance,
        "side": request_model.Side,
        "mode": request_model.InterpretingMode,
        "oath": request_model.OathForm,
        "protection": request_model.Protection,
        "scope": request_model.OffenceScope,
        "channel": request_model.Channel,
        "consent": ConsentStatus,
    }
    assert set(WORDS.values()) <= set(enums)
    wanted = {f"{prefix}.{member.value}" for prefix, enum in enums.items() for member in enum}
    assert wanted - set(table["words"]) == set()


@pytest.mark.parametrize(
    ("tag", "words"), [("ro", "ro"), ("pt-BR", "pt"), ("zh", "zh-Hans"), ("zh-Hant-TW", "zh-Hans"), ("de", "en")]
)
def test_words_are_taken_from_the_nearest_language(tag: str, words: str) -> None:
    assert document_words.known(tag) == words
