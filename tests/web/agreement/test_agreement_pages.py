"""Sites and technical agreements on pages: a profile's versions, offers, conflicts, a signature from the page."""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings import queries
from hearings.agreement import agreements, sites
from hearings.clocks import tzdb_version
from hearings.models import HearingRequest, Person, SiteProfile
from hearings.signatures import signatures
from web.agreement import agreement_pages as technical
from web.demo import keys as demo_keys


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


@pytest.fixture
def authority(service):
    return service.signed_in("authority")


PROFILE = {
    "endpoint": "webrtc", "audio_codecs": ["opus-fb"], "video_codecs": ["vp8"], "microphone_hz": "20000",
    "height": "720", "fps": "25", "up_least": "4000", "up_target": "20000", "down_least": "4000",
    "down_target": "20000", "transports": ["udp_direct"], "encryption": ["dtls_srtp"],
    "srtp_profiles": ["SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"],
    "interpreting": ["consecutive"], "recordings": ["sound_only"], "key_holders": ["both_states"],
    "formats": ["webm"], "redial": "3", "adjourn_after_minutes": "30", "channels": "1",
    "detail_room_phone": "+40 21 555 0199", "secret_room_phone": "yes",
}  # fmt: skip
PLACE = {"name": "Sala 9", "court": "Tribunalul Cluj", "city": "Cluj", "zone": "Europe/Bucharest", "room": ""}


def signed(service, state: str) -> str:
    """What the officer's page makes of the terms on the table, with the authority's key file."""

    async def make(database):
        async with database.reading() as db:
            hearing = await queries.hearing(db, service.ref, state=state)
            found = await agreements.running(db, hearing.id)
        return agreements.about(hearing, found), agreements.body(found), agreements.other_state(hearing, state)

    about, body, other = service.run(make)
    stated = signatures.statement(
        state=state,
        other=other,
        act=signatures.Act.sign_agreement,
        about=about,
        body=body,
        now=datetime.now(UTC),
    )
    file: Path = service.settings.data / "demo-keys" / demo_keys.KEY_FILES[state]
    seed = re.search(r"^# signing-key: ([\w-]{43})$", file.read_text("utf-8"), re.M)[1]
    return signatures.sign(stated, seed=base64.urlsafe_b64decode(seed + "="))


def site_options(client, place: str, side: str) -> list[str]:
    select = re.search(rf'<select id="{side}_site".*?</select>', client.get(place).text, re.S)[0]
    return re.findall(r'<option value="([0-9a-f-]+)"', select)


