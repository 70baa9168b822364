"""Gaps of a recording: the participant or channel, sound or picture, and the span by the clock. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hearings.models import HearingEvent, Participant, Recording
from hearings.roles import channel_track


def belonging(track: str, people: Iterable[Participant], languages: Iterable[str]) -> dict[str, str]:
    """The members of the log that name the owner of a track: `participant`, or `lang` of a channel. Empty if none."""
    for person in people:
        if track in (person.mic_track, person.cam_track):
            return {"participant": person.id}
    return next(({"lang": lang} for lang in languages if track == channel_track(lang)), {})


def is_picture(data: Mapping[str, Any]) -> bool:
    """Whether the track of a gap is a camera; else it is sound."""
    return str(data.get("track", "")).endswith("_cam")


def span(data: Mapping[str, Any], zero: datetime | None) -> tuple[datetime, datetime] | None:
    """Begin and end of a gap, with the time code beginning at `zero`; None if that is unknown."""
    begin, end = data.get("from_ms"), data.get("until_ms")
    if zero is None or not isinstance(begin, int) or not isinstance(end, int):
        return None
    return zero + timedelta(milliseconds=begin), zero + timedelta(milliseconds=end)


def zero_of(event: HearingEvent, recordings: Iterable[Recording]) -> datetime | None:
    """The instant at which the time code begins, of the recording that ran at the time of an event."""
    return max(
        (recording.opened_at for recording in recordings if recording.opened_at and recording.opened_at <= event.at),
        default=None,
    )
