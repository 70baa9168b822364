"""Everything of a rehearsal says what it is, and nothing else does."""

import contextlib
import re
from pathlib import Path

import httpx
import pytest
from pypdfium2 import PdfDocument

from hearings.db import Database
from tests.support.installation import Installation
from tests.support.rehearsal import Rehearsing
from web.server.rendering import WEB
from web.settings import Settings, SettingsError
from web.training import runs

MARK = "A rehearsal with invented people: nothing here is evidence."


def text_of(data: bytes) -> list[str]:
    """What is printed on each page."""
    pdf = PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range().replace("\u200b", "") for page in pdf]
    finally:
        pdf.close()


async def test_every_page_of_a_rehearsal_bears_its_mark_and_its_title_begins_with_it(rehearsing: Rehearsing) -> None:
    trainer, clerk = await rehearsing.signed_in("trainer"), await rehearsing.signed_in("clerk")
    ref = rehearsing.made.ref
    for headers, paths in (
        ({}, ("/sign-in", "/s", "/j", "/help", "/status", "/privacy", "/nowhere")),
        (trainer, ("/training", "/admin", "/admin/checks", "/admin/statistics")),
        (clerk, ("/docket", "/requests", f"/h/{ref}", f"/h/{ref}/log", f"/h/{ref}/live", "/statistics", "/law/check")),
    ):
        for path in paths:
            answer = await rehearsing.http.get(path, headers={"accept": "text/html", **headers})
            assert MARK in answer.text, (path, answer.status_code)
            assert re.search(r"<title[^>]*>TRAINING – ", answer.text), path
            assert "/static/css/training.css" in answer.text, path


def test_every_template_of_a_whole_page_has_a_place_for_the_mark() -> None:
    whole = [path for path in WEB.glob("*/templates/*.html") if "<body" in path.read_text(encoding="utf-8")]
    assert len(whole) >= 2
    assert [path.name for path in whole if "training_mark.html" not in path.read_text(encoding="utf-8")] == []


async def test_the_references_of_a_rehearsal_and_its_papers_say_training_on_every_page(rehearsing: Rehearsing) -> None:
    clerk = await rehearsing.signed_in("clerk")
    listed = await rehearsing.http.get("/requests", headers=clerk)
    (reference,) = set(re.findall(r"/requests/(RO-[A-Z0-9-]+)", listed.text))
    assert re.fullmatch(r"RO-TRAINING-\d{4}-0001", reference)
    made = await rehearsing.http.get(f"/requests/{reference}/document.pdf", headers=clerk)
    assert made.status_code == 200, made.text[:300]
    pages = text_of(made.content)
    assert pages
    assert [page for page in pages if "TRAINING" not in page or MARK not in " ".join(page.split())] == []


async def test_the_certificate_names_drill_version_score_and_nobody(rehearsing: Rehearsing) -> None:
    trainer = await rehearsing.signed_in("trainer")
    made = await rehearsing.http.get("/training/certificate.pdf", headers=trainer)
    assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
    assert "TRAINING-protected_name" in made.headers["content-disposition"]
    text = " ".join(" ".join(text_of(made.content)).split())
    for words in ("A protected name is said aloud", "0 of 0 points", "UNTOC art. 24", MARK):
        assert words in text, words
    assert "Not asked for in this run" in text
    assert "protected_name/1" in text.replace(" ", "")
    for link in rehearsing.made.trainees.values():
        assert link.name not in text


async def test_the_page_of_the_trainer_is_for_trainers_and_for_rehearsals_only(
    rehearsing: Rehearsing,
) -> None:
    clerk = await rehearsing.signed_in("clerk")
    for path in ("/training", "/training/certificate.pdf"):
        assert (await rehearsing.http.get(path, headers=clerk)).status_code == 403
        assert (await rehearsing.http.get(path)).status_code in (303, 401)
    trainer = await rehearsing.signed_in("trainer")
    refused = await rehearsing.press("/training/people", trainer)
    assert refused.status_code == 422
    assert "Open the lobby of the hearing first" in refused.text
    refused = await rehearsing.press("/training/injects/name_said", trainer)
    assert refused.status_code == 422
    assert "bring them first" in refused.text
    assert (await rehearsing.press("/training/injects/invented", trainer)).status_code == 404
    log = await rehearsing.http.get(f"/h/{rehearsing.made.ref}/log", headers=clerk)
    assert "something was made to happen" not in log.text


async def test_the_data_of_a_rehearsal_are_not_served_under_the_name_of_a_court_nor_a_court_as_a_rehearsal(
    rehearsing: Rehearsing, prepared: Path
) -> None:
    run = rehearsing.settings.data
    for data, name, expected in (
        (run, "court.example", "a name that begins with training."),
        (prepared, "training.court.example", "a name that does not begin with training."),
        (run, "training.court.example", ""),
        (prepared, "court.example", ""),
    ):
        settings = Settings(data=data, court_name=name)
        database = Database(settings.database_url)
        try:
            with pytest.raises(SettingsError, match=re.escape(expected)) if expected else contextlib.nullcontext():
                await runs.require_kind(settings, database)
        finally:
            await database.close()


async def test_no_page_of_an_installation_that_holds_hearings_bears_the_mark(prepared: Path, tmp_path: Path) -> None:
    async with Installation.copy(prepared, tmp_path).in_process() as found:
        http: httpx.AsyncClient = found.http
        for path in ("/sign-in", "/help", "/nowhere"):
            answer = await http.get(path, headers={"accept": "text/html"})
            assert MARK not in answer.text
            assert "TRAINING" not in answer.text
        assert (await http.get("/training", headers={"accept": "text/html"})).status_code in (303, 401)
