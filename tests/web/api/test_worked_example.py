"""The client and the foreign authority's system of docs/examples, against the real service: told, signed, agreed."""

import asyncio
import base64
import hashlib
import hmac
import importlib
import sys
import time
import typing
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hearings.signatures.jws import encode
from scheduler.delivery import deliver
from scheduler.delivery_ways import Posting, Ways
from scheduler.environment import World
from scheduler.following import follow
from tests.support.api_client import NEW_SITE, PEOPLE
from web.outward import events_api as events

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
BASE = "http://localhost:8000"
CRITERIA = {
    "since": "2027-11-29T00:00:00Z",
    "until": "2027-12-14T00:00:00Z",
    "duration_minutes": 120,
    "margins": {"margin_before": 15, "margin_after": 15, "line_test": 15},
}


@pytest.fixture
def limits(limits):
    """A receiver on this machine counts as a host webhooks may go to."""
    return limits | {"test_hooks": True}


@pytest.fixture
def examples(monkeypatch):
    """The client and the system, as somebody would import them who has copied them."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    names = ("vivavoce_client", "foreign_authority")
    found = [importlib.import_module(name) for name in names]
    yield found
    for name in [module for module in sys.modules if module.partition(".")[0] in names]:
        sys.modules.pop(name)


@pytest.fixture
async def api(examples, th, api_port):
    """The client of docs/examples as Thailand's system; the system's key and the authority's are two."""
    client = examples[0]
    found = client.Vivavoce(
        base=BASE,
        client_id=th.id,
        key=client.Key(th.key.private),
        authority=client.KeyAuthority(client.Key(Ed25519PrivateKey.from_private_bytes(th.seed))),
        through=f"http://127.0.0.1:{api_port}",
    )
    yield found
    found.close()


@pytest.fixture
async def told(installation):
    """What the clock does: follow what has happened, post what is waiting."""
    key = installation.app.state.parts.keys.cookie
    ways = Ways(posting=Posting(key=key, loopback=True))
    world = World(database=installation.database, origin=BASE, ways=ways)

    async def turn() -> None:
        await follow(world)
        await deliver(installation.database, ways, clock=world.clock)

    return turn


async def done(answer):
    response = await answer
    assert response.status_code < 300, response.text
    return response.json()


def public(seed):
    return encode(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())


