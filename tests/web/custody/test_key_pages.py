"""The page of a recording's keys: proposed by one, confirmed by another, taken in, and opened by whom was named."""

import asyncio
import io
import json
import re
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlmodel import select

from hearings.custody import rewraps
from hearings.db import Database
from hearings.models import Rewrap
from hearings.signatures import recipients
from media.evidence.log import custody as log, former_keys, key_exchange
from media.evidence.seal import age, key_use, rewrapping
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER, STRANGER


@pytest.fixture
def browser(archive) -> Callable[[str], httpx.AsyncClient]:
    """A browser of one of the people, signed in."""

    def of(who: str) -> httpx.AsyncClient:
        headers = {
            "accept": "text/html",
            "origin": archive.settings.origin,
            "cookie": f"__Host-vivavoce={archive.cookies[who]}",
        }
        transport = httpx.ASGITransport(app=archive.app)
        return httpx.AsyncClient(transport=transport, base_url=archive.settings.public_url, headers=headers)

    return of


@pytest.fixture
async def keys(archive) -> dict[str, Any]:
    """New identities of both States, added as recipients: (id, identity) by State."""
    found = {}
    database = Database(archive.settings.database_url)
    async with database.transaction() as db:
        for state, kind, post_quantum in (("RO", "requesting", True), ("TH", "requested", False)):
            identity = age.make_identity(post_quantum=post_quantum)
            row = await recipients.add(
                db,
                state=state,
                authority_name=f"Ministry {state}",
                kind=kind,
                recipient=identity.recipient.text,
                now=datetime.now(UTC),
            )
            found[state] = (row.id, identity)
    await database.close()
    return found


async def send(archive, browser, who: str, act: str, file: bytes | None = None, **values: Any) -> httpx.Response:
    async with browser(who) as client:
        page = await client.get(f"{archive.path}/keys")
        proposal = page.text.partition('name="proposal" value="')[2].partition('"')[0]
        data = {"csrf": archive.token(who), "proposal": proposal} | values
        files = {"file": ("keys.json", file, "application/json")} if file is not None else None
        return await client.post(f"{archive.path}/keys/{act}", data=data, files=files)


def done(answer: httpx.Response, word: str) -> bool:
    return answer.status_code == 303 and answer.headers["location"].endswith(f"?done={word}")


def custody(archive) -> list[dict[str, Any]]:
    return archive._lines("custody.jsonl")


async def confirmed(archive, browser, keys) -> list[str]:
    """Proposed and confirmed; the recipients."""
    chosen = {"recipients": [keys["RO"][0], keys["TH"][0]], "reason": "A key file was lost"}
    assert done(await send(archive, browser, OFFICER, "propose", **chosen), "proposed")
    assert done(await send(archive, browser, JUDGE, "confirm"), "confirmed")
    return [keys[state][1].recipient.text for state in ("RO", "TH")]


async def test_two_persons_and_a_key_file_give_the_recording_other_recipients(archive, browser, keys):
    to = await confirmed(archive, browser, keys)
    made = rewrapping.rewrap(archive.sealed.folder, archive.sealed.authority, to)
    answer = await send(archive, browser, OFFICER, "take-in", file=made.text().encode())
    assert done(answer, "taken"), answer.text
    wrapped = (archive.sealed.folder / "hearing-key.age").read_bytes()
    for state in ("RO", "TH"):
        assert age.unwrap(wrapped, keys[state][1]).recipient.text == archive.journal()[0]["recipient"]
    with pytest.raises(age.SealError):
        age.unwrap(wrapped, archive.sealed.authority)
    lines = custody(archive)[-4:]
    assert [(line["type"], line.get("what"), line.get("person")) for line in lines] == [
        ("access", "rewrap_proposed", "I. Marin"),
        ("access", "rewrap_confirmed", "Ana Popa"),
        ("access", "rewrap", "I. Marin"),
        ("keywrap", None, None),
    ]
    assert lines[3]["recipients"] == [recipients.fingerprint(one) for one in to]
    async with browser(JUDGE) as client:
        page = await client.get(f"{archive.path}/keys")
        assert "Re-wrapped" in page.text and "A key file was lost" in page.text
        shown = await client.get(f"{archive.path}/custody")
        assert "New recipients confirmed" in shown.text and recipients.fingerprint(to[0]) in shown.text
        begin, end = "09:00:00", "09:00:30"
        form = {"csrf": archive.token(JUDGE), "from": begin, "to": end, "choices": "judge_1", "why": "party"}
        excerpt = await client.post(f"{archive.path}/excerpt", data=form)
        assert excerpt.status_code == 200, excerpt.text
        with tarfile.open(fileobj=io.BytesIO(excerpt.content)) as tar:
            (proof,) = [name for name in tar.getnames() if name.endswith("/data/proofs/custody-keywrap.tlog-proof")]
            key = tar.extractfile(proof.replace("proofs/custody-keywrap.tlog-proof", "hearing-key.age"))
            assert key is not None and key.read() == (archive.sealed.folder / "hearing-key.age").read_bytes()
        copy = await client.post(f"{archive.path}/export", data={"csrf": archive.token(JUDGE), "why": "party"})
        assert copy.status_code == 200


