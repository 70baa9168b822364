"""Minutes on pages: before the sitting, from the draft to both signatures, and what others may not see or do."""

import asyncio
import io
import json
import re
import secrets
import subprocess
import tempfile
import zipfile
from datetime import UTC, datetime, timedelta
from html import unescape

import pikepdf
import pypdfium2
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

from hearings import queries
from hearings.actors import SYSTEM, participant_actor
from hearings.documents import pdf_seals
from hearings.minutes import minutes, passages
from hearings.minutes.revision import How, Writing
from hearings.models import Hearing, HearingRequest, Minutes, Person
from hearings.moves import move
from hearings.roles import Role
from hearings.signatures import jws, signatures, signing_keys
from hearings.sitting import recordings, sittings
from hearings.status import MinutesStatus, RecordingStatus, SittingStatus
from tests.support.court import seated
from web.custody.commands import minutes_check
from web.words import i18n

pytestmark = pytest.mark.beside


@pytest.fixture(scope="module")
def held(running):
    """The demonstration's hearing, held and sealed; the seeds of both authorities' signing keys."""
    seeds = {"RO": secrets.token_bytes(32), "TH": secrets.token_bytes(32)}

    async def hold(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, running.made.hearing.id)
            people = await queries.participants(db, hearing.id)
            judge = seated(next(person for person in people if person.role is Role.presiding_judge))
            sitting, recording = await sittings.open_lobby(
                db, hearing=hearing, court_name="demo.example", actor=judge, now=now
            )
            await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
            move(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
            move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
            await recordings.opened(db, sitting=sitting, recording=recording, now=now)
            await sittings.hold(db, sitting=sitting, reason="A <b>break</b>", actor=judge, now=now)
            await sittings.resume(db, sitting=sitting, reason="Go on", actor=judge, now=now)
            await sittings.close(db, sitting=sitting, reason="Heard", actor=judge, now=now)
            later = now + timedelta(minutes=30)
            await recordings.closed(db, sitting=sitting, recording=recording, size=9, root="cd" * 32, now=later)
            await sittings.finish(db, sitting=sitting, now=later)
            for state, seed in seeds.items():
                public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
                await signing_keys.add(
                    db, state=state, authority_name=f"Court of {state}", public_key=jws.encode(public), now=now
                )

    running.run(hold)
    return seeds


@pytest.fixture
def place(service):
    return f"/h/{service.ref}/minutes"


def test_before_the_sitting_the_page_says_when_there_will_be_minutes(service, everything, place):
    clerk = service.signed_in("clerk")
    answer = clerk.get(place)
    assert answer.status_code == 200
    assert "The sitting has not begun." in clerk.words(answer)
    assert "Draft the minutes" not in answer.text
    before = service.run(everything)
    refused = clerk.post(f"{place}/act/draft", page="/docket")
    assert (refused.status_code, "Minutes are drafted once the sitting has begun" in clerk.words(refused)) == (
        422,
        True,
    )
    for path in (f"{place}.json", f"{place}/p/public.all", f"{place}/sign", f"{place}/read-back"):
        assert clerk.get(path).status_code == 404
    assert service.run(everything) == before


def test_others_do_not_see_minutes_and_staff_without_a_part_change_nothing(service, everything, held, place):
    assert "Sign in first" in service.client().get(place).text

    async def foreigner(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["judge"]))

    service.run(foreigner)
    stranger = service.signed_in("blanc@fr.example")
    administrator = service.signed_in("administrator")
    before = service.run(everything)
    for client, refusal in (
        (stranger, (404, "Page not found")),
        (administrator, (403, "You may not do this")),
    ):
        answers = [client.get(path) for path in (place, f"{place}.json", f"{place}/sign")]
        answers.append(client.post(f"{place}/act/draft", page="/docket"))
        for answer in answers:
            assert (answer.status_code, re.search(r"<h1>(.*?)</h1>", answer.text)[1]) == refusal
            assert service.made.hearing.case_number not in answer.text
    assert service.run(everything) == before
    assert before["minutes"] == []


@pytest.fixture(scope="module")
def drafted(running, held):
    """The first draft of its minutes."""
    page = f"/h/{running.ref}/minutes"
    assert running.signed_in("clerk").post(f"{page}/act/draft", page=page).status_code == 303


async def stand(database, status, text_sha256):
    """Minutes as an earlier version of the program has left them."""
    async with database.transaction() as db:
        (found,) = (await db.exec(select(Minutes))).all()
        found.status, found.text_sha256 = status, text_sha256
        db.add(found)