async def test_a_foreign_authority_goes_from_a_message_to_a_signed_agreement(examples, api, told, ro, th, story):
    client, example = examples
    inbox = example.Inbox()
    server = example.listen(inbox)
    try:
        url = f"http://localhost:{server.server_port}/hooks"
        inbox.secret = (await asyncio.to_thread(api.subscribe, url, example.EVENTS))["secret"]
        authority = example.ForeignAuthority(api, "TH", "Asia/Bangkok", {"RO": {public(ro.seed)}})

        async def work() -> list[str]:
            """Deliver what has happened, and let the authority's system deal with it."""
            await told()
            kinds = []
            while not inbox.waiting.empty():
                event = inbox.waiting.get()
                kinds.append(event["type"])
                await asyncio.to_thread(authority.handle, event)
            return kinds

        # The other State submits a request; ours is told, checks the signature, takes it up and accepts, signed.
        request = await story.submitted(ro)
        assert await work() == ["request.submitted"]
        assert authority.left == []
        assert (await done(ro.get(f"/requests/{request['id']}")))["status"] == "accepted"

        # A Saturday is offered: another time is asked for, which suits both courts. It is not what we want.
        proposal = {**story.hearing, "request": request["id"], "duration_minutes": 60}
        saturday = {"wall_start": "2027-12-04T09:00", "wall_zone": "Europe/Bucharest"}
        other = await done(ro.post("/hearings", {**proposal, **saturday}))
        assert await work() == ["hearing.proposed"]
        assert authority.left == []
        countered = await done(ro.get(f"/hearings/{other['ref']}"))
        assert (countered["status"], countered["warnings"]) == ("countered", [])
        offers = (await done(ro.get(f"/hearings/{other['ref']}/offers")))["items"]
        assert [offer["signed"] for offer in offers if offer["status"] == "offered"] == [True]
        assert datetime.fromisoformat(countered["starts_at"]) > datetime.fromisoformat(other["starts_at"])
        await done(ro.post(f"/hearings/{other['ref']}/cancel", {"reason": "Another day is wanted."}))

        # Two times are offered: a Saturday, and a day in office hours. That is agreed to, signed.
        times = [{"wall_start": f"2027-12-{day}T09:00", "wall_zone": "Europe/Bucharest"} for day in ("04", "07")]
        first, second = ({**instant, "duration_minutes": 60} for instant in times)
        proposal = {**story.hearing, "request": request["id"], **first, "alternatives": [second]}
        hearing = await done(ro.post("/hearings", proposal))
        assert await work() == ["hearing.proposed"]
        assert authority.left == []
        path = f"/hearings/{hearing['ref']}"
        agreed = await done(ro.get(path))
        assert (agreed["signed_by"], agreed["wall_start"]) == (["TH"], "2027-12-07T09:00:00")
        await done(ro.signed(f"{path}/terms/sign", "agree_hearing"))
        assert (await done(ro.get(path)))["status"] == "agreed"

        # A technical agreement is proposed, and signed; the other State signs it too.
        for role, name, state, speaks in PEOPLE:
            body = {"role": role, "display_name": name, "state": state, "speaks": speaks}
            await done((ro if state == "RO" else th).post(f"{path}/participants", body))
        place = {"name": "Room 12", "court": "Court of Bangkok", "city": "Bangkok", "zone": "Asia/Bangkok"}
        site = client.NewSite(**place, abilities=NEW_SITE["abilities"])
        ours = await asyncio.to_thread(api.add_site, site)
        theirs = await done(ro.post("/sites", NEW_SITE))
        body = {"requesting_site": theirs["id"], "requested_site": ours["id"]}
        paper = f"{path}/agreements/{(await done(ro.post(f'{path}/agreements', body)))['number']}"
        await done(ro.post(f"{paper}/propose"))
        assert await work() == ["agreement.proposed"]
        assert authority.left == []
        assert (await done(ro.get(paper)))["signed_by"] == ["TH"]
        assert (await done(ro.signed(f"{paper}/sign", "sign_agreement")))["status"] == "agreed"
        signed = [
            (one["state"], one["act"])
            for where in (f"/requests/{request['id']}", path, paper)
            for one in (await done(ro.get(f"{where}/signatures")))["items"]
        ]
        assert [act for state, act in signed if state == "TH"] == ["accept_request", "agree_hearing", "sign_agreement"]
    finally:
        server.shutdown()
        server.server_close()


async def test_what_no_known_authority_has_signed_is_left_to_a_person(examples, api, ro, story):
    _client, example = examples
    request = await story.submitted(ro)
    authority = example.ForeignAuthority(api, "TH", "Asia/Bangkok", {"RO": {"another key"}})
    event = {"type": "request.submitted", "data": {"reference": request["reference"]}}
    await asyncio.to_thread(authority.handle, event)
    assert authority.left == [f"{request['reference']}: no authority we know has signed it"]
    assert (await done(ro.get(f"/requests/{request['id']}")))["status"] == "received"
    await asyncio.to_thread(authority.handle, {"type": "hearing.proposed", "data": {"reference": "7F3K-22QD"}})
    assert authority.left[1].startswith("7F3K-22QD: 404 not_found")