async def test_nobody_confirms_their_own_proposal_and_nothing_is_taken_in_before(archive, browser, keys):
    chosen = {"recipients": [keys["RO"][0], keys["TH"][0]], "reason": "A key file was lost"}
    assert done(await send(archive, browser, OFFICER, "propose", **chosen), "proposed")
    assert (await send(archive, browser, OFFICER, "confirm")).status_code == 422
    to = [keys[state][1].recipient.text for state in ("RO", "TH")]
    made = rewrapping.rewrap(archive.sealed.folder, archive.sealed.authority, to).text().encode()
    before = (archive.sealed.folder / "hearing-key.age").read_bytes()
    for who in (OFFICER, JUDGE, AUTHORITY):
        assert (await send(archive, browser, who, "take-in", file=made)).status_code == 422
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == before
    assert not [line for line in custody(archive) if line["type"] == "keywrap"]


async def test_a_file_for_other_recipients_or_another_recording_is_refused(archive, browser, keys):
    to = await confirmed(archive, browser, keys)
    before, log = (archive.sealed.folder / "hearing-key.age").read_bytes(), custody(archive)
    stranger = age.make_identity().recipient.text
    good = rewrapping.rewrap(archive.sealed.folder, archive.sealed.authority, to).text()
    more = rewrapping.rewrap(archive.sealed.folder, archive.sealed.authority, [*to, stranger]).text()
    said = json.loads(more) | {"recipients": to}
    of_another = json.loads(good) | {"recording": "demo.vivavoce.example/hearing/0"}
    no_such_key = json.loads(good)
    no_such_key["files"]["hearing-key-7.age"] = no_such_key["files"]["hearing-key.age"]
    for file in (more, json.dumps(said), json.dumps(of_another), "x", "{}"):
        answer = await send(archive, browser, JUDGE, "take-in", file=file.encode())
        assert answer.status_code == 422 and "was not made by" in answer.text
    answer = await send(archive, browser, JUDGE, "take-in", file=json.dumps(no_such_key).encode())
    assert answer.status_code == 422 and "does not name" in answer.text
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == before and custody(archive) == log
    assert "Choose the file" in (await send(archive, browser, JUDGE, "take-in")).text
    assert done(await send(archive, browser, JUDGE, "take-in", file=good.encode()), "taken")


def junk(archive, to: list[str]) -> bytes:
    """A file as `vivavoce keys rewrap` makes it, with another key inside: no server can tell."""
    files = {"hearing-key.age": age.wrap(age.make_identity(), to)}
    return rewrapping.Rewrapped(archive.sealed.origin, tuple(to), files).text().encode()


async def until_claimed(archive, claimed: bool) -> None:
    """Somebody has begun to take keys in, or nobody is at it any more."""
    for _attempt in range(500):
        if bool((await rows(archive))[0].claim) is claimed:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody has")


async def taken_in(archive, browser, keys, who: str = OFFICER) -> bytes:
    """Keys that open nothing have been brought by somebody; the former ones."""
    before = (archive.sealed.folder / "hearing-key.age").read_bytes()
    file = junk(archive, await confirmed(archive, browser, keys))
    assert done(await send(archive, browser, who, "take-in", file=file), "taken")
    assert [one.path.read_bytes() for one in former_keys.of(archive.sealed.folder)] == [before]
    return before


async def rows(archive) -> list[Rewrap]:
    async with archive.app.state.parts.database.reading() as db:
        return list((await db.exec(select(Rewrap).order_by(Rewrap.id))).all())


async def viewed(archive, browser, who: str) -> str:
    """Somebody begins to view the recording; the ticket."""
    async with browser(who) as client:
        client.headers.update({"accept": "application/json", "x-csrf-token": archive.token(who)})
        return str((await client.post(f"{archive.path}/viewing", json={"why": "minutes"})).json()["ticket"])


async def used(archive, browser, who: str, ticket: str) -> bool:
    """Somebody's browser says that a key has opened the recording; whether it was noted."""
    async with browser(who) as client:
        client.headers.update({"accept": "application/json", "x-csrf-token": archive.token(who)})
        told = {"keys": [0], "why": "minutes", "ticket": ticket}
        return (await client.post(f"{archive.path}/key-use", json=told)).status_code == 204


