"""Captions through the API: fed by a system of either State, listed in pages, and refused with a reason."""

import pytest

from hearings import queries
from tests.web.sitting.test_acts_api import code, hearing, sitting

__all__ = ["hearing", "sitting"]


@pytest.fixture
def path(hearing, sitting):
    return f"/hearings/{hearing[0]}/captions"


async def test_both_states_feed_captions_and_read_them_in_pages(installation, ro, th, hearing, path):
    ref, ids = hearing
    line = {"language": "ro", "text": "Am văzut mașina.", "source": "machine", "participant": ids["witness"]}
    made = await ro.post(path, line | {"seconds_ago": 2})
    fed = made.json()
    assert (made.status_code, fed["hearing"], fed["line"], fed["text"]) == (201, ref, 1, "Am văzut mașina.")
    assert (fed["source"], fed["closed"], fed["corrects"], fed["corrected_by"]) == ("machine", False, None, None)
    assert 57_000 <= fed["timecode_ms"] <= 90_000 and fed["spoken_at"] < fed["at"]
    thai = (await th.post(path, {"language": "th", "text": "ฉันเห็นรถ", "source": "stenographer"})).json()
    newer = (await ro.post(path, line | {"text": "Am văzut o mașină.", "corrects": fed["number"]})).json()
    assert (newer["line"], newer["corrects"], newer["spoken_at"]) == (2, fed["number"], fed["spoken_at"])
    first = (await th.get(f"{path}?limit=2")).json()
    rest = (await th.get(f"{path}?limit=2&after={first['next']}")).json()
    assert [one["number"] for one in first["items"] + rest["items"]] == [fed["number"], thai["number"], newer["number"]]
    everything = (await ro.get(path)).json()["items"]
    assert [one["corrected_by"] for one in everything] == [newer["number"], None, None]
    assert [one["text"] for one in (await ro.get(f"{path}?language=th")).json()["items"]] == ["ฉันเห็นรถ"]
    async with installation.database.reading() as db:
        row = await queries.hearing(db, ref, state="RO")
        log = [event for event in await queries.events(db, row.id) if event.kind == "caption"]
    assert [event.actor_role for event in log] == ["clerk", "requested_authority", "clerk"]


async def test_too_many_at_once_are_refused_with_the_time_to_wait(ro, path):
    line = {"language": "ro", "text": "Un cuvânt.", "source": "machine"}
    answers = [await ro.post(path, line) for _ in range(11)]
    assert [one.status_code for one in answers] == [201] * 10 + [429]
    assert code(answers[-1]) == (429, "too_fast")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10


async def test_what_is_wrong_is_refused(ro, path):
    line = {"language": "ro", "text": "Un cuvânt.", "source": "machine"}
    for wrong, expected in (
        ({"text": "a\u0000b"}, (422, "invalid")),
        ({"text": "a" * 301}, (422, "invalid_input")),
        ({"language": "zz"}, (422, "unknown_language")),
        ({"source": "oracle"}, (422, "invalid_input")),
        ({"seconds_ago": 31}, (422, "invalid_input")),
        ({"participant": "nobody"}, (422, "invalid")),
        ({"corrects": 1}, (422, "invalid")),
    ):
        assert code(await ro.post(path, line | wrong)) == expected, wrong
    assert (await ro.get(path)).json() == {"items": [], "next": ""}


async def test_without_a_sitting_in_session_nothing_is_fed(ro, hearing):
    answer = await ro.post(f"/hearings/{hearing[0]}/captions", {"language": "ro", "text": "A", "source": "machine"})
    assert (*code(answer), answer.json()["detail"]) == (
        409, "not_ready", "Captions can be fed while a sitting is in session",
    )  # fmt: skip


async def test_feeding_has_a_scope_of_its_own(installation, path):
    feeder = await installation.client("RO", scopes=("captions:write",))
    line = {"language": "ro", "text": "Un cuvânt.", "source": "machine"}
    assert (await feeder.post(path, line)).status_code == 201
    assert len((await feeder.get(path)).json()["items"]) == 1
    assert code(await feeder.get(path.replace("captions", "acts"))) == (403, "scope_missing")
    reader = await installation.client("RO", scopes=("minutes:read",))
    assert (await reader.get(path)).status_code == 200
    assert code(await reader.post(path, line)) == (403, "scope_missing")