def test_a_forged_old_or_repeated_message_is_not_acted_upon(examples):
    _client, example = examples
    key, body = b"k" * 32, b'{"type":"request.submitted","data":{"reference":"RO-2027-0001"}}'
    inbox = example.Inbox(secret="whsec_" + base64.b64encode(key).decode())

    def headers(stamp, name="msg_1", sign=key):
        made = hmac.new(sign, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(made).decode()
        return {"webhook-id": name, "webhook-timestamp": f"{stamp}", "webhook-signature": signature}

    now = int(time.time())
    assert inbox.receive(headers(now, sign=b"x" * 32), body) == 401
    assert inbox.receive(headers(now), body + b" ") == 401
    assert inbox.receive(headers(now - 301), body) == 400
    assert inbox.receive({}, body) == 401
    assert inbox.waiting.qsize() == 0
    assert [inbox.receive(headers(now), body) for _twice in range(2)] == [204, 204]
    assert inbox.waiting.qsize() == 1
    assert example.Inbox().receive(headers(now), body) == 401


async def test_a_repeated_post_is_done_once_and_a_change_needs_what_was_read(examples, api, api_port, monkeypatch):
    client = examples[0]
    sent = []
    send = api.http.request

    def broken_once(method, path, **options):
        """The answer is lost on its way, after the service has done it."""
        answer = send(method, path, **options)
        if method == "POST" and path.endswith("/requests"):
            sent.append(options["headers"]["idempotency-key"])
            if len(sent) == 1:
                raise httpx.ReadError("the line broke")
        return answer

    monkeypatch.setattr(api.http, "request", broken_once)

    def work():
        made = api.draft("RO", {"case_number": "1/2027"})
        assert len(sent) == 2 and len(set(sent)) == 1
        assert [request["id"] for request in api.requests(side="made")] == [made["id"]]
        read = api.tagged(f"/requests/{made['id']}")
        changed = api.change(f"/requests/{made['id']}", {"case_number": "2/2027"}, read)
        assert changed["content"]["case_number"] == "2/2027"
        with pytest.raises(client.NotNow) as refused:
            api.change(f"/requests/{made['id']}", {"case_number": "3/2027"}, read)
        assert (refused.value.status, refused.value.code) == (412, "precondition_failed")
        for _more in range(4):
            api.draft("RO", {})
        assert len(list(api.pages("/requests", limit=2))) == 5

    await asyncio.to_thread(work)


async def test_refusals_are_exceptions_that_say_what_was_wrong(examples, api, ro, story):
    client = examples[0]
    request = await story.submitted(ro)

    def work():
        with pytest.raises(client.NotThere):
            api.request("RO-2027-9999")
        with pytest.raises(client.NotRight) as wrong:
            api.refuse(request["id"], "mood", "We do not want to.")
        assert (wrong.value.code, wrong.value.more["field"]) == ("invalid", "ground")
        with pytest.raises(client.NotNow) as early:
            api.accept(request["id"])
        assert (early.value.code, early.value.more["current"]) == ("illegal_move", "received")
        api._token = "not a token"
        assert api.request(request["id"])["status"] == "received"
        api.authority = None
        with pytest.raises(ValueError, match="no authority"):
            api.accept(request["id"])
        (signature,) = api.signatures(f"/requests/{request['id']}")
        assert client.verified(signature["jws"], public(ro.seed))["about"] == request["reference"]
        with pytest.raises(InvalidSignature):
            client.verified(signature["jws"], client.Key.make().x)
        assert client.Key.read(api.key.pem).kid == api.key.kid

    await asyncio.to_thread(work)


async def test_what_is_told_once_is_made_anew_when_its_answer_is_lost(examples, api_port, ro, th, story, monkeypatch):
    client = examples[0]
    api = client.Vivavoce(
        base=BASE, client_id=ro.id, key=client.Key(ro.key.private), through=f"http://127.0.0.1:{api_port}"
    )
    hearing = await done(ro.post("/hearings", {"request": (await story.accepted(ro, th))["id"], **story.hearing}))
    person = {"role": "witness", "display_name": "A", "state": "TH", "speaks": "th"}
    guest = await done(ro.post(f"/hearings/{hearing['ref']}/participants", person))
    send, lost = api.http.request, set()

    def broken_once(method, path, **options):
        """The first answer of each address is lost on its way."""
        answer = send(method, path, **options)
        if method == "POST" and path not in lost:
            lost.add(path)
            raise httpx.ReadError("the line broke")
        return answer

    monkeypatch.setattr(api.http, "request", broken_once)

    def work():
        assert api.subscribe("http://localhost:9/hooks", ["hearing.agreed"])["secret"].startswith("whsec_")
        assert [one["disabled_why"] for one in api.get("/webhooks")["items"]] == ["by_hand", ""]
        made = api.invite(hearing["ref"], guest["id"])
        assert len(made["pin"]) == 6 and "#" in made["address"] and made["replaced"]
        api.uninvite(hearing["ref"], guest["id"])
        with pytest.raises(client.NotNow):
            api.uninvite(hearing["ref"], guest["id"])
        api.close()

    await asyncio.to_thread(work)


async def test_what_a_hearing_waits_for_is_read_and_answered(examples, api, hearing):
    client = examples[0]

    def work():
        waiting = [one["item"] for one in api.rights(hearing["ref"]) if one["blocks"] and one["gate"] == "ready"]
        assert "r07_summons" in waiting
        with pytest.raises(client.NotAllowed):
            api.answer_right(hearing["ref"], "r03_parties_heard")
        answered = api.answer_right(hearing["ref"], "r07_summons")
        assert (answered["state"], answered["blocks"]) == ("by_answer", False)

    await asyncio.to_thread(work)


async def test_minutes_that_were_read_back_are_signed_and_others_are_left(examples, api, ro, held, hearing):
    client, example = examples
    authority = example.ForeignAuthority(api, "TH", "Asia/Bangkok", {"RO": set()})
    ref = hearing["ref"]
    event = {"type": "minutes.read_back", "data": {"reference": f"{ref}/1"}}

    def work():
        assert api.list_minutes(ref) == []
        minutes = api.draft_minutes(ref)
        assert minutes["recordings"] == {held: "9:" + "cd" * 32}
        authority.handle(event)
        assert api.minutes(ref, 1)["signed_by"] == []
        api.submit_minutes(ref, 1)
        for passage in api.minutes(ref, 1)["passages"]:
            missing = [lang for lang in ("ro", "th") if passage["open_for"] or not passage["texts"].get(lang)]
            text = {"text": f"About {passage['key']}", "how": "written"}
            if missing:
                api.write(ref, 1, passage, dict.fromkeys(missing, text), settled=bool(passage["open_for"]))
        stale = {**minutes["passages"][0], "revision": 99}
        with pytest.raises(client.NotNow):
            api.write(ref, 1, stale, {"ro": {"text": "Something else", "how": "written"}})
        reading = client.Reading(read_by="Malee Suksan", languages=["th"], heard_by=["Somchai Wongsa"])
        assert api.read_back(ref, 1, reading)["status"] == "read_back"
        for _twice in range(2):
            authority.handle(event)
        assert authority.left == []
        assert api.minutes(ref, 1)["signed_by"] == ["TH"]
        assert api.participants(ref)[0]["role"] == "presiding_judge"

    await asyncio.to_thread(work)
    assert (await done(ro.signed(f"/hearings/{ref}/minutes/1/sign", "sign_minutes")))["status"] == "signed"
    printed = await asyncio.to_thread(api.minutes_pdf, ref, 1)
    assert printed.startswith(b"%PDF-")


ANSWERS = {
    "Request": "ShownRequest", "Consent": "ShownConsent", "Consents": "ConsentList", "Hearing": "ShownHearing",
    "Offer": "ShownOffer", "Participant": "ShownParticipant", "Slots": "FoundSlots", "Site": "ShownSite",
    "Agreement": "ShownAgreement", "LineTest": "ShownTest", "Minutes": "ShownMinutes", "Passage": "ShownPassage",
    "State": "ShownState", "Entry": "ShownEntry", "SigningKey": "ShownAuthorityKey", "Place": "CourtPlace",
} | {name: name for name in ("Slot", "SlotDay", "Evaluation", "Expected", "MinutesSummary")}  # fmt: skip
QUESTIONS = {
    "Search": "Search", "Time": "Time", "NewSite": "NewSite", "Measured": "Report", "Case": "Inputs",
    "Reading": "NewReading", "Said": "Said",
}  # fmt: skip


async def test_every_shape_of_the_client_is_one_of_the_description(examples, installation):
    client = examples[0]
    schemas = (await installation.http.get("/api/v1/openapi.json")).json()["components"]["schemas"]
    for names, fields in ((ANSWERS, typing.get_type_hints), (QUESTIONS, lambda one: one.__dataclass_fields__)):
        for name, schema in names.items():
            ours, theirs = set(fields(getattr(client, name))), schemas[schema]["properties"]
            assert ours <= set(theirs), (name, ours - set(theirs))
    for name, schema in QUESTIONS.items():
        fields = vars(client)[name].__dataclass_fields__
        assert set(schemas[schema].get("required", ())) <= set(fields), name


async def test_law_directory_times_sites_and_consents_are_asked_for_by_name(examples, api, ro, story):
    client = examples[0]
    request = await story.submitted(ro)

    def work():
        states = {state["state"]: state for state in api.states()}
        assert states["TH"]["accepted_languages"] == ["th", "en"]
        case = client.Case(requesting_state="RO", requested_state="TH", on="2027-02-01", capacity="witness")
        assert api.evaluate(case)["on"] == "2027-02-01"
        assert [key["public_key"] for key in api.signing_keys("RO")] == [public(ro.seed)]
        assert list(api.directory(state="TH", words="no such authority")) == []
        api.acknowledge(request["id"])
        consents = api.consents(request["id"])
        assert {one["rule"] for one in consents["expected"]} == {
            one["rule"] for one in api.expect_consents(request["id"])["items"]
        } - {one["rule"] for one in consents["items"]}
        api.accept(request["id"])
        criteria = {name: CRITERIA[name] for name in ("since", "until", "duration_minutes")}
        slots = api.find_times(client.Search(request=request["reference"], limit=2, **criteria))["slots"]
        assert len(slots) == 2 and slots[0]["days"][0]["fold"] in (0, 1)
        site = api.add_site(client.NewSite(**NEW_SITE))
        assert [one["id"] for one in api.sites()] == [site["id"]]
        slower = NEW_SITE["abilities"] | {"height": 360}
        assert api.publish(site["id"], slower, "Another camera.")["version"] == 2

    await asyncio.to_thread(work)


@pytest.mark.parametrize("limits", [{"api_per_minute": 60, "api_burst": 5}])
async def test_a_client_that_is_too_quick_waits_and_goes_on(api, monkeypatch):
    waited, sleep = [], time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: (waited.append(seconds), sleep(seconds)))

    def work():
        return [bool(api.get("/states")["items"]) for _time in range(8)]

    assert await asyncio.to_thread(work) == [True] * 8
    assert waited and min(waited) >= 1  # as long as it was told


