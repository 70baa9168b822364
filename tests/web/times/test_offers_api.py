"""Times on the table through the API: offered, read, taken back, accepted by signature; terms, days, other times."""

from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.hearing import days as hearing_days
from hearings.moves import move
from hearings.status import HearingStatus

pytestmark = pytest.mark.beside


@pytest.fixture
async def request_(ro, th, story):
    return await story.accepted(ro, th)


@pytest.fixture
def proposal(request_, story):
    """Three times on three days."""
    others = [
        {"wall_start": f"2027-11-{day}T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 120}
        for day in (30, 29)
    ]
    return {"request": request_["id"], **story.hearing, "wall_start": "2027-12-02T09:00", "alternatives": others}


@pytest.fixture
async def place(ro, proposal):
    answer = await ro.post("/hearings", proposal)
    assert answer.status_code == 201, answer.text
    return f"/hearings/{answer.json()['ref']}"


async def items(client, path):
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def code(answer):
    return answer.status_code, answer.json()["code"]


async def sign_both(ro, th, place, offer) -> None:
    """The State that offers the time signs it before the other accepts it: then it is agreed at once."""
    own = await ro.signed(f"{place}/offers/{offer['id']}/sign", "agree_hearing")
    assert (own.status_code, own.json()["signed"]) == (200, True), own.text
    answer = await th.signed(f"{place}/offers/{offer['id']}/accept", "agree_hearing")
    assert (answer.json()["status"], answer.json()["signed_by"]) == ("agreed", ["RO", "TH"]), answer.text


async def test_one_of_three_times_is_accepted_and_the_others_fall(ro, th, place):
    offers = await items(ro, f"{place}/offers")
    assert [(offer["number"], offer["status"], offer["read_at"]) for offer in offers] == [
        (number, "offered", None) for number in (1, 2, 3)
    ]
    assert code(await th.signed(f"{place}/agree", "agree_hearing")) == (409, "not_ready")  # which of the three?
    taken = await ro.post(f"{place}/offers/{offers[0]['id']}/take-back")
    assert (taken.status_code, taken.json()["starts_at"]) == (200, offers[1]["starts_at"])
    assert code(await th.signed(f"{place}/offers/{offers[0]['id']}/accept", "agree_hearing")) == (409, "not_ready")
    read = await items(th, f"{place}/offers")
    assert [one["read_at"] is not None for one in read] == [False, True, True]
    assert code(await ro.post(f"{place}/offers/{offers[1]['id']}/take-back")) == (409, "not_ready")
    own = await ro.signed(f"{place}/offers/{offers[1]['id']}/accept", "agree_hearing")
    assert code(own) == (403, "not_allowed")
    answer = await th.signed(f"{place}/offers/{offers[2]['id']}/accept", "agree_hearing")
    assert (answer.status_code, answer.json()["status"], answer.json()["starts_at"]) == (
        200,
        "proposed",
        offers[2]["starts_at"],
    ), answer.text
    assert answer.json()["signed_by"] == ["TH"], "the State that has offered it signs it too"
    assert code(await ro.post(f"{place}/ready")) == (409, "not_ready")
    assert code(await th.signed(f"{place}/agree", "agree_hearing")) == (409, "not_ready")
    both = await ro.signed(f"{place}/agree", "agree_hearing")
    assert (both.json()["status"], both.json()["signed_by"]) == ("agreed", ["RO", "TH"]), both.text
    assert [item["status"] for item in await items(th, f"{place}/offers")] == ["taken_back", "passed_over", "accepted"]
    assert [item["starts_at"] for item in await items(th, f"{place}/days")] == [offers[2]["starts_at"]]


async def test_reading_ones_own_offers_does_not_count_as_reading(ro, place):
    await items(ro, f"{place}/offers")
    assert {item["read_at"] for item in await items(ro, f"{place}/offers")} == {None}


async def test_a_signature_over_older_terms_is_refused_and_accepts_nothing(ro, th, place):
    (offer, *_others) = await items(th, f"{place}/offers")
    accept = f"{place}/offers/{offer['id']}/accept"
    statement = (await th.get(f"{place}/offers/{offer['id']}/statement")).json()
    change = {"recording_policy": "sound_only", "reason": "The law there allows sound only."}
    assert (await ro.post(f"{place}/terms/change", change)).status_code == 200
    assert code(await th.post(accept, th.sign(statement))) == (409, "terms_changed")
    assert (await th.get(place)).json()["status"] == "proposed"
    # A statement over another hash than that of its own terms does not do either.
    fresh = (await th.get(f"{place}/offers/{offer['id']}/statement")).json()
    older = fresh | {"body": fresh["body"] | {"terms_sha256": statement["body"]["terms_sha256"]}}
    assert code(await th.post(accept, th.sign(older))) == (409, "terms_changed")
    answer = await th.signed(accept, "agree_hearing")
    assert (answer.status_code, answer.json()["recording_policy"]) == (200, "sound_only")


async def test_the_state_that_offered_signs_the_same_terms_and_a_change_voids_both(ro, th, place):
    assert code(await ro.signed(f"{place}/terms/sign", "agree_hearing")) == (409, "not_ready")
    (offer, *_others) = await items(th, f"{place}/offers")
    await th.signed(f"{place}/offers/{offer['id']}/accept", "agree_hearing")
    terms = (await th.get(f"{place}/terms")).json()
    assert (terms["agreed_by"], terms["signed_by"]) == (["TH"], ["TH"])
    statement = (await ro.get(f"{place}/terms/statement")).json()
    answer = await ro.post(f"{place}/terms/sign", ro.sign(statement))
    assert (answer.status_code, answer.json()["signed_by"]) == (200, ["RO", "TH"])
    change = {"recording_policy": "sound_only", "reason": "The law there allows sound only."}
    assert (await ro.post(f"{place}/terms/change", change)).json()["status"] == "proposed"
    again = (await th.get(f"{place}/terms")).json()
    assert (again["agreed_by"], again["signed_by"]) == ([], [])
    assert again["terms_sha256"] != terms["terms_sha256"]


async def test_a_change_of_the_terms_voids_the_signature_on_an_offer_too(ro, th, place):
    (offer, *_others) = await items(ro, f"{place}/offers")
    assert code(await th.signed(f"{place}/offers/{offer['id']}/sign", "agree_hearing")) == (403, "not_allowed")
    await ro.signed(f"{place}/offers/{offer['id']}/sign", "agree_hearing")
    assert [item["signed"] for item in await items(ro, f"{place}/offers")] == [True, False, False]
    change = {"recording_policy": "sound_only", "reason": "The law there allows sound only."}
    assert (await ro.post(f"{place}/terms/change", change)).status_code == 200
    assert [item["signed"] for item in await items(ro, f"{place}/offers")] == [False, False, False]
    answer = await th.signed(f"{place}/offers/{offer['id']}/accept", "agree_hearing")
    assert (answer.json()["status"], answer.json()["signed_by"]) == ("proposed", ["TH"])
    # What waits asks the State that has not signed, and no other.
    for client, waits in ((ro, True), (th, False)):
        steps = [item["step"] for item in await items(client, "/worklist")]
        assert ("sign_time" in steps) is waits and "decide_time" not in steps
    # Before it has signed, it may ask for another recording or another time instead: then nobody has.
    again = {"recording_policy": "not_recorded", "reason": "Neither law allows it."}
    assert (await ro.post(f"{place}/terms/change", again)).json()["signed_by"] == []
    (fresh,) = [item for item in await items(th, f"{place}/offers") if item["status"] == "offered"]
    await th.signed(f"{place}/offers/{fresh['id']}/accept", "agree_hearing")
    later = {"wall_start": "2027-12-09T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 60}
    other = await ro.post(f"{place}/counter", later | {"reason": "The court room is taken."})
    assert (other.json()["status"], other.json()["signed_by"]) == ("proposed", []), other.text
    await th.signed(f"{place}/agree", "agree_hearing")
    both = await ro.signed(f"{place}/terms/sign", "agree_hearing")
    assert (await ro.get(place)).json()["status"] == "agreed", both.text


async def test_an_agreed_hearing_is_postponed_with_a_reason_and_agreed_anew(ro, th, place, story):
    later = {"wall_start": "2027-12-09T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 60}
    assert code(await ro.post(f"{place}/postpone", {**later, "reason": "The judge is ill."})) == (409, "not_ready")
    assert code(await ro.post(f"{place}/adjourn", {**later, "reason": "The judge is ill."})) == (409, "not_ready")
    assert code(await ro.post(f"{place}/next-day")) == (409, "not_ready")  # nobody agrees for the other State
    (offer, *_others) = await items(th, f"{place}/offers")
    await sign_both(ro, th, place, offer)
    assert (await ro.post(f"{place}/postpone", later)).status_code == 422  # without a reason
    answer = await ro.post(f"{place}/postpone", {**later, "reason": "The judge is ill."})
    assert (answer.status_code, answer.json()["status"]) == (200, "proposed"), answer.text
    history = await items(th, f"{place}/history")
    assert history[-1]["reason"] == "The judge is ill."
    answer = await th.signed(f"{place}/agree", "agree_hearing")
    assert (answer.status_code, answer.json()["starts_at"]) == (200, "2027-12-09T07:00:00Z")


async def test_a_hearing_over_several_days_is_offered_one_time(ro, request_, story):
    day = {"wall_start": "2027-11-30T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 120}
    body = {"request": request_["id"], **story.hearing, "more_days": [day]}
    refused = await ro.post("/hearings", body | {"alternatives": [day | {"wall_start": "2027-12-07T09:00"}]})
    assert (refused.status_code, refused.json()["field"]) == (422, "slots")
    made = (await ro.post("/hearings", body)).json()
    days = await items(ro, f"/hearings/{made['ref']}/days")
    assert [(one["number"], one["starts_at"]) for one in days] == [
        (1, "2027-11-29T07:00:00Z"),
        (2, "2027-11-30T07:00:00Z"),
    ]


async def part_heard(installation, ref) -> None:
    """The day that comes next is held, as the room does it: there is no way to do that by the API."""
    now = datetime.now(UTC)
    async with installation.database.transaction() as db:
        hearing = await queries.hearing(db, ref, state="RO")
        for status in (HearingStatus.ready, HearingStatus.in_progress, HearingStatus.part_heard):
            move(db, hearing, status, actor=SYSTEM, now=now)
        await hearing_days.heard(db, hearing=hearing, over=False, now=now)


async def test_a_part_heard_hearing_goes_on_on_the_next_day_agreed(installation, ro, th, request_, story):
    day = {"wall_start": "2027-11-30T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 120}
    made = (await ro.post("/hearings", {"request": request_["id"], **story.hearing, "more_days": [day]})).json()
    place = f"/hearings/{made['ref']}"
    for client in (th, ro):
        assert (await client.signed(f"{place}/agree", "agree_hearing")).status_code == 200
    await part_heard(installation, made["ref"])
    assert code(await th.post(f"{place}/next-day")) == (403, "not_allowed")
    answer = await ro.post(f"{place}/next-day")
    assert (answer.status_code, answer.json()["status"], answer.json()["starts_at"]) == (
        200,
        "agreed",
        "2027-11-30T07:00:00Z",
    ), answer.text
    assert (await th.get(place)).json() == (await ro.get(place)).json()
    assert [item["heard_at"] is not None for item in await items(th, f"{place}/days")] == [True, False]
    await part_heard(installation, made["ref"])
    assert code(await ro.post(f"{place}/next-day")) == (409, "not_ready")  # no day is left: it is adjourned


async def test_a_part_heard_hearing_is_adjourned_with_a_reason_and_agreed_anew(installation, ro, th, place):
    (offer, *_others) = await items(th, f"{place}/offers")
    await sign_both(ro, th, place, offer)
    await part_heard(installation, place.rpartition("/")[2])
    later = {"wall_start": "2027-12-09T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 60}
    assert (await ro.post(f"{place}/adjourn", later)).status_code == 422  # without a reason
    assert code(await ro.post(f"{place}/postpone", {**later, "reason": "The witness is tired."})) == (409, "not_ready")
    answer = await ro.post(f"{place}/adjourn", {**later, "reason": "The witness is tired."})
    assert (answer.status_code, answer.json()["status"]) == (200, "proposed"), answer.text
    assert (await items(th, f"{place}/history"))[-1]["reason"] == "The witness is tired."
    await th.signed(f"{place}/agree", "agree_hearing")
    answer = await ro.signed(f"{place}/agree", "agree_hearing")
    assert (answer.status_code, answer.json()["status"], answer.json()["starts_at"]) == (
        200,
        "agreed",
        "2027-12-09T07:00:00Z",
    )
    assert [item["heard_at"] is not None for item in await items(th, f"{place}/days")] == [True, False]


@pytest.mark.parametrize(
    "path", ["/offers", "/offers/{offer}/statement", "/terms", "/terms/statement", "/days", "/bookings"]
)
async def test_another_state_finds_what_nobody_has(installation, ro, place, path):
    stranger, blind = await installation.client("FR"), await installation.client("RO", scopes=("requests:read",))
    (offer, *_others) = await items(ro, f"{place}/offers")
    path = path.format(offer=offer["id"])
    answers = [await stranger.get(f"{where}{path}") for where in (place, "/hearings/2222-2222")]
    assert [code(answer) for answer in answers] == [(404, "not_found")] * 2
    assert {**answers[0].json(), "instance": ""} == {**answers[1].json(), "instance": ""}
    assert code(await blind.get(f"{place}{path}")) == (403, "scope_missing")


async def test_another_states_acts_find_nothing_and_an_offer_belongs_to_its_hearing(installation, ro, th, place):
    stranger = await installation.client("FR")
    (offer, *_others) = await items(ro, f"{place}/offers")
    time = {"wall_start": "2027-12-09T09:00", "wall_zone": "Europe/Bucharest", "reason": "None at all."}
    for act, body in (
        (f"offers/{offer['id']}/take-back", None),
        ("postpone", time),
        ("adjourn", time),
        ("next-day", None),
        ("terms/change", {"reason": "None at all."}),
        ("bookings", {"resources": [1]}),
    ):
        assert code(await stranger.post(f"{place}/{act}", body)) == (404, "not_found"), act
    assert code(await th.get(f"{place}/offers/{place}/statement".replace("//", "/"))) == (404, "no_such_route")
    assert code(await th.post(f"{place}/offers/none/take-back")) == (404, "not_found")
    assert {item["read_at"] for item in await items(ro, f"{place}/offers")} == {None}