def test_the_agreement_goes_from_void_to_signed_by_both_on_pages_alone(service, clerk, authority):
    place = f"/h/{service.ref}/technical"
    words = clerk.words(clerk.get(place))
    assert "Signed by both" in words and "0 conflicts" in words
    assert "Each camera takes up to" in words or "Each camera is limited to" in words
    number = re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]
    answer = clerk.post(f"{place}/void", {"number": number, "why": ""}, page=place)
    assert (answer.status_code, 'href="#why"' in answer.text) == (422, True)
    assert clerk.post(f"{place}/void", {"number": number, "why": "another room"}, page=place).status_code == 303
    assert "another room" in authority.words(authority.get(f"{place}?tab=history"))
    assert "Time agreed" in clerk.words(clerk.get(f"/h/{service.ref}"))

    answer = clerk.post(f"{place}/draft", {"requesting_site": "", "requested_site": ""}, page=place)
    assert (answer.status_code, 'href="#requesting_site"' in answer.text) == (422, True)
    chosen = {f"{side}_site": site_options(clerk, place, side)[0] for side in ("requesting", "requested")}
    assert clerk.post(f"{place}/draft", chosen, page=place).status_code == 303
    assert "Signatures" not in authority.words(authority.get(place))  # a draft is its author's
    number = {"number": re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]}
    assert clerk.post(f"{place}/propose", number, page=place).status_code == 303
    unsigned = clerk.post(f"{place}/sign", number, page=f"{place}/sign")
    assert (unsigned.status_code, "open its key file and sign" in clerk.words(unsigned)) == (422, True)
    told = clerk.post(f"{place}/sign", number, page=f"{place}/sign", headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (422, "signature_required")
    assert clerk.post(f"{place}/sign", number | {"jws": signed(service, "RO")}, page=f"{place}/sign").status_code == 303

    form = authority.get(place).text
    assert "Sign these terms" in form and "Propose other terms" in form
    needs = {
        "interpreting": "simultaneous", "recording": "sound_and_picture", "heard": "b", "cameras_a": "2",
        "interpreter_at": "apart", "exhibits": "yes",
        "cameras_b": "2", "most_height": "360", "most_fps": "25", "least_height": "360", "least_fps": "15",
        "redial": "2", "phone": "yes", "adjourn_after_minutes": "20", "reason": "The screen is small.",
    }  # fmt: skip
    answer = authority.post(f"{place}/counter", number | needs | {"most_fps": "many"}, page=place)
    assert (answer.status_code, 'href="#most_fps"' in answer.text, 'value="many"' in answer.text) == (422, True, True)
    assert authority.post(f"{place}/counter", number | needs, page=place).status_code == 303
    words = clerk.words(clerk.get(f"{place}?tab=history"))
    assert "Maximum resolution (lines): 360 (before: 1080)" in words and "The screen is small." in words
    assert "Where the interpreters sit: At a place of their own (before: At the requested site)" in words
    words = clerk.words(clerk.get(place))
    assert "Both sites can show exhibits in the room." in words and "Agreed Document camera" in words
    for client, state in ((clerk, "RO"), (authority, "TH")):
        page = client.get(f"{place}/sign").text
        rule = "If the connection drops: pause, redial at most 2 ×, then: Telephone; adjourn after 20 minutes."
        words = client.words(client.get(f"{place}/sign"))
        assert "Where the interpreters sit At a place of their own" in words
        assert rule in words and f"Time-zone data {tzdb_version()}" in words
        assert "Local time in Bucharest" in words and "Local time in Bangkok" in words and "UTC+07:00" in words
        assert 'data-messages=""' in page  # English is in the code itself
        shown = json.loads(re.search(r'data-statement="([^"]+)"', page)[1].replace("&#34;", '"'))
        assert (shown["iss"], shown["act"]) == (state, "sign_agreement")
        answer = client.post(f"{place}/sign", number | {"jws": signed(service, state)}, page=f"{place}/sign")
        assert answer.status_code == 303
    assert "Signed by both" in clerk.words(clerk.get(place))
    assert "Run the line test" in clerk.words(clerk.get(place))
    reason = {"without_test": "Both rooms met yesterday."}
    home = f"/h/{service.ref}"
    assert clerk.post(f"{home}/act/ready", reason, page=home).status_code == 303


def test_whoever_adds_an_exhibit_after_the_signatures_is_told_and_so_are_both_states(service, clerk, authority):
    async def without(database):
        async with database.transaction() as db:
            hearing = await queries.hearing(db, service.ref, state="RO")
            found = await agreements.running(db, hearing.id)
            found.terms = found.terms | {"session": found.terms["session"] | {"exhibits": "none"}}
            db.add(found)
            return (await queries.get(db, HearingRequest, hearing.request_id)).reference

    files, place = f"/requests/{service.run(without)}/documents", f"/h/{service.ref}/technical"
    told = f"Both States have signed the technical agreement of hearing {service.ref} without a way to show exhibits."
    both = "There are exhibits, but both States have signed terms without a way to show them."
    assert "Signed by both" in clerk.words(clerk.get(place))
    for kind, warned in (("decision", False), ("exhibit", True)):
        origin = {"origin": str(clerk.http.base_url).rstrip("/")}
        token = {"csrf": clerk.token(files), "kind": kind}
        file = {"file": ("bill.pdf", b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")}
        answer = clerk.request("POST", files, data=token, files=file, headers=origin)
        assert (answer.status_code, answer.headers["location"].endswith("/documents?done=attached")) == (303, warned)
        assert (told in clerk.words(clerk.get(files))) is warned
        for client in (clerk, authority):
            assert (both in client.words(client.get(place))) is warned


def test_a_signature_of_the_other_state_or_over_older_terms_is_refused_and_said_so(
    service, everything, clerk, authority
):
    place = f"/h/{service.ref}/technical"
    number = {"number": re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]}
    assert clerk.post(f"{place}/void", number | {"why": "begin anew"}, page=place).status_code == 303
    chosen = {f"{side}_site": site_options(clerk, place, side)[0] for side in ("requesting", "requested")}
    clerk.post(f"{place}/draft", chosen, page=place)
    number = {"number": re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]}
    clerk.post(f"{place}/propose", number, page=place)
    older = signed(service, "RO")
    before = service.run(everything)["signature"]
    answer = clerk.post(f"{place}/sign", number | {"jws": signed(service, "TH")}, page=f"{place}/sign")
    assert (answer.status_code, "There is a problem" in answer.text) == (401, True)
    assert "no such signing key" in clerk.words(answer)
    needs = {
        "interpreter_at": "a", "interpreting": "none", "recording": "sound_and_picture", "heard": "b", "cameras_a": "1",
        "cameras_b": "1",
        "most_height": "720", "most_fps": "25", "least_height": "360", "least_fps": "15", "redial": "3",
        "adjourn_after_minutes": "30",
    }  # fmt: skip
    assert authority.post(f"{place}/counter", number | needs, page=place).status_code == 303
    answer = clerk.post(f"{place}/sign", number | {"jws": older}, page=f"{place}/sign")
    assert (answer.status_code, "There is a problem" in answer.text) == (409, True)
    assert "has changed since" in clerk.words(answer)
    assert service.run(everything)["signature"] == before


def test_a_site_is_added_and_a_new_version_published(service, clerk, authority):
    answer = clerk.post("/sites/new", PLACE | PROFILE | {"fps": "0", "name": "Sala <9>"}, page="/sites/new")
    assert answer.status_code == 422
    assert 'href="#fps"' in answer.text and 'value="Sala &lt;9&gt;"' in answer.text
    assert 'value="opus-fb" checked' in answer.text
    made = clerk.post("/sites/new", PLACE | PROFILE, page="/sites/new")
    assert made.status_code == 303
    site = made.headers["location"].partition("?")[0]
    assert "Profile, version 1" in clerk.words(clerk.get(site)) and "+40 21 555 0199" in clerk.words(clerk.get(site))
    assert authority.get(site).status_code == 404
    assert authority.post(site, PROFILE | {"reason": "mine now"}, page="/sites/new").status_code == 404
    unchanged = clerk.post(site, PROFILE | {"reason": "nothing"}, page=site)
    assert (unchanged.status_code, "Nothing has changed" in unchanged.text) == (422, True)
    changed = clerk.post(site, PROFILE | {"height": "1080", "reason": "new camera"}, page=site)
    assert changed.status_code == 303
    words = clerk.words(clerk.get(site))
    assert "Profile, version 2" in words and "new camera" in words
    assert "Sala 9" in clerk.words(clerk.get("/sites"))
    assert clerk.post(f"{site}/retire", {"why": "rebuilt"}, page=site).status_code == 303
    assert "No longer used" in clerk.words(clerk.get("/sites"))


def test_pages_of_sites_and_agreements_are_staffs_of_the_two_states(service):
    async def of_a_third_state(database):
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["clerk"]))

    service.run(of_a_third_state)
    nobody, stranger, clerk = service.client(), service.signed_in("blanc@fr.example"), service.signed_in("clerk")
    of_hearing = [f"/h/{service.ref}/technical", f"/h/{service.ref}/technical/sign"]
    site = re.search(r'href="(/sites/[0-9a-f-]{36})"', clerk.get("/sites").text)[1]
    for path in ("/sites", "/sites/new", site, *of_hearing):
        answer = nobody.get(path)
        assert (answer.status_code, "Sign in first" in nobody.words(answer)) == (401, True), path
    for path in (site, *of_hearing):
        answer = stranger.get(path)
        assert (answer.status_code, "Page not found" in stranger.words(answer)) == (404, True), path
    assert site not in stranger.get("/sites").text
    unknown = clerk.get("/h/XXXX-XXXX/technical")
    assert (unknown.status_code, "Page not found" in clerk.words(unknown)) == (404, True)