async def test_keys_that_open_nothing_are_put_back_by_another_person_than_the_one_who_brought_them(
    archive, browser, keys
):
    before = await taken_in(archive, browser, keys)
    (row,) = await rows(archive)
    async with browser(OFFICER) as client:
        page = await client.get(f"{archive.path}/keys")
    assert "Former keys" in page.text and "keys/put-back" not in page.text and "Another person" in page.text
    for act in ("put-back", "discard"):
        answer = await send(archive, browser, OFFICER, act, proposal=row.id)
        assert answer.status_code == 422 and "Another person" in answer.text
        assert (await send(archive, browser, AUTHORITY, act, proposal=row.id)).status_code == 422
    assert former_keys.of(archive.sealed.folder)
    assert done(await send(archive, browser, JUDGE, "put-back", proposal=row.id), "put_back")
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == before
    said = custody(archive)[-2:]
    assert [(line["type"], line.get("what"), line.get("person")) for line in said] == [
        ("access", "rewrap_put_back", "Ana Popa"),
        ("keywrap", None, None),
    ]
    (row,) = await rows(archive)
    assert (row.done, row.put_back_by_label) == (False, "Ana Popa")
    assert (await send(archive, browser, OFFICER, "put-back", proposal=row.id)).status_code == 422
    assert done(await send(archive, browser, OFFICER, "discard", proposal=row.id), "discarded")
    assert not former_keys.of(archive.sealed.folder) and custody(archive)[-1]["what"] == "rewrap_former_deleted"
    async with browser(JUDGE) as client:
        page = await client.get(f"{archive.path}/keys")
    assert "Put back" in page.text and "put back by Ana Popa" in page.text


async def test_the_former_keys_are_kept_until_somebody_else_has_opened_the_recording_since(archive, browser, keys):
    before = await viewed(archive, browser, AUTHORITY)
    await taken_in(archive, browser, keys, JUDGE)
    assert await used(archive, browser, AUTHORITY, before)
    assert former_keys.of(archive.sealed.folder), "that viewing began before"
    await asyncio.sleep(1.1)  # a ticket tells whole seconds
    assert await used(archive, browser, JUDGE, await viewed(archive, browser, JUDGE))
    assert former_keys.of(archive.sealed.folder), "who brought the keys shows nothing"
    assert await used(archive, browser, AUTHORITY, await viewed(archive, browser, AUTHORITY))
    assert not former_keys.of(archive.sealed.folder)
    (row,) = await rows(archive)
    answer = await send(archive, browser, OFFICER, "put-back", proposal=row.id)
    assert answer.status_code == 422 and "are kept any more" in answer.text


async def test_keys_are_not_exchanged_again_while_the_former_ones_are_kept(archive, browser, keys):
    before = await taken_in(archive, browser, keys)
    present = (archive.sealed.folder / "hearing-key.age").read_bytes()
    again = junk(archive, await confirmed(archive, browser, keys))
    (_first, second) = await rows(archive)
    answer = await send(archive, browser, OFFICER, "take-in", file=again, proposal=second.id)
    assert answer.status_code == 422 and "still kept" in answer.text
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == present
    assert [one.path.read_bytes() for one in former_keys.of(archive.sealed.folder)] == [before]


async def test_what_a_kill_left_behind_its_lines_is_carried_out_once_and_by_whom_it_was(
    archive, browser, keys, monkeypatch
):
    async def killed(*_args, **_named):
        raise RuntimeError("the process ends here")

    to = await confirmed(archive, browser, keys)
    with monkeypatch.context() as patch:
        patch.setattr(rewraps, "carried_out", killed)
        assert (await send(archive, browser, OFFICER, "take-in", file=junk(archive, to))).status_code == 500
    present = (archive.sealed.folder / "hearing-key.age").read_bytes()
    answer = await send(archive, browser, JUDGE, "take-in", file=junk(archive, to))
    assert answer.status_code == 422 and "taken in already" in answer.text
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == present
    assert [line["type"] for line in custody(archive)].count("keywrap") == 1
    (row,) = await rows(archive)
    assert row.done and row.taken_by == row.proposed_by, "the officer's, who brought them"


async def test_a_proposal_that_is_withdrawn_meanwhile_is_not_carried_out(archive, browser, keys):
    file = junk(archive, await confirmed(archive, browser, keys))
    before = (archive.sealed.folder / "hearing-key.age").read_bytes()
    with log.locked(archive.sealed.folder):
        taking = asyncio.create_task(send(archive, browser, OFFICER, "take-in", file=file))
        await until_claimed(archive, True)
        withdrawing = asyncio.create_task(send(archive, browser, JUDGE, "withdraw"))
        await until_claimed(archive, False)
    assert (await taking).status_code == 422 and done(await withdrawing, "withdrawn")
    assert (archive.sealed.folder / "hearing-key.age").read_bytes() == before
    assert not [line for line in custody(archive) if line["type"] == "keywrap"]


