"""What those who conduct a hearing are told of gaps in its recording, and how often."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hearings.models import Hearing, Participant
from hearings.roles import Role
from web.live import notices
from web.live.notices import GapNotices
from web.words.i18n import speaking

ZERO = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
HEARING = Hearing(
    requesting_state="RO", requesting_city="Bucharest", requesting_zone="Europe/Bucharest",
    requested_state="TH", requested_city="Bangkok", requested_zone="Asia/Bangkok",
)  # fmt: skip


def person(role: Role, state: str) -> Participant:
    return Participant(
        id=role.value, owner_state="RO", hearing_id="-", role=role, display_name="W-7", state=state, speaks="th",
        presence_since=ZERO,
    )  # fmt: skip


JUDGE, AUTHORITY = person(Role.presiding_judge, "RO"), person(Role.requested_authority, "TH")
WITNESS, CLERK = person(Role.witness, "TH"), person(Role.clerk, "RO")


class Told:
    """What a viewer reads, and the work beside."""

    def __init__(self, viewer: Participant) -> None:
        self.viewer = viewer
        self.texts: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.notices = GapNotices(self.say, self.spawn)

    def say(self, words: Callable[[Participant], str]) -> None:
        with speaking("en"):
            self.texts.append(words(self.viewer).replace("\u2066", "").replace("\u2069", ""))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    def gap(self, track: str, who: Participant | None, cause: str = "network", **data: str) -> None:
        found = {"track": track, "from_ms": 5_000, "until_ms": 7_900, "cause": cause, **data}
        self.notices.tell(found, HEARING, who, ZERO)


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(notices, "PACE_SECONDS", 0.05)
    yield


@pytest.mark.parametrize(
    ("viewer", "times"),
    [
        (AUTHORITY, "14:00:05–14:00:07 (09:00:05 in Bucharest)"),
        (JUDGE, "09:00:05–09:00:07 (14:00:05 in Bangkok)"),
    ],
)
async def test_a_gap_is_told_in_plain_words_by_the_own_clock_first(viewer: Participant, times: str) -> None:
    told = Told(viewer)
    told.gap("witness_1_mic", WITNESS)
    told.gap("clerk_1_cam", CLERK, "late")
    told.gap("channel_ro", None, "recorder", lang="ro")
    told.gap("other_1_mic", None, "moon")
    for task in told.tasks:
        task.cancel()
    assert told.texts == [
        f"Not in the recording: Witness (Thailand), sound, {times}: the line was lost.",
        f"Not in the recording: Clerk (Romania), picture, {times}: it arrived too late to be kept.",
        f"Not in the recording: Interpretation into Romanian, {times}: the recorder had failed.",
        f"Not in the recording: other_1_mic, sound, {times}: moon.",
    ]


@pytest.mark.usefixtures("pace")
async def test_more_gaps_of_one_person_are_summed_up() -> None:
    told = Told(JUDGE)
    for _ in range(4):
        told.gap("witness_1_mic", WITNESS)
    assert len(told.texts) == 1
    (task,) = told.tasks
    async with asyncio.timeout(5):
        await task
    assert told.texts[1:] == [
        "Not in the recording: Witness (Thailand): 3 more gaps, see the log of the hearing.",
    ]
    told.gap("witness_1_cam", WITNESS)
    assert told.texts[-1].startswith("Not in the recording: Witness (Thailand), picture, ")
    told.gap("witness_1_cam", WITNESS)
    async with asyncio.timeout(5):
        await told.tasks[-1]
    assert told.texts[-1] == "Not in the recording: Witness (Thailand): 1 more gap, see the log of the hearing."
