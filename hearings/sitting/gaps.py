"""Whose a gap of a recording is, what is missing in it, and when that was by the clock. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from hearings.models import HearingEvent, Participant, Recording
from hearings.roles import channel_track


def belonging(track: str, people: Iterable[Participant], languages: Iterable[str]) -> dict[str, str]:
    """What the log says of whose a track is: `participant`, or `lang` of a language channel. Nothing if nobody's."""
    for one in people:
        if track in (one.mic_track, one.cam_track):
            return {"participant": one.id}
    return next(({"lang": lang} for lang in languages if track == channel_track(lang)), {})


def is_picture(data: Mapping[str, Any]) -> bool:
    """Whether the track of a gap in the log is a camera's; else it is sound."""
    return str(data.get("track", "")).endswith("_cam")


def span(data: Mapping[str, Any], zero: datetime | None) -> tuple[datetime, datetime] | None:
    """From when to when a gap in the log was, where the time code begins at `zero`; None when that is not known."""
    begin, end = data.get("from_ms"), data.get("until_ms")
    if zero is None or not isinstance(begin, int) or not isinstance(end, int):
        return None
    return zero + timedelta(milliseconds=begin), zero + timedelta(milliseconds=end)


def zero_of(event: HearingEvent, recordings: Iterable[Recording]) -> datetime | None:
    """Where the time code begins of the recording that ran when an event was put into the log."""
    return max((one.opened_at for one in recordings if one.opened_at and one.opened_at <= event.at), default=None)
