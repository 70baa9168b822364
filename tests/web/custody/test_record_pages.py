"""The custody record as a file: sealed, time-stamped by a real authority, and never without a time-stamp unsaid."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pikepdf
import pypdfium2
import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from hearings.documents import pdf_seals
from media.evidence.log import custody
from media.evidence.stamping import renewal, timestamps
from media.evidence.stamping.timestamps import Authorities
from tests.support import tsa
from web.custody import record_pages
from web.demo.time_authority import REPLY, Authority
from web.sitting import recording_pages

JUDGE, STRANGER = "judge", "stranger"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


@pytest.fixture
def get(archive):
    async def fetch(page: str, who: str = JUDGE, lang: str = "en") -> httpx.Response:
        cookie = f"__Host-vivavoce={archive.cookies[who]}; lang={lang}"
        headers = {"accept": "text/html", "accept-language": lang, "cookie": cookie}
        transport = httpx.ASGITransport(app=archive.app)
        async with httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers) as web:
            return await web.get(f"{archive.path}/{page}")

    return fetch


def text_of(data: bytes) -> str:
    with pypdfium2.PdfDocument(data) as file:
        found = "".join(page.get_textpage().get_text_bounded() for page in file)
    return " ".join(found.replace("\u200b", "").split())


def view(archive) -> None:
    line = custody.Accessor("=S. Srisai", "requested_authority", "TH").line("view", "minutes")
    custody.record(archive.sealed.folder, [line], archive.sealed.seal, archive.sealed.zero + 10**12)


async def test_the_record_names_the_head_and_each_person_in_both_courts_times_and_is_sealed(archive, get):
    view(archive)
    answer = await get("custody.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    text = text_of(answer.content)
    head = custody.read(archive.sealed.folder, archive.sealed.seal.trust()).head
    assert f"{head.size}:{head.root.hex()}" in text.replace(" ", "")
    assert "=S. Srisai (Requested authority, Thailand)" in text and "Frozen at the close" in text
    assert "București" in text or "Bucharest" in text
    assert "UTC+07:00 Bangkok" in text
    assert "without a time-stamp" in text
    report = await pdf_seals.check(answer.content)
    assert (report.problem, report.intact) == ("", True)
    with pikepdf.open(io.BytesIO(answer.content)) as pdf, pdf.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"], "/Version" in pdf.Root) == ("2", "B", False)


async def test_the_seal_of_the_record_has_the_time_of_an_authority(
    archive, get, authority: Authority, monkeypatch: pytest.MonkeyPatch
):
    view(archive)
    with tsa.served(lambda query: (200, REPLY, authority.answer(query))) as url:
        monkeypatch.setattr(record_pages, "authorities_of", lambda _settings: Authorities([url], authority.anchors))
        answer = await get("custody.pdf")
    assert answer.status_code == 200
    assert "PAdES B-T" in text_of(answer.content)
    (signature,) = PdfFileReader(io.BytesIO(answer.content)).embedded_regular_signatures
    roots = [x509.Certificate.load(found) for _kind, _headers, found in pem.unarmor(authority.anchors, multiple=True)]
    roots.append(signature.signer_cert)
    status = await async_validate_pdf_signature(
        signature, ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
    )
    assert (status.intact, status.valid, status.timestamp_validity.valid) == (True, True, True)
    assert status.timestamp_validity.trusted
    assert abs(status.timestamp_validity.timestamp - datetime.now(UTC)) < timedelta(minutes=2)


def _silent(query: bytes) -> tuple[int, str, bytes]:
    return 503, REPLY, b""


@pytest.mark.parametrize("wrong", ["silent", "other"])
async def test_no_record_is_made_without_a_time_stamp_that_holds_unless_somebody_asks_for_it(
    archive, get, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path, wrong: str
):
    stranger = Authority(tmp_path / "other")  # answers well, and is not the one that the court trusts
    answering: Callable[[bytes], tuple[int, str, bytes]] = (
        _silent if wrong == "silent" else lambda query: (200, REPLY, stranger.answer(query))
    )
    view(archive)
    with tsa.served(answering) as url:
        monkeypatch.setattr(record_pages, "authorities_of", lambda _settings: Authorities([url], authority.anchors))
        answer = await get("custody.pdf")
        assert (answer.status_code, "No time-stamp now" in answer.text) == (503, True)
        assert "custody.pdf?unstamped=1" in answer.text
        elsewhere = await get("custody.pdf", lang="ar")
        assert 'dir="rtl"' in elsewhere.text and elsewhere.status_code == 503
        taken = await get("custody.pdf?unstamped=1")
    assert (taken.status_code, "without a time-stamp" in text_of(taken.content)) == (200, True)


async def test_a_record_that_is_cut_says_how_many_earlier_entries_it_leaves_out(
    archive, get, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        view(archive)
    whole = text_of((await get("custody.pdf")).content)
    assert "Not in this file" not in whole and "Opened" in whole
    monkeypatch.setattr(record_pages, "MOST", 3)
    cut = text_of((await get("custody.pdf")).content)
    assert re.search(r"Not in this file [0-9]+ earlier entries: see both logs as CSV", cut), cut
    assert cut.count("Srisai") == 3 and "Frozen at the close" not in cut


@pytest.mark.parametrize("lang", ["ar", "th", "zh-Hans"])
async def test_the_record_is_printed_in_the_reader_s_script(archive, get, lang: str):
    view(archive)
    answer = await get("custody.pdf", lang=lang)
    assert answer.status_code == 200
    assert "[U+" not in text_of(answer.content)


async def test_another_state_gets_the_answer_of_an_unknown_recording(get):
    answer = await get("custody.pdf", STRANGER)
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (404, "text/html")


async def test_a_journal_that_does_not_fit_its_head_is_printed_nowhere(archive, get):
    path = archive.sealed.folder / "journal.jsonl"
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    answer = await get("custody.pdf")
    assert (answer.status_code, b"%PDF" in answer.content) == (503, False)


async def test_the_page_says_when_a_time_stamp_must_be_renewed_and_when_it_was(
    archive, get, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    folder, seal = archive.sealed.folder, archive.sealed.seal
    ending = tsa.soon_over(tmp_path / "ending", 5)
    trusted = Authorities(["http://127.0.0.1:9/"], ending.anchors + authority.anchors)
    monkeypatch.setattr(recording_pages, "authorities_of", lambda _settings: trusted)
    view(archive)
    checkpoint = (folder / custody.CHECKPOINT).read_bytes()
    (folder / timestamps.FILE).write_bytes(tsa.stamped(ending, checkpoint))
    missing = renewal.outstanding(folder).missing
    assert missing is not None
    shown = await get("verify")
    assert "The time-stamp must be renewed" in shown.text and "was renewed" not in shown.text
    custody.record(folder, [missing], seal, archive.sealed.zero + 2 * 10**12)
    note = (folder / custody.LOG_CHECKPOINT).read_bytes()
    custody.record(folder, [renewal.line(note, tsa.stamped(authority, note))], seal, archive.sealed.zero + 3 * 10**12)
    assert renewal.outstanding(folder).missing is None
    shown = await get("verify")
    assert "The time-stamp was renewed" in shown.text and "must be renewed" not in shown.text
