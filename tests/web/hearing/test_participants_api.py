"""People of a hearing through the API: named, corrected, and refused where they cannot be."""

import pytest

from hearings.models import Person

WITNESS = {"role": "witness", "display_name": "Somchai Wongsa", "state": "TH", "city": "Bangkok", "speaks": "th"}
JUDGE = {"role": "presiding_judge", "display_name": "Ioana Popa", "state": "RO", "speaks": "ro"}


def code(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
async def place(ro, th, story):
    request = await story.accepted(ro, th)
    made = (await ro.post("/hearings", {"request": request["id"], **story.hearing})).json()
    return f"/hearings/{made['ref']}/participants"


async def test_somebody_is_named_read_by_both_and_corrected(ro, th, place):
    made = await ro.post(place, WITNESS)
    person = made.json()
    assert (made.status_code, person["hears"], person["needs_identity"], person["presence"]) == (
        201,
        "th",
        True,
        "invited",
    ), made.text
    path = f"{place}/{person['id']}"
    assert made.headers["location"] == f"http://localhost:8000/api/v1{path}"
    assert (await th.get(place)).json()["items"] == [person]
    read = await th.get(path)
    assert (read.json(), read.headers["etag"]) == (person, made.headers["etag"])
    assert code(await ro.call("PATCH", path, json={"city": "Chiang Mai"})) == (428, "precondition_required")
    tag = {"if-match": read.headers["etag"]}
    done = await th.call("PATCH", path, json={"city": "Chiang Mai"}, headers=tag)
    assert (done.status_code, done.json()) == (200, person | {"city": "Chiang Mai"}), done.text
    assert code(await ro.call("PATCH", path, json={"city": "Phuket"}, headers=tag)) == (412, "precondition_failed")


async def test_a_member_of_staff_plays_a_part_of_their_own_once(installation, ro, place):
    async with installation.database.transaction() as db:
        for name, functions in (("judge", ["judge"]), ("clerk", ["clerk"])):
            db.add(Person(owner_state="RO", name=name, email=f"{name}@ro.example", functions=functions))
    for staff, field in (("nobody@ro.example", "staff"), ("clerk@ro.example", "role")):
        answer = await ro.post(place, JUDGE | {"staff": staff})
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    answer = await ro.post(place, JUDGE | {"staff": "judge@ro.example"})
    assert (answer.status_code, answer.json()["staff"]) == (201, True)
    again = await ro.post(place, JUDGE)
    assert (again.status_code, again.json()["field"]) == (422, "role")
    assert len((await ro.get(place)).json()["items"]) == 1


async def test_the_requesting_state_names_a_custodian_among_its_staff_but_no_administrator(installation, ro, th, place):
    async with installation.database.transaction() as db:
        for name, state, function in (
            ("clerk", "RO", "clerk"),
            ("admin", "RO", "administrator"),
            ("ca", "TH", "clerk"),
        ):
            email = f"{name}@{state.lower()}.example"
            db.add(Person(owner_state=state, name=name, email=email, functions=[function]))
    custodian = JUDGE | {"role": "custodian", "display_name": "Mihai Dinu"}
    for client, changes, field in (
        (ro, {}, "person"),
        (ro, {"staff": "admin@ro.example"}, "role"),
        (th, {"state": "TH", "speaks": "th", "staff": "ca@th.example"}, "role"),
    ):
        answer = await client.post(place, custodian | changes)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    made = (await ro.post(place, custodian | {"staff": "clerk@ro.example"})).json()
    assert (made["role"], made["staff"], made["essential"], made["needs_identity"]) == ("custodian", True, False, False)
    assert (await th.get(place)).json()["items"] == [made]
    off = await ro.post(f"{place}/{made['id']}/removal", {"reason": "Somebody else keeps it."})
    assert (off.status_code, off.json()["vacated_at"] is not None) == (200, True), off.text


async def test_what_cannot_be_is_refused_with_its_field(ro, place):
    for changes, field in (
        ({"state": "FR"}, "state"),
        ({"speaks": "xx-klingon"}, "language"),
        ({"city": "\u202e"}, "city"),
    ):
        answer = await ro.post(place, WITNESS | changes)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    ref = place.removesuffix("/participants")
    classes = ["presiding_judge", "requested_authority", "witness"]
    change = {"participant_classes": classes, "reason": "Nobody else is needed."}
    assert (await ro.post(f"{ref}/terms/change", change)).status_code == 200
    assert code(await ro.post(place, WITNESS | {"role": "defence"})) == (409, "not_ready")
    for role in ("auditor", "expert"):  # no seat; not what the request asks for
        assert (await ro.post(place, WITNESS | {"role": role})).json()["field"] == "role"


async def test_each_state_names_its_own_people_and_others_find_nothing(installation, ro, th, place):
    authority = WITNESS | {"role": "requested_authority"}
    assert code(await ro.post(place, authority)) == (403, "not_allowed")
    assert (await th.post(place, authority)).status_code == 201
    counsel = WITNESS | {"role": "defence", "state": "RO"}
    assert code(await th.post(place, counsel)) == (403, "not_allowed")
    person = (await ro.post(place, WITNESS)).json()
    stranger, reader = await installation.client("FR"), await installation.client("RO", scopes=("hearings:read",))
    for path in (place, f"{place}/{person['id']}"):
        assert code(await stranger.get(path)) == (404, "not_found")
    assert code(await stranger.post(place, WITNESS)) == (404, "not_found")
    assert code(await ro.get(f"{place}/none")) == (404, "not_found")
    assert code(await reader.post(place, WITNESS)) == (403, "scope_missing")
    elsewhere = place.replace(place.split("/")[2], "2222-2222")
    assert code(await ro.get(f"{elsewhere}/{person['id']}")) == (404, "not_found")


async def test_somebody_is_replaced_or_taken_off_and_the_entry_stays(installation, ro, th, place):
    interpreter = WITNESS | {"role": "interpreter", "display_name": "Malee Suksan"}
    first = (await th.post(place, interpreter)).json()
    path = f"{place}/{first['id']}"
    refused = await ro.post(f"{path}/successor", {"display_name": "B", "reason": ""})
    assert refused.status_code == 422
    assert "reason" in refused.text
    answer = await th.post(f"{path}/successor", {"display_name": "Anan Kaew", "reason": "Ill"})
    second = answer.json()
    assert (answer.status_code, second["replaces"], second["number"], second["speaks"]) == (201, first["id"], 2, "th")
    gone = (await ro.get(path)).json()
    assert (gone["presence"], gone["essential"], gone["vacated_at"] is not None) == ("released", False, True)
    assert code(await th.post(f"{path}/successor", {"display_name": "C", "reason": "Ill too"})) == (409, "not_ready")
    answer = await th.post(f"{place}/{second['id']}/removal", {"reason": "Not needed"})
    assert (answer.status_code, answer.json()["presence"]) == (200, "removed"), answer.text
    witness = (await ro.post(place, WITNESS)).json()
    refused = await th.post(f"{place}/{witness['id']}/successor", {"display_name": "D", "reason": "Another"})
    assert (refused.status_code, refused.json()["field"]) == (422, "participant")


async def test_somebody_sits_at_the_device_of_another_of_the_same_state(ro, th, place):
    witness = (await ro.post(place, WITNESS)).json()
    counsel = WITNESS | {"role": "defence", "device_of": witness["id"]}
    made = (await th.post(place, counsel)).json()
    assert made["device_of"] == witness["id"]
    assert code(await th.post(f"{place}/{made['id']}/invitation")) == (422, "invalid")
    for changes in ({"device_of": "nobody"}, {"device_of": made["id"]}):
        answer = await th.post(place, counsel | changes)
        assert (answer.status_code, answer.json()["field"]) == (422, "device_of"), answer.text
    answer = await ro.post(place, counsel | {"state": "RO"})
    assert (answer.status_code, answer.json()["field"]) == (422, "device_of"), answer.text
