"""The profile of a site: its form, parsed and checked. Pure; `hearings.agreement.sites` has the versions.

A profile has two parts: *abilities*, here, which are negotiated and visible to the other State of a negotiation; and
*details* for people (`hearings.agreement.site_details`), each public or confidential. A confidential detail goes to the
other State once both have signed an agreement. Older versions may lack fields: they are read with the default.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from hearings import reference
from hearings.errors import Invalid
from hearings.models.hearing import RecordingPolicy
from hearings.sentences import N_, Series, tell
from hearings.texts import WHOLE_NUMBER

NOT_IN_PROFILE = N_("Unknown field of a profile: {name}")
YES_OR_NO = N_("Yes or no is needed")

ACCESSIBILITY = ("wheelchair", "hearing_loop", "captions", "sign_language_screen", "quiet_room", "child_friendly")
INTERPRETING = ("consecutive", "simultaneous")
CONTENT_SHARING = ("screen", "h239", "bfcp")
MOST_CHANNELS, MOST_REDIALS, MOST_MINUTES_DOWN = 8, 10, 240
BROWSER_SRTP = frozenset({"SRTP_AEAD_AES_256_GCM", "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"})
"""Profiles of browsers; the last is mandatory (RFC 8827 section 6.5). The default of older site profiles."""
PRIVATE_LINES = ("room_beside", "phone", "separate_video")


@cache
def table() -> Mapping[str, Any]:
    """data/negotiation.yaml: preferences, capabilities of the room, limits of a line test."""
    text = (files("hearings") / "data" / "negotiation.yaml").read_text("utf-8")
    values: Mapping[str, Any] = yaml.safe_load(text)
    return values


def ids(kind: str) -> tuple[str, ...]:
    """The known values of a kind, the preferred first."""
    return tuple(row["id"] for row in table()[kind])


@cache
def audio_hz() -> Mapping[str, int]:
    """The highest frequency each audio codec carries (data/defaults.yaml)."""
    return {row["id"]: int(row["audio_hz"]) for row in reference.defaults()["codecs"]}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A site's abilities. Bandwidth in kbit/s: guaranteed, and usual (`target`)."""

    endpoint: str = "webrtc"
    audio_codecs: frozenset[str]
    video_codecs: frozenset[str]
    microphone_hz: int = 20_000
    """The highest frequency its microphones pick up."""
    height: int
    fps: int
    up_least: int
    up_target: int
    down_least: int
    down_target: int
    transports: frozenset[str]
    encryption: frozenset[str]
    srtp_profiles: frozenset[str] = BROWSER_SRTP
    """How its equipment can protect media, in names of IANA's registry of SRTP protection profiles."""
    interpreting: frozenset[str] = frozenset()
    """Modes of interpreting for people at the site."""
    booth: bool = False
    relay: bool = False
    """Whether an interpreter there can hear another one, for relay through a pivot language."""
    channels: int = 1
    """Number of language channels people there can hear, besides the floor."""
    recordings: frozenset[str]
    """The recordings that its law allows."""
    key_holders: frozenset[str]
    formats: frozenset[str]
    private_lines: frozenset[str] = frozenset()
    accessibility: frozenset[str] = frozenset()
    fallbacks: frozenset[str] = frozenset()
    redial: int = 3
    """How often it redials a broken line."""
    adjourn_after_minutes: int = 30
    """How long its court waits for a broken line at most."""
    room_view: bool = False
    """Whether a camera can show the whole room (360 degrees)."""
    true_to_life: bool = False
    """Whether people are shown as if they sat opposite: upright, at eye level, about life-size."""
    document_camera: bool = False
    content_sharing: frozenset[str] = frozenset()


