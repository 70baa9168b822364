"""The languages of a hearing: booked and assigned by page and API, and refused where that cannot be."""

import pytest

WITNESS = {"role": "witness", "display_name": "Somchai", "state": "TH", "city": "Bangkok", "speaks": "tsq"}
INTERPRETER = {"role": "interpreter", "display_name": "Ana", "state": "RO", "speaks": "ro"}


@pytest.fixture
async def hearing(ro, th, story):
    request = await story.accepted(ro, th)
    return f"/hearings/{(await ro.post('/hearings', {'request': request['id'], **story.hearing})).json()['ref']}"


async def test_a_signed_language_is_booked_and_an_interpreter_assigned_to_it(ro, th, hearing):
    booked = await ro.post(f"{hearing}/languages/book", {"language": "tsq"})
    assert booked.status_code == 200, booked.text
    assert booked.json() == (await th.get(f"{hearing}/languages")).json()
    assert [(row["language"], row["signed"], row["booked"]) for row in booked.json()["items"]] == [
        ("ro", False, False), ("th", False, False), ("tsq", True, True),
    ]  # fmt: skip
    assert (await ro.post(f"{hearing}/participants", WITNESS)).json()["hears"] == "tsq"
    person = (await ro.post(f"{hearing}/participants", INTERPRETER)).json()["id"]
    path = f"{hearing}/participants/{person}/languages"
    done = await ro.post(path, {"languages": ["ro", "tsq"]})
    assert (done.status_code, done.json()["languages"], done.json()["into"]) == (200, ["ro", "tsq"], [])
    for body, field in (
        ({"languages": ["ro", "de"]}, "languages"),
        ({"languages": ["ro", "tsq"], "into": ["th"]}, "into"),
        ({"languages": ["ro", "xx-klingon"]}, "language"),
    ):
        answer = await ro.post(path, body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    refused = await ro.post(f"{hearing}/languages/cancel", {"language": "tsq"})
    assert (refused.status_code, refused.json()["field"]) == (422, "lang")
    assert (await th.post(f"{hearing}/languages/book", {"language": "de"})).status_code == 403
