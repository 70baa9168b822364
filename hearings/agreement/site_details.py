"""Details of a site for people: telephones, technician, dialling. Parsed and checked; pure.

Each detail is public or confidential (the "Handshake" forms tell static and public parameters from variable and
confidential ones). How a site is dialled is in fields of their own, each with its form. A meeting's PIN is no detail:
a profile says by which separate channel it is told, and a text that looks like a PIN is refused.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from hearings.agreement.profiles import NOT_IN_PROFILE
from hearings.errors import Invalid
from hearings.languages import language
from hearings.sentences import Series, tell
from hearings.texts import clean

CHOICES: Mapping[str, tuple[str, ...]] = {
    "who_dials": ("each_dials_room", "this_site", "other_site"),
    "signalling": ("https", "sip_tls", "sip", "h323", "isdn"),
    "pin_told_by": ("no_pin", "phone", "in_person", "encrypted_mail", "sealed_letter"),
}
"""Closed lists of details."""

Read = Callable[[str, str], str]

_PIN = re.compile(r"\b(?:pin|passcode)(?:[ -]?(?:code|number|no\.?))?\b\W{0,3}(?:is\W{1,2})?\d{3,}", re.I)
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_NAME}(?:\.{_NAME})*\.?")
_ALIAS = re.compile(r"[A-Za-z0-9_.+-]{1,128}")
_PORTS = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?/(tcp|udp)")


def _text(most: int) -> Read:
    def read(value: str, field: str) -> str:
        value = clean(value, field, most=most, lines=True)
        if _PIN.search(value):
            raise Invalid(tell("Never enter a PIN here: state only the separate channel by which it is given"), field)
        return value

    return read


def _choice(value: str, field: str) -> str:
    value = value.strip()
    if value and value not in CHOICES[field]:
        raise Invalid(tell("One of: {known}", known=Series.of(CHOICES[field])), field)
    return value


def _languages(value: str, field: str) -> str:
    value = clean(value, field, most=200)
    return ", ".join(language(tag.strip()) for tag in value.split(",")) if value else ""


def _number(value: str, field: str) -> str:
    """E.164: `+`, country code, at most 15 digits; blanks and punctuation between them are dropped."""
    value = re.sub(r"[ ().\-/]", "", clean(value, field, most=60))
    if value and not re.fullmatch(r"\+[1-9][0-9]{6,14}", value):
        raise Invalid(tell("A number with + and country code is needed (E.164), and nothing after it"), field)
    return value


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return len(text) <= 253 and _HOST.fullmatch(text) is not None and not text.replace(".", "").isdigit()
    return True


def _host(value: str, field: str) -> str:
    value = clean(value, field, most=253)
    if value and not _is_host(value):
        raise Invalid(tell("An IP address or the full name of a host is needed"), field)
    return value


def _at_host(text: str) -> bool:
    """`user@host` or `user@host:port`; no password, no parameters (RFC 3261 §19.1.1)."""
    user, _, place = text.rpartition("@")
    host, _, port = place.rpartition(":") if re.search(r":[0-9]{1,5}$", place) else (place, "", "")
    return _ALIAS.fullmatch(user) is not None and _is_host(host) and (not port or 1 <= int(port) <= 65535)


def _sip(value: str, field: str) -> str:
    value = clean(value, field, most=300)
    scheme, _, rest = value.partition(":")
    if value and not (scheme.lower() in ("sip", "sips") and _at_host(rest)):
        raise Invalid(
            tell("An address such as sip:room4@court.example is needed, without password or parameters"), field
        )
    return f"{scheme.lower()}:{rest}" if value else ""


def _h323(value: str, field: str) -> str:
    """An alias, or `alias@host` (RFC 3508), with or without `h323:`."""
    value = clean(value, field, most=300)
    rest = value.removeprefix("h323:")
    if value and not (_at_host(rest) if "@" in rest else _ALIAS.fullmatch(rest)):
        raise Invalid(tell("An alias such as room4 or room4@court.example is needed"), field)
    return value


def _ports(value: str, field: str) -> str:
    value = clean(value, field, most=200)
    parts = [part.strip().lower() for part in value.split(",") if part.strip()]
    for part in parts:
        match = _PORTS.fullmatch(part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= 65535:
            raise Invalid(tell("Ports such as 443/tcp, 50000-50100/udp are needed"), field)
    return ", ".join(parts)


READ: Mapping[str, Read] = {
    "address": _text(500),
    "room_phone": _text(60),
    "technician_name": _text(200),
    "technician_phone": _text(60),
    "technician_email": _text(200),
    "technician_languages": _languages,
    "deputy": _text(300),
    "judicial_contact": _text(300),
    "who_dials": _choice,
    "dial_number": _number,
    "sip_uri": _sip,
    "h323_alias": _h323,
    "dial_host": _host,
    "gatekeeper": _text(200),
    "signalling": _choice,
    "ports": _ports,
    "pin_told_by": _choice,
    "microphones": _text(500),
    "cameras": _text(500),
    "room_layout": _text(1000),
    "interpreter_place": _text(500),
    "public_access": _text(500),
    "recording_law": _text(1000),
    "recording_storage": _text(500),
    "note": _text(1000),
}
"""Every detail with its reader, which returns the canonical form; empty for none."""

LINES = frozenset({"technician_languages", "dial_number", "sip_uri", "h323_alias", "dial_host", "ports"})
"""Details that are one line, left to right in every language."""


def parse(details: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Details in their stored form, without empty ones: `{name: {"value", "confidential"}}`. Raises `Invalid`."""
    parsed: dict[str, dict[str, Any]] = {}
    for name, detail in details.items():
        if name not in READ:
            raise Invalid(tell(NOT_IN_PROFILE, name=repr(str(name)[:40])), str(name)[:40])
        if not isinstance(detail, Mapping) or set(detail) != {"value", "confidential"}:
            raise Invalid(tell("A text and whether it is confidential are needed"), name)
        if not isinstance(detail["value"], str) or not isinstance(detail["confidential"], bool):
            raise Invalid(tell("A text and whether it is confidential are needed"), name)
        value = READ[name](detail["value"], name)
        if value:
            parsed[name] = {"value": value, "confidential": detail["confidential"]}
    return parsed