def rows(service, everything):
    """Passages, readings and answers as they lie there."""
    found = service.run(everything)
    return {name: found[name] for name in ("minutes", "minutes_passage", "minutes_reading", "minutes_answer")}


def fields(page):
    """What a browser sends of the form of a passage when nobody touches it."""
    found = {"revision": re.search(r'name="revision" value="(\d+)"', page)[1]}
    texts = re.findall(r'<textarea id="(text_\w+)".*?>\n?(.*?)</textarea>', page, re.DOTALL)
    found |= {name: unescape(text).replace("\n", "\r\n") for name, text in texts}
    for control in re.findall(r"<input [^>]+>", page):
        name, value = (re.search(rf'{what}="([^"]*)"', control) for what in ("name", "value"))
        if (name and 'type="text"' in control) or " checked" in control:
            found[name[1]] = unescape(value[1])
    return found


def summary(answer):
    """What the summary of errors says, and where it leads."""
    shown = answer.text.split('id="error-summary" autofocus>')[1].split("</ul>")[0]
    return re.findall(r'<a href="#(\w+)">', shown)


def test_no_default_of_the_passage_page_drops_what_was_typed_or_closes_it(service, everything, drafted, place):
    clerk = service.signed_in("clerk")
    one = f"{place}/p/public.all"
    untouched = fields(clerk.get(one).text)
    assert untouched.keys() == {"revision", "text_ro", "text_th", "by_ro", "by_th", "note"}
    before = rows(service, everything)
    answer = clerk.post(one, untouched, page=one)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{place}?done=unchanged")
    assert "Nothing in the passage was changed." in clerk.words(clerk.get(answer.headers["location"]))
    for typed, field in (
        ({"text_ro": "Typed in Romanian."}, "how_ro"),
        ({"text_th": ""}, "how_th"),
        ({"by_th": "Typed name"}, "how_th"),
        ({"note": "Typed reason"}, "note"),
        ({"text_ro": "Typed in Romanian.", "how_ro": "written", "by_ro": "Typed name"}, "by_ro"),
        ({"text_th": "สาบาน", "how_th": "machine", "settled": "yes"}, "settled"),
    ):
        answer = clerk.post(one, untouched | typed, page=one)
        assert (answer.status_code, summary(answer)) == (422, [field]), typed
        again = fields(answer.text) | {"settled": "yes"}
        assert typed.items() <= again.items(), "what was typed is still in the form"
    assert rows(service, everything) == before


def test_a_passage_closed_in_one_language_only_is_named_as_what_stands_in_the_way(service, drafted, place):
    clerk = service.signed_in("clerk")
    one = f"{place}/p/public.all"
    half = fields(clerk.get(one).text) | {"text_th": "เปิดเผย", "how_th": "translated", "by_th": "Somsri"}
    assert clerk.post(one, half, page=one).status_code == 303
    assert "the text in Romanian says that something is still to be completed" in clerk.words(clerk.get(place))
    service.run(lambda database: stand(database, MinutesStatus.read_back, "ab" * 32))
    for answer, status in (
        (clerk.get(place), 200),
        (clerk.get(f"{place}/sign"), 200),
        (clerk.post(f"{place}/sign", {"jws": "x"}, page=place), 409),
    ):
        assert (answer.status_code, "data-statement" in answer.text) == (status, False)
        assert "These minutes cannot be signed as they are" in clerk.words(answer)
        assert "Public : the text in Romanian says" in clerk.words(answer)
    service.run(lambda database: stand(database, MinutesStatus.drafted, ""))
    both = fields(clerk.get(one).text) | {"text_ro": "Publică.", "how_ro": "written", "settled": "yes"}
    both |= {"text_th": "เปิดเผย", "how_th": "translated", "by_th": "Somsri"}
    assert clerk.post(one, both, page=one).status_code == 303
    assert "Nothing in this passage is left open" not in clerk.words(clerk.get(one)), "a closed passage asks no more"


def fill(service):
    """Everything that is missing, written by the clerk through the domain."""

    async def work(database):
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, service.made.hearing.id)
            people = await queries.participants(db, hearing.id)
            clerk = participant_actor(next(person for person in people if person.role is Role.clerk))
            found = await minutes.current(db, hearing)
            for one in await passages.latest(db, found):
                how = {"how": How.written} if one.open_for else {"how": How.translated, "by": "Somsri"}
                said = {
                    lang: Writing(text=f"{lang} {one.key}", **how)
                    for lang in passages.minutes_languages(found)
                    if one.open_for or not one.texts.get(lang)
                }
                await passages.revise(
                    db, minutes=found, key=one.key, revision=one.revision, writings=said, settled=True,
                    actor=clerk, now=datetime.now(UTC),
                )  # fmt: skip

    service.run(work)