async def test_of_two_who_bring_keys_at_once_one_does(archive, browser, keys):
    to = await confirmed(archive, browser, keys)
    files = [junk(archive, to), junk(archive, to)]
    answers = await asyncio.gather(
        *(send(archive, browser, who, "take-in", file=file) for who, file in zip((OFFICER, JUDGE), files, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert [line["type"] for line in custody(archive)].count("keywrap") == 1
    assert len(former_keys.of(archive.sealed.folder)) == 1


async def test_a_fingerprint_is_read_from_left_to_right_in_every_language(archive, browser, keys):
    async with browser(OFFICER) as client:
        page = await client.get(f"{archive.path}/keys")
    shown = recipients.fingerprint(keys["RO"][1].recipient.text)
    assert f"\u2066{shown}\u2069" in page.text


async def test_a_proposal_is_withdrawn_and_another_can_be_made(archive, browser, keys):
    await confirmed(archive, browser, keys)
    assert done(await send(archive, browser, JUDGE, "withdraw"), "withdrawn")
    assert (await send(archive, browser, JUDGE, "withdraw")).status_code == 422
    await confirmed(archive, browser, keys)


async def test_what_was_typed_is_kept_when_it_is_refused(archive, browser, keys):
    answer = await send(archive, browser, OFFICER, "propose", recipients=[keys["TH"][0]], reason="A key file was lost")
    assert answer.status_code == 422 and "A key file was lost" in answer.text and "Romania" in answer.text


async def test_the_other_state_sees_it_and_changes_nothing_and_strangers_see_nothing(archive, browser, keys):
    chosen = {"recipients": [keys["RO"][0], keys["TH"][0]], "reason": "A key file was lost"}
    assert done(await send(archive, browser, OFFICER, "propose", **chosen), "proposed")
    async with browser(AUTHORITY) as client:
        page = await client.get(f"{archive.path}/keys")
        assert page.status_code == 200 and "A key file was lost" in page.text
        acts = set(re.findall(f'action="{archive.path}([^"]*)"', page.text))
        assert acts == {"/keys/used"}  # by which whoever used a key elsewhere says so
    for act in ("propose", "confirm", "withdraw"):
        assert (await send(archive, browser, AUTHORITY, act, **chosen)).status_code == 422
    async with browser(STRANGER) as client:
        assert (await client.get(f"{archive.path}/keys")).status_code == 404


async def test_a_use_of_a_key_elsewhere_is_told_by_its_note_once_and_with_the_name_of_who_brings_it(archive, browser):
    made = key_use.made(archive.sealed.origin, [0], "render", datetime.now(UTC))
    note = json.dumps({"what": "a copy", "key_use": made.as_json()}).encode()

    async def bring(who: str, data: bytes, why: str = "party") -> httpx.Response:
        form = {"csrf": archive.token(who), "why": why}
        async with browser(who) as client:
            return await client.post(f"{archive.path}/keys/used", data=form, files={"note": ("note.json", data)})

    def uses() -> list[dict[str, Any]]:
        return [line for line in custody(archive) if line["type"] == "keyuse"]

    for _again in range(2):
        assert done(await bring(JUDGE, note), "told")
    (line,) = uses()
    assert (line["key"], line["person"], line["why"], line["what"]) == (0, "Ana Popa", "party", "render")
    assert line["used"] == str(int(made.at.timestamp()) * 10**9) and line["viewing"] == made.id
    other = key_use.made(archive.sealed.origin.replace("019300aa", "019300ab"), [0], "render", datetime.now(UTC))
    unknown = key_use.made(archive.sealed.origin, [7], "render", datetime.now(UTC))
    early = made.as_json() | {"id": "a" * 32, "at": "0001-01-01T00:00:00+23:59"}
    for data in (b"", b"{}", *(json.dumps(one).encode() for one in (other.as_json(), unknown.as_json(), early))):
        refused = await bring(JUDGE, data)
        assert refused.status_code == 422 and 'value="party" selected' in refused.text
    assert (await bring(JUDGE, note, why="curiosity")).status_code == 422
    assert (await bring(OFFICER, note)).status_code == 422
    assert (await bring(STRANGER, note)).status_code == 404
    assert uses() == [line]
    for number in range(1, key_exchange.MOST_TOLD + 1):
        more = json.dumps(made.as_json() | {"id": f"{number:032x}"}).encode()
        last = await bring(JUDGE, more)
    assert last.status_code == 422 and "Bring this note tomorrow" in last.text
    assert len(uses()) == key_exchange.MOST_TOLD