def test_how_a_site_is_dialled_is_checked_and_a_pin_is_not_taken(service, clerk):
    said = {
        "detail_dial_number": "+40 21 555 0199", "detail_pin_told_by": "in_person", "detail_who_dials": "other_site",
        "detail_ports": "443/tcp", "secret_dial_number": "yes",
    }  # fmt: skip
    for name, wrong in (("dial_number", "+40215550199,,4711#"), ("note", "PIN: 4711"), ("pin_told_by", "4711")):
        answer = clerk.post("/sites/new", PLACE | PROFILE | said | {f"detail_{name}": wrong}, page="/sites/new")
        assert (answer.status_code, f'href="#detail_{name}"' in answer.text) == (422, True)
    made = clerk.post("/sites/new", PLACE | PROFILE | said, page="/sites/new")
    assert made.status_code == 303
    page = clerk.get(made.headers["location"].partition("?")[0])
    words = clerk.words(page)
    assert "+40215550199" in words and "The other site dials" in words and "In person" in words
    assert '<option value="in_person" selected>' in page.text


def test_a_version_from_before_shows_what_is_no_longer_asked(service, clerk):
    made = clerk.post("/sites/new", PLACE | PROFILE, page="/sites/new")
    site = made.headers["location"].partition("?")[0]

    async def older(database):
        async with database.transaction() as db:
            last = await sites.newest(db, site.rpartition("/")[2])
            details = {"dial_address": {"value": "room 9 at the bridge", "confidential": True}}
            db.add(SiteProfile(**last.model_dump(exclude={"id", "details", "version"}), details=details, version=2))

    service.run(older)
    words = clerk.words(clerk.get(site))
    assert "Address to dial" in words and "room 9 at the bridge" in words


