"""What the printed minutes are set from."""

from datetime import UTC, datetime
from typing import Any

from hearings.minutes.corrections import Correction
from hearings.minutes.document import document
from hearings.models import (
    Hearing,
    HearingRequest,
    Minutes,
    MinutesAnswer,
    MinutesPassage,
    MinutesReading,
    MinutesReservation,
)
from hearings.models.minutes import ReadingOutcome, ReservationKind

AT = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)


def made(**changes: Any) -> dict[str, Any]:
    hearing = Hearing(
        id="h", owner_state="FR", ref="AAAA-BBBB", request_id="r", starts_at=AT, ends_at=AT, wall_start="2026-12-02",
        wall_zone="Europe/Paris", requesting_state="FR", requesting_city="Paris", requesting_zone="Europe/Paris",
        requested_state="TH", requested_city="Bangkok", requested_zone="Asia/Bangkok", tzdb_version="2026b",
        language_requesting="fr", language_requested="th", created_by="-", created_at=AT,
    )  # fmt: skip
    minutes = Minutes(
        owner_state="FR", hearing_id="h", language_requesting="fr", language_requested="th", text_sha256="ab" * 32,
        created_by="-", created_at=AT, **changes,
    )  # fmt: skip
    common: dict[str, Any] = {"owner_state": "FR", "minutes_id": "m", "author": "-", "author_label": "Eva", "at": AT}
    passage = MinutesPassage(
        key="public.all",
        texts={"fr": "Publique.", "th": "เปิดเผย", "en": "Public."},
        marks={"fr": {"how": "written", "by": ""}, "th": {"how": "translated", "by": "Somsri"}},
        **common,
    )
    reading = MinutesReading(
        outcome=ReadingOutcome.accepted, read_by="Eva", languages=["fr"], heard_by=["A", "B"],
        passages_sha256="cd" * 32, **common,
    )  # fmt: skip
    asked = MinutesReading(
        outcome=ReadingOutcome.corrections, read_by="Eva", languages=["th"], corrections="Nine.",
        passages_sha256="cd" * 32, **common,
    )  # fmt: skip
    answer = MinutesAnswer(reading_id="x", text="Eight.", **common)
    reservation = MinutesReservation(
        kind=ReservationKind.refusal_to_sign, made_by="Me Roux", language="fr", text="Non.", **common
    )
    words = {"Public": "Public (fr)", "Minutes": "Procès-verbal", "Translated by": "Traduit par"}
    return document(
        hearing,
        minutes,
        request=HearingRequest(
            owner_state="FR",
            reference="FR-1",
            requesting_state="FR",
            requested_state="TH",
            created_by="-",
            created_at=AT,
            requesting_authority="Tribunal de Paris",
            case_number="12/2026",
        ),
        passages=[passage],
        reading=reading,
        corrections=[Correction(reading=asked, unmade=("th",), answer=answer), Correction(reading=asked, unmade=())],
        heads={"rec": "9:ef"},
        signed={},
        reservations=[reservation],
        say=lambda tag, text: words.get(text, text) if tag == "fr" else text,
    )


def test_every_label_stands_in_each_language_and_in_english_where_it_is_not_translated() -> None:
    found = made()
    assert (found["title"], found["languages"]) == (["Procès-verbal", "Minutes"], ["fr", "th"])
    (section,) = found["sections"]
    assert section == {
        "heading": ["Public (fr)", "Public"],
        "rows": [{"key": "public.all", "texts": ["Publique.", "เปิดเผย"], "notes": ["", "Translated by: Somsri"]}],
    }
    assert [row["texts"] for row in found["meta"]] == [
        ["Tribunal de Paris"],
        ["12/2026"],
        ["2 December 2026"],
        ["Paris, France; Bangkok, Thailand"],
        ["AAAA-BBBB"],
        ["FR-1"],
        ["1"],
    ]


def test_a_draft_says_so_and_shows_who_has_not_signed() -> None:
    found = made()
    assert found["notice"] != []
    assert [(row["state"], bool(row["missing"])) for row in found["signatures"]["rows"]] == [("FR", True), ("TH", True)]
    assert made(signed_at=AT)["notice"] == []


def test_readings_and_reservations_carry_both_courts_times() -> None:
    found = made()
    time = "2 December 2026 23:30 Paris (+01:00), 3 December 2026 05:30 Bangkok (+07:00), 2 December 2026 22:30:00 UTC"
    assert (found["reading"]["at"], found["reservations"]["rows"][0]["at"]) == (time, time)
    assert found["reading"]["rows"][1]["value"] == "A, B"
    assert found["reservations"]["rows"][0]["kind"] == ["Refusal to sign", "Refusal to sign"]


def test_corrections_are_told_with_what_became_of_them() -> None:
    answered, made_ = made()["corrections"]["rows"]
    assert (answered["text"], answered["became"][-1], answered["answer"]) == ("Nine.", "Answer", "Eight.")
    assert answered["answered"].endswith(" · Eva")
    assert (made_["became"][-1], made_["answer"]) == ("The text was changed after this.", "")