def signed_form(client, page, seed):
    """What the page's script posts: the statement the page shows, signed with the officer's key."""
    shown = re.search(r'data-statement="([^"]*)"', client.get(page).text)
    return {"jws": signatures.sign(json.loads(unescape(shown[1])), seed=seed)}


def test_from_the_draft_to_both_signatures(service, held, drafted, place):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    page = clerk.get(place)
    assert "A &lt;b&gt;break&lt;/b&gt;" in page.text and "<b>break</b>" not in page.text
    assert "items are missing before the minutes can be read back" in clerk.words(page)
    assert "Sign the minutes" not in clerk.words(page)
    one = f"{place}/p/exhibits.all"
    wrong = {"revision": "1", "text_ro": "Publică.", "how_ro": "written", "text_th": "x", "how_th": "translated"}
    answer = clerk.post(one, wrong, page=one)
    assert (answer.status_code, 'href="#by_th"' in answer.text, "Publică." in answer.text) == (422, True, True)
    right = wrong | {"by_th": "Somsri", "settled": "yes", "go_on": "yes"}
    answer = clerk.post(one, right, page=one)
    assert answer.status_code == 303 and f"{place}/p/" in answer.headers["location"]
    answer = authority.post(one, right, page=one)
    assert (answer.status_code, "Somebody else has changed this passage" in authority.words(answer)) == (422, True)
    told = authority.words(authority.get(f"{one}/history"))
    assert "Version 2" in told and "added: Publică" in told and "translated by Somsri" in told
    assert clerk.post(f"{place}/act/submit", page=place).status_code == 303
    read = f"{place}/read-back"
    said = {"read_by": "Mihai Dinu", "languages": ["ro", "th"], "heard_by": "Somchai\nNiran Srisai"}
    assert clerk.post(read, said, page=read).status_code == 422
    fill(service)
    assert clerk.post(read, said | {"heard_by": ""}, page=read).status_code == 422
    assert clerk.post(read, said | {"corrections": "It was nine."}, page=read).status_code == 303
    answer = clerk.post(read, said, page=read)
    assert (answer.status_code, "Reading back no. 1" in clerk.words(answer)) == (422, True)
    reply = f"{place}/readings/1/answer"
    refused = clerk.post(reply, {"answer": ""}, page=place)
    assert (refused.status_code, 'href="#answer-1"' in refused.text) == (422, True)
    assert authority.post(reply, {"answer": "It was <eight>."}, page=place).status_code == 303
    assert "Answer: It was <eight>." in clerk.words(clerk.get(place))
    assert clerk.post(read, said, page=read).status_code == 303
    old = signed_form(clerk, f"{place}/sign", held["RO"])
    assert clerk.post(f"{place}/act/reopen", {"reason": ""}, page=place).status_code == 422
    assert clerk.post(f"{place}/act/reopen", {"reason": "A wrong name"}, page=place).status_code == 303
    assert clerk.post(read, said, page=read).status_code == 303
    assert clerk.post(f"{place}/sign", old, page=place).status_code == 409
    unsigned = clerk.post(f"{place}/sign", {name: value for name, value in old.items() if name != "jws"}, page=place)
    assert (unsigned.status_code, "open its key file and sign" in clerk.words(unsigned)) == (422, True)
    foreign = signed_form(clerk, f"{place}/sign", held["TH"])
    answer = clerk.post(f"{place}/sign", foreign, page=place)
    assert (answer.status_code, 'href="#sign-key"' in answer.text) == (401, True)
    for client, state in ((authority, "TH"), (clerk, "RO")):
        answer = client.post(f"{place}/sign", signed_form(client, f"{place}/sign", held[state]), page=place)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{place}?done=sign")
    assert "Signed by both" in clerk.words(clerk.get(place))
    note = {"made_by": "Me Roux", "language": "ro", "text": "Întrebarea trei lipsește."}
    assert clerk.post(f"{place}/reservation", note, page=place).status_code == 303
    assert clerk.post(f"{place}/reservation", note | {"text": ""}, page=place).status_code == 422
    assert clerk.post(f"{place}/act/acknowledge", page=place).status_code == 303
    answer = authority.get(f"{place}.json")
    whole = answer.json()
    assert (answer.headers["content-type"], rfc8785.dumps(whole)) == ("application/json", answer.content)
    assert (len(whole["signatures"]), whole["status"], whole["received_by"]) == (2, "signed", "Mihai Dinu")
    assert [one["text"] for one in whole["reservations"]] == ["Întrebarea trei lipsește."]
    assert list(whole["recordings"].values()) == ["9:" + "cd" * 32]
    printed = authority.get(f"{place}.pdf")
    assert printed.headers["content-type"] == "application/pdf"
    with pikepdf.open(io.BytesIO(printed.content)) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
    (reply,) = whole["text"]["answers"]
    assert (reply["asked"], reply["answer"], reply["answered_by"]) == (
        "It was nine.",
        "It was <eight>.",
        "Niran Srisai",
    )
    words = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed.content))
    assert whole["text_sha256"] in "".join(words.replace("\u200b", "").split())
    assert "It was nine." in words and "It was <eight>." in words
    assert "Publică." in words and "Întrebarea trei lipsește." in words
    ours, theirs, last = asyncio.run(pdf_seals.check(printed.content)).signatures
    assert (pdf_seals.REASON in last.signer, last.intact, last.whole_file) == (True, True, True)
    (named,) = whole["recordings"].items()
    for state, seal in (("RO", ours), ("TH", theirs)):
        assert (seal.intact, f"Seal of {state}" in seal.signer, pdf_seals.OF_STATE in seal.signer) == (True,) * 3
        assert seal.reason.startswith(f"{state} signed vivavoce-minutes {whole['text']['hearing']}/1 text_sha256=")
        assert whole["text_sha256"] in seal.reason and f"recording={named[0]}@{named[1]}" in seal.reason
    with pikepdf.open(io.BytesIO(printed.content)) as pdf:
        assert (pdf.pdf_version, "/Version" in pdf.Root) == ("1.7", False)
    correct(clerk, authority, held, place, whole)
    lies_in_the_case_file(service, clerk, whole)


