"""Fields of a request, one reader each: what is taken, what is refused by name, what follows from them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Date, Integer
from sqlmodel import AutoString

from hearings.errors import AmbiguousTime, Invalid, NonexistentTime, UnknownLanguage, UnknownZone
from hearings.models import HearingRequest
from hearings.models.columns import UtcDateTime
from hearings.requests import field_kinds as kinds
from hearings.requests.fields import FIELDS, SECTIONS, STEPS, Field, fill, read, read_all

TYPES: dict[type[kinds.Kind], type] = {
    kinds.Answer: Boolean, kinds.Flag: Boolean, kinds.Day: Date, kinds.Instant: UtcDateTime, kinds.Number: Integer,
    kinds.Level: Integer, kinds.Language: AutoString, kinds.State: AutoString, kinds.Several: JSON,
    kinds.Languages: JSON, kinds.States: JSON, kinds.Instruments: JSON, kinds.Slots: JSON,
}  # fmt: skip
"""By kind, of what type its column is."""


def row() -> HearingRequest:
    return HearingRequest(
        owner_state="RO", reference="x", requesting_state="RO", requested_state="TH", created_by="-",
        created_at=datetime(2026, 12, 2, tzinfo=UTC),
    )  # fmt: skip


def slots(*walls: str, zone: str = "Europe/Bucharest", **more: Any) -> list[dict[str, Any]]:
    return [{"wall": wall, "zone": zone, "minutes": 60, **more} for wall in walls]


@pytest.mark.parametrize("name", ["role", "state", "status", "version", "gate_result", "priority", "id", "pseudonym"])
def test_bad_input_14_a_field_that_is_none_is_refused_by_name(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read({"case_number": "1", name: "judge"})
    assert (refusal.value.field, str(refusal.value)) == (name, f"Unknown field of a request: {name}")


@pytest.mark.parametrize(
    "bad",
    [
        *("\u202eSomchai", "Som\u200bchai", "A" + "\u0301" * 17, "Som\x00chai", "\ud800", "\ue000"),
        "A" * 201,
    ],
)
def test_bad_input_23_a_name_that_hides_something_is_refused(bad: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read({"person_name": bad})
    assert refusal.value.field == "person_name"


def test_bad_input_23_markup_in_a_name_is_kept_as_it_is() -> None:
    assert read({"person_name": "<img onerror=x>"}) == {"person_name": "<img onerror=x>"}


@pytest.mark.parametrize("tag", ["en-x-<script>", "x", "en-", "english", "th-TH-u-nu-thai", "zz"])
def test_bad_input_26_a_language_that_is_no_tag_is_refused(tag: str) -> None:
    for field, value in (("language_of_person", tag), ("interpreter_languages", ["ro", tag])):
        with pytest.raises(UnknownLanguage):
            read({field: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("penalty_years", -1), ("penalty_years", 100), ("penalty_years", True), ("penalty_years", "٣"),
        ("evidence_risk", 4), ("evidence_risk", "x"), ("person_born", "1899-12-31"), ("person_born", "31.1.1990"),
        ("person_born", datetime(1990, 1, 31, tzinfo=UTC)), ("person_nationality", "Romania"),
        ("person_nationality", "ro"), ("urgent", "yes"), ("urgent", None), ("oral_at", "2026-12-01T10:00"),
        ("protection_requested", "voice"), ("protection_requested", ["mask"]), ("channel", "pigeon"),
        ("costs", "person"), ("interpreter_languages", "ro"), ("offence_serious", 1), ("proposed_slots", "x"),
        ("proposed_slots", [{"wall": "2026-12-01T09:00"}]), ("proposed_slots", [{"zone": "Europe/Bucharest"}]),
        ("custody_limit", "9999-12-31"), ("wanted_by", "0001-01-01"),
    ],
)  # fmt: skip
def test_a_value_a_field_does_not_take_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        read({name: value})
    assert refusal.value.field == name


def test_slots_are_none_or_three_and_kept_in_utc_with_their_clock() -> None:
    walls = ("2027-03-30T10:00", "2027-03-29T09:30", "2027-03-31T10:00")
    found = read({"proposed_slots": slots(*walls)})["proposed_slots"]
    assert [one["at"] for one in found] == [
        "2027-03-29T06:30:00+00:00", "2027-03-30T07:00:00+00:00", "2027-03-31T07:00:00+00:00",
    ]  # fmt: skip
    assert read({"proposed_slots": found})["proposed_slots"] == found, "what is kept can be sent back"
    assert read({"proposed_slots": []})["proposed_slots"] == []
    for few in (walls[:1], walls[:2], (walls[0],) * 3):
        with pytest.raises(Invalid, match="at least 3"):
            read({"proposed_slots": slots(*few)})


@pytest.mark.parametrize(
    ("wall", "zone", "error"),
    [
        ("2027-03-28T02:30", "Europe/Paris", NonexistentTime),
        ("2027-10-31T02:30", "Europe/Paris", AmbiguousTime),
        ("2027-03-28T02:30", "GMT+3", UnknownZone),
    ],
)
def test_a_slot_at_a_time_no_clock_shows_once_is_refused(wall: str, zone: str, error: type[Invalid]) -> None:
    with pytest.raises(error) as refusal:
        read({"proposed_slots": slots("2027-03-29T09:00", "2027-03-30T09:00", wall, zone=zone)})
    assert refusal.value.field == "proposed_slots"


def test_an_oral_request_runs_a_clock_and_one_that_is_not_runs_none() -> None:
    one = row()
    with pytest.raises(Invalid) as refusal:
        fill(one, {"oral": True})
    assert refusal.value.field == "oral_at"
    fill(one, {"oral": True, "oral_at": "2026-12-01T10:00:00+02:00"})
    assert one.oral_at == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert one.written_due == datetime(2026, 12, 2, 8, tzinfo=UTC)
    fill(one, {"oral": False})
    assert (one.oral_at, one.written_due) == (None, None)


def test_a_custody_does_not_end_before_it_began() -> None:
    with pytest.raises(Invalid) as refusal:
        fill(row(), {"detained_since": "2026-12-02", "custody_limit": "2026-12-01"})
    assert refusal.value.field == "custody_limit"


def test_filling_names_what_changed() -> None:
    one = row()
    assert fill(one, {"case_number": "1", "urgent": False, "person_born": date(1990, 1, 31)}) == [
        "case_number", "person_born",
    ]  # fmt: skip
    assert one.person_folded == ""
    fill(one, {"person_name": "ȘTEFAN", "protection_requested": ["pseudonym"]})
    assert (one.person_folded, one.pseudonym) == ("stefan", True)


def test_every_field_agrees_with_its_column() -> None:
    columns = HearingRequest.__table__.columns  # type: ignore[attr-defined]
    for name, one in FIELDS.items():
        kind, column, bare = one.kind, columns[name], getattr(row(), name)
        assert (one.name, one.step in STEPS, one.section in SECTIONS) == (name, True, True)
        assert bare == kind.empty, name
        assert column.nullable == (kind.empty is None), name
        if isinstance(kind, kinds.Line | kinds.Lines):
            assert column.type.length == kind.most > one.least, name
        elif isinstance(kind, kinds.Choice):
            assert column.type.enums == [member.name for member in kind.of], name
        else:
            assert isinstance(column.type, TYPES[type(kind)]), name


def test_a_field_nobody_has_filled_in_says_nothing_unless_something_holds_by_default() -> None:
    said = {name for name, one in FIELDS.items() if one.kind.given(one.kind.empty)}
    assert said == {"procedure", "channel", "confidential"}


def test_what_has_been_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[str] = []
    real = Field.read
    monkeypatch.setattr(Field, "read", lambda self, *more: times.append(self.name) or real(self, *more))
    values = read({"case_number": " 1 ", "urgent": True})
    assert fill(row(), values) == ["case_number", "urgent"]
    assert (values, times) == ({"case_number": "1", "urgent": True}, ["case_number", "urgent"])


def test_everything_that_is_wrong_is_named_at_once() -> None:
    values, wrong = read_all({"case_number": "1", "urgent": "yes", "status": 1, "person_born": "x"})
    assert (values, {one.field for one in wrong}) == ({"case_number": "1"}, {"urgent", "status", "person_born"})
