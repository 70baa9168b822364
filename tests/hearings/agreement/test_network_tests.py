"""Network tests: what a report may hold, what follows from it, and what is kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import func, select

from hearings import queries
from hearings.agreement import network_tests
from hearings.agreement.network_tests import KEPT, WAYS, Assessment, assess, latest_by_person, need, read
from hearings.errors import Invalid
from hearings.models import Hearing, NetworkTest
from hearings.roles import Role
from tests.support.court import Court

OPEN: dict[str, Any] = {
    "state": "open", "sound": True, "rtt_ms": 80, "loss_up_percent": 0, "loss_down_percent": 0.5, "up_kbps": 2000,
    "height": 720, "fps": 25,
}  # fmt: skip
CLOSED, ABSENT = {"state": "closed"}, {"state": "absent"}
SESSION = {"video_kbps": 1_500, "audio_kbps": 48, "height": 720}
NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def told(**ways: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(WAYS, CLOSED) | ways


@pytest.mark.parametrize(
    ("ways", "verdict", "way", "short"),
    [
        ({"direct": OPEN}, "good", "direct", ()),
        ({"tls": OPEN}, "good", "tls", ()),
        ({"udp": OPEN, "tls": OPEN | {"sound": False}}, "good", "udp", ()),
        ({"direct": OPEN | {"loss_up_percent": 4}, "udp": OPEN}, "weak", "direct", ("loss_up_percent",)),
        ({"tcp": OPEN | {"sound": False, "rtt_ms": 151}}, "weak", "tcp", ("sound", "rtt_ms")),
        ({"direct": OPEN | {"up_kbps": 1_547}}, "weak", "direct", ("up_kbps",)),
        ({"direct": OPEN | {"loss_down_percent": 1.1}}, "weak", "direct", ("loss_down_percent",)),
        ({}, "closed", "", ()),
        ({"udp": ABSENT, "tcp": ABSENT, "tls": ABSENT}, "closed", "", ()),
    ],
)
def test_the_first_way_that_is_open_is_judged_by_what_the_agreement_needs(
    ways: dict[str, Any], verdict: Any, way: str, short: tuple[str, ...]
) -> None:
    assert assess(read(told(**ways)), need(SESSION)) == Assessment(verdict, way, short)


DEVICES = {"camera": True, "microphone": False, "speaker": True}


def test_what_a_person_checked_of_their_devices_is_kept_beside_the_ways_and_changes_no_verdict() -> None:
    found = read(told(direct=OPEN) | {"devices": DEVICES})
    assert found["devices"] == DEVICES
    assert assess(found, need(SESSION)) == assess(read(told(direct=OPEN)), need(SESSION))


@pytest.mark.parametrize("devices", [None, [], {}, {"camera": True}, DEVICES | {"camera": 1}, DEVICES | {"nose": True}])
def test_devices_of_which_it_is_not_told_whether_each_works_are_refused(devices: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read(told() | {"devices": devices})
    assert refused.value.field == "devices"


def test_without_an_agreement_less_is_needed() -> None:
    assert (need({}).up_kbps, need(SESSION).up_kbps) == (700, 1_548)
    assert assess(read(told(direct=OPEN | {"up_kbps": 800})), need({})).verdict == "good"


@pytest.mark.parametrize(
    ("report", "field"),
    [
        ({}, "ways"),
        (told() | {"carrier_pigeon": CLOSED}, "ways"),
        (told(direct={"state": "ajar"}), "direct"),
        (told(direct=[]), "direct"),
        (told(udp={"state": "open"}), "udp"),
        (told(udp=OPEN | {"address": "192.0.2.7"}), "udp"),
        (told(tcp=OPEN | {"sound": "yes"}), "sound"),
        (told(tcp=OPEN | {"loss_up_percent": 101}), "loss_up_percent"),
        (told(tls=OPEN | {"rtt_ms": float("nan")}), "rtt_ms"),
        (told(tls=OPEN | {"height": True}), "height"),
    ],
)
def test_a_report_that_is_none_is_refused_naming_the_field(report: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(report)
    assert refused.value.field == field


@pytest.mark.parametrize("stage", ["ready"])
async def test_the_newest_tests_of_each_person_are_kept_for_their_state(court: Court) -> None:
    async def report(role: Role, minute: int, **ways: dict[str, Any]) -> None:
        async with court.database.transaction() as db:
            seat, hearing = await court.seat(db, role), await queries.get(db, Hearing, court.hearing.id)
            await network_tests.report(
                db,
                hearing=hearing,
                participant=seat,
                session=SESSION,
                measured=told(**ways),
                actor=await court.actor(db, role),
                now=NOW + timedelta(minutes=minute),
            )

    await report(Role.clerk, 0, direct=OPEN)
    for minute in range(KEPT + 3):
        await report(Role.witness, minute, tls=OPEN)
    async with court.database.reading() as db:
        assert (await db.exec(select(func.count()).select_from(NetworkTest))).one() == KEPT + 1
        rows = await network_tests.tests(db, court.hearing)
        newest = latest_by_person(rows)
        assert [(row.owner_state, row.verdict) for row in newest] == [("TH", "good"), ("RO", "good")]
        assert newest[0].at == NOW + timedelta(minutes=KEPT + 2)
        own = await network_tests.tests(db, court.hearing, actor_id=court.ids[Role.witness])
        assert len(own) == KEPT
