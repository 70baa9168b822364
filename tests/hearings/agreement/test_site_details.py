"""Details of a site for people: what is read, in which form it is kept, and what is refused with its field."""

from typing import Any

import pytest

from hearings.agreement import site_details
from hearings.errors import Invalid


def read(name: str, value: Any) -> str:
    found = site_details.parse({name: {"value": value, "confidential": False}})
    return str(found[name]["value"]) if found else ""


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("dial_number", "+40 (21) 555-0104", "+40215550104"),
        ("dial_number", " ", ""),
        ("sip_uri", "SIP:room4@court.example", "sip:room4@court.example"),
        ("sip_uri", "sips:4.room@[2001:db8::4]:5061", "sips:4.room@[2001:db8::4]:5061"),
        ("h323_alias", "room4", "room4"),
        ("h323_alias", "h323:room4@192.0.2.7:1720", "h323:room4@192.0.2.7:1720"),
        ("dial_host", "bridge.court.example", "bridge.court.example"),
        ("dial_host", "2001:db8::4", "2001:db8::4"),
        ("ports", "443/TCP,50000-50100/udp", "443/tcp, 50000-50100/udp"),
        ("pin_told_by", "phone", "phone"),
        ("who_dials", "other_site", "other_site"),
        ("signalling", "sip_tls", "sip_tls"),
        ("technician_languages", "EN, th", "en, th"),
        ("recording_storage", "At the tribunal,\r\ntwo copies", "At the tribunal,\ntwo copies"),
        ("note", "The PIN is told by telephone: +40 21 555 0104", "The PIN is told by telephone: +40 21 555 0104"),
        ("note", "Spinning 123 times", "Spinning 123 times"),
    ],
)
def test_a_detail_is_kept_in_its_canonical_form(name: str, value: str, kept: str) -> None:
    assert read(name, value) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dial_number", "021 555 0104"),
        ("dial_number", "+0215550104"),
        ("dial_number", "+4021555010412345"),
        ("dial_number", "+40215550104,,1234#"),
        ("sip_uri", "room4@court.example"),
        ("sip_uri", "sip:room4:1234@court.example"),
        ("sip_uri", "sip:room4@court.example;pin=1234"),
        ("sip_uri", "sip:4**1234@court.example"),
        ("sip_uri", "sip:room4@court.example:70000"),
        ("sip_uri", "sip:room4@"),
        ("h323_alias", "room 4"),
        ("h323_alias", "room4@-"),
        ("dial_host", "300.0.0.1"),
        ("dial_host", "court_example"),
        ("ports", "443"),
        ("ports", "0/tcp"),
        ("ports", "50100-50000/udp"),
        ("ports", "443/sctp"),
        ("pin_told_by", "1234"),
        ("who_dials", "nobody"),
        ("room_phone", "+40 21 555 0104, PIN 1234"),
        ("note", "Pin code: 98765#"),
        ("note", "the PIN is 4711"),
        ("gatekeeper", "bridge.example passcode=123456"),
        ("dial_address", "room4"),
        ("room_phone", 4),
    ],
)
def test_what_cannot_be_right_or_tells_a_pin_is_refused_with_its_field(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        read(name, value)
    assert caught.value.field == name