def on_the_table(client, place: str, **number: str) -> dict[str, str]:
    """A new agreement of the first sites there are, proposed by this State."""
    number["number"] = re.search(r'name="number" value="(\d+)"', client.get(place).text)[1]
    assert client.post(f"{place}/void", number | {"why": "begin anew"}, page=place).status_code == 303
    chosen = {f"{side}_site": site_options(client, place, side)[0] for side in ("requesting", "requested")}
    client.post(f"{place}/draft", chosen, page=place)
    number["number"] = re.search(r'name="number" value="(\d+)"', client.get(place).text)[1]
    assert client.post(f"{place}/propose", number, page=place).status_code == 303
    return number


def test_the_choice_in_a_row_changes_the_needs_of_that_row_and_no_others(service, clerk, authority):
    place = f"/h/{service.ref}/technical"
    number = on_the_table(clerk, place)

    async def needs(database):
        async with database.reading() as db:
            return (await agreements.running(db, (await queries.hearing(db, service.ref, state="RO")).id)).needs

    before = service.run(needs)
    row = number | {"item": "size", "most_height": "540", "least_height": "360"}
    page = authority.get(place).text
    for item, names in technical.ROW_NEEDS.items():
        if f'name="item" value="{item}"' in page:
            form = page.partition(f'name="item" value="{item}"')[2].partition("</form>")[0]
            assert tuple(re.findall(r' name="(\w+)"', form)) == names
    answer = authority.post(f"{place}/counter", row | {"item": "format"}, page=place)
    assert (answer.status_code, service.run(needs)) == (422, before)
    answer = authority.post(f"{place}/counter", row | {"most_height": "541"}, page=place)
    assert (answer.status_code, service.run(needs)) == (422, before)
    assert authority.post(f"{place}/counter", row, page=place).status_code == 303
    assert service.run(needs) == before | {"most_height": 540}