def correct(clerk, authority, held, place, whole):
    """A correction after signing, on the pages: asked for by one State, signed by both; the minutes stay."""
    asking, one = f"{place}/corrections", f"{place}/corrections/1"
    said = {"text_ro": "Ora <nouă>.", "text_th": "เก้าโมง", "reason_ro": "Greșeală.", "reason_th": "พิมพ์ผิด"}
    refused = authority.post(asking, said | {"reason_th": ""}, page=asking)
    assert (refused.status_code, 'href="#reason_th"' in refused.text, "Ora &lt;nouă&gt;." in refused.text) == (
        422, True, True,
    )  # fmt: skip
    answer = authority.post(asking, said, page=asking)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{one}?done=correction&no=1")
    draft = pypdfium2.PdfDocument(clerk.get(f"{one}.pdf").content)[0].get_textpage().get_text_range()
    assert "This correction is not in force" in draft
    assert "To be signed by both" in clerk.words(clerk.get(place))
    for client, state in ((authority, "TH"), (clerk, "RO")):
        answer = client.post(f"{one}/sign", signed_form(client, one, held[state]), page=one)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{one}?done=sign&no=1")
    assert "In force" in clerk.words(clerk.get(place)) and "data-statement" not in clerk.get(one).text
    after = clerk.get(f"{place}.json").json()
    (kept,) = after.pop("later_corrections")
    assert kept == clerk.get(f"{one}.json").json() and kept["text"]["texts"]["ro"] == "Ora <nouă>."
    assert {name: value for name, value in whole.items() if name != "later_corrections"} == after
    printed = clerk.get(f"{one}.pdf").content
    reasons = [seal.reason for seal in asyncio.run(pdf_seals.check(printed)).signatures]
    assert [reason.split(" ")[0] for reason in reasons[:2]] == ["RO", "TH"] and len(reasons) == 3
    assert all(f"correction_sha256={kept['correction_sha256']}" in reason for reason in reasons[:2])
    words = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(printed))
    assert "Ora <nouă>." in words and "This correction is not in force" not in words
    listed = pypdfium2.PdfDocument(clerk.get(f"{place}.pdf").content)
    words = "".join(page.get_textpage().get_text_range() for page in listed).replace("\u200b", "")
    assert kept["correction_sha256"] in "".join(words.split())
    names_this(kept, after, printed, clerk.get(f"{place}.pdf").content)


