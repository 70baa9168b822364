"""What a site can do: the form of a profile, read and checked. Pure; `hearings.agreement.sites` keeps the versions.

A profile has two parts: *abilities*, here, which are negotiated and seen by whoever negotiates with the site; and
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
from hearings.sentences import Series, tell

ACCESSIBILITY = ("wheelchair", "hearing_loop", "captions", "sign_language_screen", "quiet_room", "child_friendly")
INTERPRETING = ("consecutive", "simultaneous")
CONTENT_SHARING = ("screen", "h239", "bfcp")
MOST_CHANNELS, MOST_REDIALS, MOST_MINUTES_DOWN = 8, 10, 240
BROWSER_SRTP = frozenset({"SRTP_AEAD_AES_256_GCM", "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"})
"""What browsers offer; the last one they must (RFC 8827 section 6.5). Profiles from before they were asked count so."""
PRIVATE_LINES = ("room_beside", "phone", "separate_video")


@cache
def table() -> Mapping[str, Any]:
    """data/negotiation.yaml: preferences, what the room carries, limits of a line test."""
    text = (files("hearings") / "data" / "negotiation.yaml").read_text("utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return found


def ids(kind: str) -> tuple[str, ...]:
    """The words known of a kind, the preferred first."""
    return tuple(row["id"] for row in table()[kind])


@cache
def audio_hz() -> Mapping[str, int]:
    """The highest frequency each audio codec carries (data/defaults.yaml)."""
    return {row["id"]: int(row["audio_hz"]) for row in reference.defaults()["codecs"]}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A site's abilities. Bandwidth in kbit/s: what is guaranteed, and what there usually is."""

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
    """How people at the site can be interpreted for."""
    booth: bool = False
    relay: bool = False
    """Whether one interpreter can hear another there, to go on from a pivot language."""
    channels: int = 1
    """How many language channels people there can hear, besides the floor."""
    recordings: frozenset[str]
    """What its law allows to be recorded."""
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
        if not isinstance(value, (list, tuple, set, frozenset)) or not all(isinstance(one, str) for one in value):
            raise Invalid(tell("A list of words is needed"), field)
        unknown = sorted(set(value) - set(known()))
        if unknown:
            raise Invalid(
                tell("Not known: {name}; known: {known}", name=repr(unknown[0][:40]), known=Series.of(known())), field
            )
        if len(set(value)) < least:
            raise Invalid(tell("Choose at least one"), field)
        return frozenset(value)

    return read


def _number(least: int, most: int) -> Callable[[Any, str], int]:
    def read(value: Any, field: str) -> int:
        text = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and least <= int(text) <= most):
            raise Invalid(tell("A whole number from {least} to {most} is needed", least=least, most=most), field)
        return int(text)

    return read


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(tell("Yes or no is needed"), field)
    return value


def _endpoint(value: Any, field: str) -> str:
    if value not in ids("endpoints"):
        raise Invalid(tell("One of: {known}", known=Series.of(ids("endpoints"))), field)
    return str(value)


def _height(value: Any, field: str) -> int:
    found = _number(1, 10_000)(value, field)
    if found not in table()["sizes"]:
        raise Invalid(tell("One of: {known}", known=Series.of(map(str, table()["sizes"]))), field)
    return found


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
"""How each ability is read out of JSON."""


def parse(abilities: Mapping[str, Any]) -> Profile:
    """A profile out of JSON. Raises `Invalid` naming the field: unknown, missing, out of range, or a target below
    what is guaranteed."""
    unknown = sorted(set(map(str, abilities)) - set(READ))
    if unknown:
        raise Invalid(tell("A profile has no {name}", name=repr(unknown[0][:40])), unknown[0][:40])
    read = {name: READ[name](value, name) for name, value in abilities.items()}
    missing = [one.name for one in fields(Profile) if one.name not in read and not _has_default(one.name)]
    if missing:
        raise Invalid(tell("Cannot be empty"), missing[0])
    profile = Profile(**read)
    for way in ("up", "down"):
        if getattr(profile, f"{way}_target") < getattr(profile, f"{way}_least"):
            raise Invalid(tell("What there usually is cannot be less than what is guaranteed"), f"{way}_target")
    return profile


def _has_default(name: str) -> bool:
    return hasattr(Profile, name)


def as_json(profile: Profile) -> dict[str, Any]:
    """The object `parse` reads, lists sorted."""
    found = {one.name: getattr(profile, one.name) for one in fields(profile)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.items()}
