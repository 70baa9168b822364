"""Captions in a real sitting: fed on the stenographer's page and over the API, shown in the room, under the seal."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from hearings import queries
from hearings.actors import Actor
from hearings.db import Database
from hearings.models import HearingEvent
from hearings.outward import api_clients
from hearings.sitting import recordings
from tests.support.api_client import API, Client, Key

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(300)]

TYPED = ("Am văzut mașina plecând.", "Era roșie.")
SENT = ("ฉันเห็นรถออกไป", "มันเป็นสีแดง")
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1366, "height": 768}


def database_of(installation: Any) -> Database:
    return Database(f"sqlite+aiosqlite:///{installation.data / 'vivavoce.db'}")


class Feeder:
    """A system of Romania that feeds captions over the network."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        self.base = installation.url + API

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def __aenter__(self) -> "Feeder":
        key = Key.make()
        admin = Actor(id="admin", label="Admin", state="RO", functions=frozenset({"administrator"}))
        database = database_of(self.installation)
        async with database.transaction() as db:
            made = await api_clients.register(
                db, name="Captions", scopes=("captions:write",), jwks=[key.jwk], sandbox=False, actor=admin,
                now=datetime.now(UTC),
            )  # fmt: skip
        await database.close()
        self.http = httpx.AsyncClient(verify=self.installation.trust, timeout=20)
        self.client = Client(self.http, made.id, "RO", key, Key.make(), b"")
        where = f"{self.base}/oauth/token"
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": self.client.assertion(aud=where),
        }
        answer = await self.http.post(where, data=form, headers={"dpop": self.client.proof("POST", where)})
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        return self

    async def feed(self, ref: str, text: str) -> dict[str, Any]:
        where = f"{self.base}/hearings/{ref}/captions"
        headers = {"authorization": f"DPoP {self.token}", "dpop": self.client.proof("POST", where, self.token)}
        line = {"language": "th", "text": text, "source": "machine"}
        answer = await self.http.post(where, json=line, headers=headers)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def captions_of(people: Any) -> list[HearingEvent]:
    """The captions in the log of the hearing, as they are kept."""
    database = database_of(people.installation)
    async with database.reading() as db:
        hearing = await queries.hearing_by_ref(db, people.demo.ref)
        found = [event for event in await queries.events(db, hearing.id) if event.kind == "caption"]
    await database.close()
    return found


async def test_captions_typed_and_sent_are_shown_in_the_room_and_sealed(people: Any, tmp_path: Path) -> None:
    await people.gather()
    await people.start_sitting()
    judge, witness, clerk = people["judge"], people["witness"], people["clerk"]
    await expect(judge.page.get_by_role("region", name="Captions")).to_have_count(0)

    # The clerk types in a tab of its own, by keyboard alone.
    desk = await clerk.context.new_page()
    await desk.goto(f"{people.installation.url}/h/{people.demo.ref}/captions")
    await expect(desk.get_by_label("What is said")).to_be_focused()
    await desk.get_by_label("Who speaks").select_option(label="Somchai Wongsa")
    await desk.get_by_label("What is said").focus()
    for text in TYPED:
        await desk.keyboard.type(text)
        await desk.keyboard.press("Enter")
        await expect(desk.locator("p.kept").first).to_have_text(text)
        await expect(desk.get_by_label("What is said")).to_be_focused()

    lane = judge.page.get_by_role("region", name="Captions")
    await expect(lane.locator("li")).to_have_text([f"Somchai Wongsa {text}" for text in TYPED])
    await expect(lane.locator("li span").first).to_have_attribute("lang", "ro")
    await expect(lane.get_by_text("By a stenographer, not the record")).to_be_visible()

    # A system sends another language; the witness is shown it, and the judge goes on with the one before.
    async with Feeder(people.installation) as feeder:
        sent = [await feeder.feed(people.demo.ref, text) for text in SENT]
    at_witness = witness.page.get_by_role("region", name="Captions")
    await expect(at_witness.locator("li")).to_have_text(list(SENT))
    await expect(at_witness.get_by_text("Machine, not the record")).to_be_visible()
    await expect(lane.locator("li")).to_have_count(2)

    # A correction takes the place of the line.
    await desk.reload()
    await desk.get_by_role("link", name="Correct").first.click()
    await expect(desk.get_by_label("What is said")).to_have_value(TYPED[1])
    await desk.get_by_label("What is said").fill("Era roșie, cred.")
    await desk.keyboard.press("Enter")
    await expect(lane.locator("li").nth(1)).to_have_text("Somchai Wongsa Era roșie, cred.")

    # Off, and on again; larger; what the room looks like, wide and narrow.
    await lane.get_by_label("Captions", exact=True).select_option("off")
    await expect(lane.locator("li")).to_have_count(0)
    await lane.get_by_label("Captions", exact=True).select_option("ro stenographer")
    for size, name in ((WIDE, "wide"), (NARROW, "narrow")):
        await judge.page.set_viewport_size(size)
        await lane.scroll_into_view_if_needed()
        await expect(lane.locator("li").last).to_be_in_viewport()
        await judge.accessible()
        await judge.page.screenshot(path=tmp_path / f"captions-{name}.png")
        wider = await judge.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wider, size
    await desk.set_viewport_size(WIDE)
    await desk.screenshot(path=tmp_path / "captions-page.png")
    await judge.page.set_viewport_size({"width": 1280, "height": 800})

    # All of them are in the sealed log, in order and with their times.
    await people.close()
    fed = await captions_of(people)
    assert [event.data["text"] for event in fed] == [*TYPED, *SENT, "Era roșie, cred."]
    assert [event.seq for event in fed[2:4]] == [one["number"] for one in sent]
    assert [event.data["source"] for event in fed] == [
        "stenographer",
        "stenographer",
        "machine",
        "machine",
        "stenographer",
    ]
    sealed = [line for line in people.installation.journal("event") if line["kind"] == "caption"]
    assert [(line["entry"], line["sha256"]) for line in sealed] == [
        (event.seq, recordings.sha256(recordings.entry(event))) for event in fed
    ]
    times = [line["t"] for line in sealed]
    assert times == sorted(times)
    for event, at in zip(fed, times, strict=True):
        assert event.data["corrects" if "corrects" in event.data else "timecode_ms"] > 0
        assert "corrects" in event.data or abs(event.data["timecode_ms"] - at) < 1_000, (event.data, at)