class ProofsAnHourBehind:
    """The clock as the client's module reads it: an hour behind, where it makes a proof."""

    monotonic, sleep = staticmethod(time.monotonic), staticmethod(time.sleep)

    @staticmethod
    def time():
        return time.time() - 3600 * (sys._getframe(1).f_code.co_name == "_proof")


async def test_a_client_goes_on_when_the_service_asks_for_a_nonce(examples, api, monkeypatch):
    monkeypatch.setattr(sys.modules["vivavoce_client.calls"], "time", ProofsAnHourBehind)

    def work():
        return [bool(api.get("/states")["items"]) for _time in range(3)]

    assert await asyncio.to_thread(work) == [True] * 3
    assert api._nonce  # without it no token would have been given


async def test_events_come_as_they_happen_and_go_on_where_they_stopped(api, ro, story, monkeypatch):
    looked, page = asyncio.Event(), events._page

    async def look(*arguments):
        looked.set()
        return await page(*arguments)

    monkeypatch.setattr(events, "_page", look)

    def listen(since="", until="submitted"):
        return next(event for event in api.events(since, lasting=20) if event.after == until)

    waiting = asyncio.create_task(asyncio.to_thread(listen))
    await asyncio.wait_for(looked.wait(), 20)
    request = await story.submitted(ro)
    event = await waiting
    assert (event.subject, event.about, event.before) == ("hearing_request", request["reference"], "draft")
    await done(ro.signed(f"/requests/{request['id']}/withdraw", "withdraw_request", reason="Heard in person."))
    again = await asyncio.to_thread(listen, event.id, "withdrawn")
    assert again.about == request["reference"]
    assert again.id > event.id


def test_the_examples_are_typed_and_take_nothing_of_ours():
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.rglob("*.py"))]
    assert len(texts) == 10
    for text in texts:
        for name in ("hearings", "web", "media", "scheduler"):
            assert f"from {name}" not in text
            assert f"import {name}" not in text