def test_what_cannot_be_done_now_keeps_its_button_and_says_why_and_who_can(service, clerk, authority):
    place = f"/h/{service.ref}/technical"
    number = on_the_table(clerk, place)
    refused = {
        button: re.search(rf'aria-describedby="refused-{button}"', clerk.get(place).text)
        for button in ("counter", "sign")
    }
    assert refused["counter"] and not refused["sign"]
    assert "The offer on the table is your State's. It can be answered by Thailand." in clerk.words(clerk.get(place))
    assert clerk.post(f"{place}/sign", number | {"jws": signed(service, "RO")}, page=f"{place}/sign").status_code == 303
    assert "Your State has signed. Not signed yet by Thailand." in clerk.words(clerk.get(place))
    judge = service.signed_in("judge")
    assert "Only clerks and authorities can negotiate." in judge.words(judge.get(place))
    assert f'href="{place}/sign"' in authority.get(place).text


def test_conflicts_stand_before_compromises_and_these_before_what_is_agreed(service, clerk):
    place = f"/h/{service.ref}/technical"
    number = re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]
    clerk.post(f"{place}/void", {"number": number, "why": "begin anew"}, page=place)
    chosen = {f"{side}_site": site_options(clerk, place, side)[0] for side in ("requesting", "requested")}
    clerk.post(f"{place}/draft", chosen, page=place)
    number = {"number": re.search(r'name="number" value="(\d+)"', clerk.get(place).text)[1]}
    answer = clerk.post(f"{place}/change", number | {"item": "encryption", "end_to_end": "yes"}, page=place)
    assert answer.status_code == 303
    page = clerk.get(place).text
    order = [page.index(mark) for mark in ('<tr class="conflict"', '<tr class="compromise"', "lines agreed</span>")]
    assert order == sorted(order)
    assert "The conflicts have to be solved first." in clerk.words(clerk.get(place))
    assert 'class="choice" open' in page


def test_the_print_view_has_everything_unfolded_but_the_forms(service, clerk):
    page = clerk.get(f"/h/{service.ref}/technical?print=yes").text
    folds = re.findall(r'<details class="fold"([^>]*)><summary><span>([^<]*)', page)
    assert {heading for attributes, heading in folds if "open" not in attributes} <= {
        "Withdraw from the agreement", "Change the draft", "Propose other terms",
    }  # fmt: skip
    assert len(folds) > 4


def test_terms_by_a_relay_that_is_not_set_up_are_warned_of_before_they_are_signed(service, clerk):
    place, words = f"/h/{service.ref}/technical", "reaches the room only by a relay that is not set up here"
    assert words not in clerk.get(place).text

    async def by_relay(database):
        async with database.transaction() as db:
            hearing = await queries.hearing(db, service.ref, state="RO")
            found = await agreements.running(db, hearing.id)
            before = await queries.get(db, SiteProfile, found.requested_profile_id)
            abilities = {**before.abilities, "transports": ["turn_tls", "turn_tcp"]}
            after = SiteProfile(
                owner_state=before.owner_state, site_id=before.site_id, version=before.version + 1, abilities=abilities,
                created_by="system", created_label="system", created_at=datetime.now(UTC),
            )  # fmt: skip
            db.add(after)
            await db.flush()
            found.requested_profile_id = after.id
            db.add(found)

    service.run(by_relay)
    told = clerk.words(clerk.get(place))
    assert words in told and "TCP by a TURN relay, TLS by a TURN relay" in told