def lies_in_the_case_file(service, clerk, whole):
    """The export of the case has minutes and correction, as JSON and as PDF, and the recording by its head."""

    async def reference(database):
        async with database.reading() as db:
            return (await queries.get(db, HearingRequest, service.made.hearing.request_id)).reference

    answer = clerk.get(f"/requests/{service.run(reference)}/export.zip")
    bag = zipfile.ZipFile(io.BytesIO(answer.content))
    files = {name.rpartition("/")[2]: name for name in bag.namelist() if f"/hearings/{service.ref}/" in name}
    assert json.loads(bag.read(files["minutes-1.json"]))["text_sha256"] == whole["text_sha256"]
    assert len(json.loads(bag.read(files["minutes-1-correction-1.json"]))["signatures"]) == 2
    for name in ("minutes-1.pdf", "minutes-1-correction-1.pdf"):
        assert len(asyncio.run(pdf_seals.check(bag.read(files[name]))).signatures) == 3
    (recording,) = json.loads(bag.read(files["recordings.json"]))
    assert {recording["id"]: recording["head"]} == whole["recordings"]
    assert clerk.get(recording["page"]).status_code != 404


def names_this(correction, whole, *papers):
    """What `vivavoce verify --minutes` says of these papers, and pdfsig of both States' seals on each."""
    ((recording, head),) = whole["recordings"].items()
    of = minutes_check.RecordingHead(recording, head)
    files = [("m.json", rfc8785.dumps(whole)), ("c.json", rfc8785.dumps(correction))]
    files += [(f"{number}.pdf", data) for number, data in enumerate(papers)]

    def read(data, _state):
        return asyncio.run(pdf_seals.check(data)).signatures

    found = minutes_check.check(files, of, keys={}, pdf=read)
    assert [(one.verdict, one.failures) for one in found] == [("cannot", [])] * 4, "whose they are, nobody has said"
    assert [set(one.signed_for) for one in found] == [set(), set(), {"RO", "TH"}, {"RO", "TH"}]
    for data in papers:
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(data)
            file.flush()
            told = subprocess.run(["pdfsig", "-nocert", file.name], capture_output=True, check=True).stdout.decode()
        assert told.count("Signature is Valid") == 3, told
        assert "Seal of RO" in told and "Seal of TH" in told


@pytest.mark.parametrize("path", ["", "/p/public.all", "/p/public.all/history", "/read-back", "/sign"])
def test_every_page_reads_right_to_left_too(service, drafted, place, path):
    client = service.signed_in("clerk")
    client.cookies[i18n.COOKIE] = "ar"
    answer = client.get(place + path)
    assert answer.status_code == 200
    assert 'dir="rtl"' in answer.text


def shown_keys(answer):
    """The keys of the passages on a page, in unfolded sections and in all."""
    found = {}
    for opened, body in re.findall(
        r'(?s)<details class="fold" id="section-[a-z_]+"( open)?>(.*?)</details>\n', answer.text
    ):
        for key in re.findall(r'<article class="passage[^"]*" id="([^"]+)"', body):
            found[key] = bool(opened)
    return found


def primaries(answer):
    """The primary buttons of a page."""
    return [
        one
        for one in re.findall(r'class="(button[^"]*)"', answer.text.split("<main", 1)[1])
        if one in ("button", "button big")
    ]


def test_one_section_is_unfolded_and_every_other_is_reached_by_its_address(service, held, drafted, place):
    clerk = service.signed_in("clerk")
    page = clerk.get(place)
    whole = shown_keys(clerk.get(f"{place}?section=all"))
    assert len(whole) > 20 and all(whole.values())
    assert shown_keys(page).keys() == whole.keys(), "what is folded is on the page"
    names = list(dict.fromkeys(key.split(".")[0] for key in whole))
    for name in names:
        assert f"section={name}#section-{name}" in page.text
        unfolded = {key for key, opened in shown_keys(clerk.get(f"{place}?section={name}")).items() if opened}
        assert unfolded == {key for key in whole if key.split(".")[0] == name}
    assert shown_keys(clerk.get(f"{place}?section=nothing")) == shown_keys(page)


def test_the_page_has_one_primary_button_at_most(service, held, drafted, place):
    for who in ("clerk", "authority", "judge"):
        client = service.signed_in(who)
        for page in (place, place.removesuffix("/minutes"), f"{place}/read-back"):
            answer = client.get(page)
            if answer.status_code == 200:
                assert len(primaries(answer)) <= 1, (who, page)
