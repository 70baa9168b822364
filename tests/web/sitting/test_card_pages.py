"""The texts of script cards for the live room: before they are read, as they were read, and who gets them."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.law import scripts
from hearings.models import Hearing, Participant
from hearings.roles import Role
from hearings.sitting import cards
from web.app import bring_in_card_texts
from web.settings import Settings, SettingsError

PRIVILEGE = {"card": "privilege", "law": "TH"}


def press(service, room, button, role=Role.presiding_judge, **given):
    """A button of the card on the privilege, under the law of Thailand, for the witness."""

    async def act(database):
        async with database.transaction() as db:
            me = await queries.get(db, Participant, room[role])
            usual = {"whom": room[Role.witness], "by": "", "shown": (), "answer": "", "text": "", "typed": ""}
            await cards.press(
                db, participant=me, hearing=await queries.get(db, Hearing, me.hearing_id), scripts=scripts.current(),
                button=button, actor=participant_actor(me), now=datetime.now(UTC), **PRIVILEGE, **(usual | given),
            )  # fmt: skip

    return service.run(act)


def test_who_reads_gets_the_texts_with_what_they_are_and_the_others_only_what_was_read(service, room, guest):
    home, judge = f"/h/{service.ref}/cards", service.signed_in("judge")
    asked = {**PRIVILEGE, "whom": room[Role.witness]}
    answer = judge.get(home, params=asked)
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert [(text["language"], text["approved"], bool(text["missing"])) for text in found["texts"]] == [
        ("ro", False, False),
        ("en", False, True),
    ]
    assert {text["status"] for text in found["texts"]} == {"Draft, not approved by Thailand"}
    assert found["texts"][1]["missing"] == (
        "There is no approved text in this language: Thai. The interpreter renders it."
    )
    assert (found["drafts"], found["adopted"], found["complete"], found["gap"]) == (True, False, True, None)
    assert found["by"] == room[Role.presiding_judge]
    for text in found["texts"]:
        assert text["sha256"] == hashlib.sha256(text["text"].encode()).hexdigest()
    # The requested authority reads Thai to a Thai: one text.
    other = service.signed_in("authority").get(home, params=asked).json()
    assert (other["by"], len(other["texts"])) == (room[Role.requested_authority], 1)

    shown = [text["sha256"] for text in found["texts"]]
    press(service, room, "adopt", shown=shown)
    assert judge.get(home, params=asked).json()["adopted"]
    press(service, room, "read", shown=shown)

    async def newest(database):
        async with database.reading() as db:
            me = await queries.get(db, Participant, room[Role.witness])
            return max(event.seq for event in await queries.events(db, me.hearing_id))

    read = f"{home}/{service.run(newest)}"
    witness, interpreter = guest(room[Role.witness]), guest(room[Role.interpreter])
    for reader in (judge, witness, interpreter):
        assert [text["sha256"] for text in reader.get(read).json()["texts"]] == shown
    for client in (witness, interpreter):
        assert client.get(home, params=asked).status_code == 404
    assert service.client().get(home, params=asked).status_code == 401
    for path in (f"{home}/1", f"{home}/999999"):
        assert judge.get(path).status_code == 404


def test_a_gap_and_a_card_that_cannot_be_read_say_so(service, room):
    home, judge = f"/h/{service.ref}/cards", service.signed_in("judge")
    oath = {"card": "oath_witness", "law": "RO", "whom": room[Role.witness]}
    found = judge.get(home, params=oath).json()
    assert (found["complete"], found["gap"]["label"]) == (False, "By what the person swears")
    assert "CPP art. 121" in found["hint"]
    assert judge.get(home, params=oath | {"typed": "Biblie"}).json()["complete"]
    assert "Too long" in judge.get(home, params=oath | {"typed": "a" * 301}).json()["problem"]
    assert judge.get(home, params=oath | {"card": "sermon"}).json() == {"problem": "There is no such card"}
    assert "not read to this person" in judge.get(home, params=oath | {"law": "DE"}).json()["problem"]


def test_a_service_with_texts_that_cannot_be_used_does_not_start(tmp_path: Path):
    (tmp_path / "th.yaml").write_text("texts:\n- card: privilege\n  in: {th: x}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"VIVAVOCE_CARD_TEXTS=.*th\.yaml, text 1: expected jurisdiction: a State"):
        bring_in_card_texts(Settings(data=tmp_path, card_texts=tmp_path))
    bring_in_card_texts(Settings(data=tmp_path))
