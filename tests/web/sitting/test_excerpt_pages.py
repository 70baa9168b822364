"""An excerpt from the page: who may take one, what is asked for, what is handed out, and what the custody log keeps."""

import html
import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from media.evidence.check import policy, verify
from media.evidence.log import course as journal_course
from web.sitting import course
from web.words.i18n import precise_clock

JUDGE, OFFICER, STRANGER = "judge", "officer", "stranger"
BUCHAREST = "Europe/Bucharest"


@pytest.fixture
def browser(archive) -> Callable[[str], httpx.AsyncClient]:
    """A browser of one of the people, signed in."""

    def of(who: str) -> httpx.AsyncClient:
        headers = {"accept": "text/html", "origin": archive.settings.origin}
        if who:
            headers["cookie"] = f"__Host-vivavoce={archive.cookies[who]}"
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


@pytest.fixture
def sitting(archive) -> journal_course.Course:
    return journal_course.read((archive.sealed.folder / "journal.jsonl").read_bytes().split(b"\n")[:-1])


def whole(archive, sitting, who: str, zone: str, **changes: object) -> dict[str, object]:
    """A form that asks for all there is."""
    asked = {"from": 0, "to": sitting.end + 999}
    times = {name: precise_clock(course.instant(sitting, t), zone) for name, t in asked.items()}
    chosen = sorted({re.sub(r"_(mic|cam|screen)$", "", name) for name in sitting.tracks})
    return {"csrf": archive.token(who), **times, "choices": chosen, "why": "party", **changes}


def unpacked(answer: httpx.Response, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        tar.extractall(folder / "unpacked", filter="data")
    (bag,) = (folder / "unpacked").iterdir()
    return bag


@pytest.mark.parametrize(("who", "zone"), [(JUDGE, BUCHAREST)])
async def test_an_excerpt_verifies_alone_and_is_in_the_custody_log_with_its_times(
    archive, browser, sitting, tmp_path, who, zone
):
    page = await browser(who).get(f"{archive.path}/excerpt")
    assert page.status_code == 200
    assert precise_clock(course.instant(sitting, 0), zone) in page.text
    answer = await browser(who).post(f"{archive.path}/excerpt", data=whole(archive, sitting, who, zone))
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert f'{archive.sealed.recording}-excerpt.tar"' in answer.headers["content-disposition"]
    pins = f"log {archive.sealed.seal.key.vkey('demo.vivavoce.example')}\nquorum none\n"
    request = verify.VerificationRequest(policy=policy.parse(pins.encode()), without_stamp=True)
    report = verify.verify(unpacked(answer, tmp_path), request)
    assert report.exit_code == 10, report.as_text()
    assert report.excerpt
    (line,) = archive.accesses()
    assert (line["what"], line["why"], line["t0"]) == ("excerpt", "party", 0)
    assert line["t1"] >= sitting.end
    assert list(archive.settings.data.glob(".export-*")) == []
    custody = await browser(JUDGE).get(f"{archive.path}/custody")
    assert "Excerpt taken (bag)" in custody.text
    assert line["tracks"] == sorted(sitting.tracks)
    assert f'tracks: <bdi dir="ltr">{" ".join(line["tracks"])}</bdi>' in custody.text
    of_whole = verify.verify_stored(archive.sealed.folder, request)
    assert of_whole.findings.verdict == "gaps", of_whole.as_text()


async def test_only_the_persons_and_languages_chosen_are_in_it(archive, browser, sitting, tmp_path):
    seat = next(re.sub(r"_mic$", "", name) for name in sitting.tracks if name.endswith("_mic"))
    form = whole(archive, sitting, JUDGE, BUCHAREST, choices=[seat])
    answer = await browser(JUDGE).post(f"{archive.path}/excerpt", data=form)
    inside = {path.name.rpartition("-")[0] for path in (unpacked(answer, tmp_path) / "data/seg").iterdir()}
    assert inside
    assert {re.sub(r"_(mic|cam|screen)$", "", name) for name in inside} == {seat}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"from": "noon"}, "Enter a time of day as hours, minutes and seconds, such as 14:05:09."),
        ({"to": ""}, "Enter a time of day as hours, minutes and seconds, such as 14:05:09."),
        ({"from": "23:59:59"}, "The end must be after the beginning."),
        ({"choices": []}, "Choose at least one person or language."),
        ({"choices": ["nobody"]}, "Choose at least one person or language."),
        ({"why": "fun"}, "Choose a reason."),
    ],
)
async def test_what_cannot_be_cut_is_said_at_its_field_and_nothing_is_logged(archive, browser, sitting, changes, said):
    answer = await browser(JUDGE).post(
        f"{archive.path}/excerpt", data=whole(archive, sitting, JUDGE, BUCHAREST, **changes)
    )
    assert answer.status_code == 422
    text = html.unescape(re.sub(r"<[^>]+>", "", answer.text))
    assert said in text
    for name in ("from", "to"):
        if name in changes:
            assert f'value="{changes[name]}"' in answer.text
    assert archive.accesses() == []


async def test_an_excerpt_needs_a_token_and_a_role(archive, browser, sitting):
    for who, changes, refused in ((JUDGE, {"csrf": ""}, 403), (OFFICER, {}, 403), (STRANGER, {}, 404)):
        form = whole(archive, sitting, who, BUCHAREST, **changes)
        assert (await browser(who).post(f"{archive.path}/excerpt", data=form)).status_code == refused
    assert (await browser(OFFICER).get(f"{archive.path}/excerpt")).status_code == 403
    assert archive.accesses() == []


async def test_nothing_is_cut_from_a_recording_that_is_not_the_one_sealed(archive, browser, sitting):
    piece = next(path for path in sorted((archive.sealed.folder / "seg").iterdir()) if "-000001" in path.name)
    before = piece.read_bytes()
    piece.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    try:
        form = whole(archive, sitting, JUDGE, BUCHAREST)
        answer = await browser(JUDGE).post(f"{archive.path}/excerpt", data=form)
    finally:
        piece.write_bytes(before)
    assert answer.status_code == 503
    assert archive.accesses() == []
    assert list(archive.settings.data.glob(".export-*")) == []