def _words(known: Callable[[], Iterable[str]], least: int) -> Callable[[Any, str], frozenset[str]]:
    def read(value: Any, field: str) -> frozenset[str]:
        if not isinstance(value, (list, tuple, set, frozenset)) or not all(isinstance(item, str) for item in value):
            raise Invalid(tell("A list of words is needed"), field)
        unknown = sorted(set(value) - set(known()))
        if unknown:
            raise Invalid(
                tell("Unknown: {name}; known: {known}", name=repr(unknown[0][:40]), known=Series.of(known())), field
            )
        if len(set(value)) < least:
            raise Invalid(tell("Choose at least one"), field)
        return frozenset(value)

    return read


def _number(least: int, most: int) -> Callable[[Any, str], int]:
    def read(value: Any, field: str) -> int:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
            raise Invalid(tell(WHOLE_NUMBER, least=least, most=most), field)
        return int(text)

    return read


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(tell(YES_OR_NO), field)
    return value


def _endpoint(value: Any, field: str) -> str:
    if value not in ids("endpoints"):
        raise Invalid(tell("One of: {known}", known=Series.of(ids("endpoints"))), field)
    return str(value)


def _height(value: Any, field: str) -> int:
    height = _number(1, 10_000)(value, field)
    if height not in table()["sizes"]:
        raise Invalid(tell("One of: {known}", known=Series.of(map(str, table()["sizes"]))), field)
    return height


READ: Mapping[str, Callable[[Any, str], Any]] = {
    "endpoint": _endpoint,
    "audio_codecs": _words(lambda: ids("audio_codecs"), 1),
    "video_codecs": _words(lambda: ids("video_codecs"), 1),
    "microphone_hz": _number(3_000, 24_000),
    "height": _height,
    "fps": _number(1, 60),
    "up_least": _number(16, 10_000_000),
    "up_target": _number(16, 10_000_000),
    "down_least": _number(16, 10_000_000),
    "down_target": _number(16, 10_000_000),
    "transports": _words(lambda: ids("transports"), 1),
    "encryption": _words(lambda: ids("encryption"), 1),
    "srtp_profiles": _words(lambda: ids("srtp_profiles"), 1),
    "interpreting": _words(lambda: INTERPRETING, 0),
    "booth": _flag,
    "relay": _flag,
    "channels": _number(0, MOST_CHANNELS),
    "recordings": _words(lambda: tuple(RecordingPolicy), 1),
    "key_holders": _words(lambda: ids("key_holders"), 1),
    "formats": _words(lambda: ids("formats"), 1),
    "private_lines": _words(lambda: PRIVATE_LINES, 0),
    "accessibility": _words(lambda: ACCESSIBILITY, 0),
    "fallbacks": _words(lambda: ids("fallbacks"), 0),
    "redial": _number(0, MOST_REDIALS),
    "adjourn_after_minutes": _number(1, MOST_MINUTES_DOWN),
    "room_view": _flag,
    "true_to_life": _flag,
    "document_camera": _flag,
    "content_sharing": _words(lambda: CONTENT_SHARING, 0),
}
"""The JSON reader of each ability."""


def parse(abilities: Mapping[str, Any]) -> Profile:
    """A profile out of JSON. Raises `Invalid` naming the field: unknown, missing, out of range, or a target below
    what is guaranteed."""
    unknown = sorted(set(map(str, abilities)) - set(READ))
    if unknown:
        raise Invalid(tell(NOT_IN_PROFILE, name=repr(unknown[0][:40])), unknown[0][:40])
    read = {name: READ[name](value, name) for name, value in abilities.items()}
    missing = [field.name for field in fields(Profile) if field.name not in read and not _has_default(field.name)]
    if missing:
        raise Invalid(tell("Cannot be empty"), missing[0])
    profile = Profile(**read)
    for way in ("up", "down"):
        if getattr(profile, f"{way}_target") < getattr(profile, f"{way}_least"):
            raise Invalid(tell("The usual value cannot be lower than the guaranteed one"), f"{way}_target")
    return profile


def _has_default(name: str) -> bool:
    return hasattr(Profile, name)


def as_json(profile: Profile) -> dict[str, Any]:
    """The object `parse` reads, lists sorted."""
    values = {field.name: getattr(profile, field.name) for field in fields(profile)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}
