"""Examples in the description: one case, invented, from the first draft to the hearing."""

from typing import Any

from hearings.requests.fields import FIELDS
from web.api.request_fields import RequestFields

AT = "2027-02-01T09:30:00Z"
ID = "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"

CONTENT: dict[str, Any] = {
    "case_number": "1234/P/2027",
    "person_name": "Somchai Wongsa",
    "capacity": "witness",
    "offence_summary": "Trafficking in persons by an organised criminal group; the witness saw the transport.",
    "offence_scope": ["untoc_offence"],
    "offence_serious": True,
    "offence_transnational": True,
    "offence_organised": True,
    "reason_no_attendance": "not_desirable",
    "reason_text": "The witness cares for two small children and cannot travel.",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "th",
    "instruments": ["untoc"],
}
NEW_REQUEST: Any = {"requested_state": "TH", "content": CONTENT}

_EMPTY = {name: RequestFields().model_dump(mode="json")[name] for name in FIELDS}
_SUMMARY = {
    "id": ID,
    "reference": "RO-2027-0001",
    "requesting_state": "RO",
    "requested_state": "TH",
    "status": "draft",
    "version": 1,
    "created_at": AT,
    "submitted_at": None,
    "answered_at": None,
    "answer_due": None,
    "info_due": None,
}
REQUEST = {
    **_SUMMARY,
    "priority": 6,
    "review_due": None,
    "written_due": None,
    "written_confirmed_at": None,
    "answered_ground": "",
    "answered_reason": "",
    "conditions": "",
    "condition_rules": [],
    "refusal_comment": "",
    "content": {**_EMPTY, **CONTENT, "procedure": "criminal_proceedings", "channel": "central_authority"},
}
REFUSED = {
    **REQUEST,
    "status": "refused",
    "answered_ground": "no_consent",
    "answered_reason": "The witness does not consent.",
    "objections": [
        {
            "code": "ground_not_named",
            "text": "UNTOC does not name this ground in the paragraphs the data holds (UNTOC art. 18(21))",
            "provision": "UNTOC",
        }
    ],
}
REQUEST_LIST = {"items": [_SUMMARY], "next": ""}

HISTORY = {
    "items": [{"id": ID, "before": "", "after": "draft", "at": AT, "by": "Ministry of Justice", "reason": ""}],
    "next": "",
}
VIEWS = {"items": [{"state": "TH", "by": "Office of the Attorney General", "at": AT}], "next": ""}


def statement(act: str, about: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "iss": "TH",
        "aud": "RO",
        "iat": 1_801_474_200,
        "jti": "hU5xHq0nBq1m3yqk4kq0Zb7t",
        "act": act,
        "about": about,
        "body": body,
    }


STATEMENT = statement("refuse_request", "RO-2027-0001", {"ground": None, "motive": None, "reasons": None})

NEW_HEARING: Any = {
    "request": "RO-2027-0001",
    "wall_start": "2027-03-29T09:00",
    "wall_zone": "Europe/Bucharest",
    "duration_minutes": 120,
    "requesting_zone": "Europe/Bucharest",
    "requesting_city": "Bucharest",
    "requested_zone": "Asia/Bangkok",
    "requested_city": "Bangkok",
    "alternatives": [{"wall_start": "2027-03-30T09:00", "wall_zone": "Europe/Bucharest", "duration_minutes": 120}],
    "margins": {"margin_before": 15, "margin_after": 15, "line_test": 15},
}
COUNTER: Any = {
    "wall_start": "2027-03-30T14:00",
    "wall_zone": "Asia/Bangkok",
    "duration_minutes": 120,
    "reason": "The court room is taken on the 29th.",
}
LISTED_HEARING: dict[str, Any] = {
    "ref": "7F3K-22QD",
    "request_id": ID,
    "case_number": "1234/P/2027",
    "status": "proposed",
    "starts_at": "2027-03-29T06:00:00Z",
    "ends_at": "2027-03-29T08:00:00Z",
    "wall_start": "2027-03-29T09:00:00",
    "wall_zone": "Europe/Bucharest",
    "wall_fold": 0,
    "tzdb_version": "2026c",
    "recording_policy": "sound_and_picture",
    "participant_classes": ["interpreter", "presiding_judge", "requested_authority", "witness"],
    "margin_before": 15,
    "margin_after": 15,
    "line_test": 15,
    "requesting": {
        "state": "RO",
        "city": "Bucharest",
        "zone": "Europe/Bucharest",
        "language": "ro",
        "start": "2027-03-29T09:00:00+03:00",
    },
    "requested": {
        "state": "TH",
        "city": "Bangkok",
        "zone": "Asia/Bangkok",
        "language": "th",
        "start": "2027-03-29T13:00:00+07:00",
    },
    "created_at": AT,
}
HEARING = LISTED_HEARING | {
    "warnings": [
        {
            "code": "holiday",
            "side": "requesting",
            "starts_at": "2027-11-30T06:00:00Z",
            "day": "2027-11-30",
            "detail": "Saint Andrew's Day",
        }
    ],
    "signed_by": ["RO", "TH"],
}
HEARING_LIST = {"items": [LISTED_HEARING], "next": ""}
TERMS: dict[str, Any] = {
    "hearing": "7F3K-22QD",
    "requesting_state": "RO",
    "requested_state": "TH",
    "courts": ["Bucharest (Europe/Bucharest)", "Bangkok (Asia/Bangkok)"],
    "days": [{"starts_at": "2027-03-29T06:00:00Z", "ends_at": "2027-03-29T08:00:00Z"}],
    "languages": ["ro", "th"],
    "recording_policy": "sound_and_picture",
    "participant_classes": ["interpreter", "presiding_judge", "requested_authority", "witness"],
}
TERMS_SHA256 = "5f0c3a5b0a4a3e6f0d1c2b3a49586776655443322110ffeeddccbbaa99887766"
HEARING_STATEMENT = statement(
    "agree_hearing",
    "7F3K-22QD",
    {
        "request": ID,
        "wall_start": "2027-03-29T09:00:00",
        "wall_zone": "Europe/Bucharest",
        "wall_fold": 0,
        "terms": TERMS,
        "terms_sha256": TERMS_SHA256,
    },
)
