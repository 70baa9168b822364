"""The text of PDF files, from whoever sent them."""

import json
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from hearings.documents import documents, limited, pdf_text
from hearings.documents.pdf_text import CHARACTERS, LARGEST, text_of

FONTS = Path(__file__).parents[3] / "web" / "static" / "dist" / "print-fonts"
WORDS = {
    "en": "Heard on 12 March 2025 in Bucharest.",
    "th": "สืบพยานวันที่ ๑๒ มีนาคม ๒๕๖๘",
    "ar": "عقدت الجلسة في ١٢ مارس ٢٠٢٥",
    "zh": "二〇二五年三月十二日听证",
    "ru": "Допрошен 12 марта 2025 года",
}


def pdf_of(text: str, lang: str = "en") -> bytes:
    row = {"label": "", "values": [documents.written(text)]}
    section = {"letter": "", "heading": "Text", "cites": "", "rows": [row], "empty": ""}
    data = {"lang": lang, "title": "T", "reference": "R", "notice": "", "meta": [], "sections": [section]}
    return documents._compile("request", data, documents.FRAME, FONTS)


@pytest.mark.parametrize("lang", WORDS)
async def test_the_words_of_a_file_are_read_in_the_order_they_are_written(lang: str) -> None:
    found = await text_of(pdf_of(WORDS[lang], lang))
    assert found.problem == "" and not found.cut
    assert WORDS[lang].split()[-1].rstrip(".") in found.text


def encrypted() -> bytes:
    with pikepdf.open(BytesIO(pdf_of("secret"))) as made:
        out = BytesIO()
        made.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


async def test_a_file_with_a_password_says_so() -> None:
    assert await text_of(encrypted()) == pdf_text.PdfText(text="", problem="encrypted")


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"%PDF-1.7\n" + b"[" * 100_000, b"\x00" * 1000])
async def test_a_file_that_is_no_pdf_is_unreadable(data: bytes) -> None:
    assert (await text_of(data)).problem == "unreadable"


async def test_a_file_that_is_too_large_is_not_read() -> None:
    assert (await text_of(b"x" * (LARGEST + 1))).problem == "unreadable"


async def test_reading_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "PATIENCE", 0.01)
    assert (await text_of(pdf_of("long"))).problem == "unreadable"


def test_no_more_is_read_than_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHARACTERS == 200_000
    monkeypatch.setattr(pdf_text, "CHARACTERS", 20)
    found = pdf_text.read(pdf_of("word " * 200))
    assert found["cut"] and len(found["text"]) <= 20


def test_the_answer_is_json_whatever_the_file_holds() -> None:
    assert json.loads(json.dumps(pdf_text.read(pdf_of("😀 \u202e ok"))))["text"]
