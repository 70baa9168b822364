"""The checklist of a hearing in words, and the one next step of its page."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from hearings.hearing.readiness import REASONED, REMINDERS, Check, CheckResult
from hearings.models import Hearing, HearingRequest, Person
from hearings.roles import StaffFunction
from hearings.status import HEARINGS_OVER, HearingStatus
from web.hearing import checklist

H = HearingStatus
AT = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
RIGHTS = ("agree", "other_time", "prepare", "ready", "lobby", "enter", "cancel", "record", "links", "test")


def hearing(status: HearingStatus = H.agreed) -> Hearing:
    return Hearing(
        owner_state="RO", ref="AB12-CD34", request_id="r", starts_at=AT, ends_at=AT, wall_start="2026-12-03T09:00",
        wall_zone="Europe/Bucharest", requesting_state="RO", requesting_zone="Europe/Bucharest",
        requesting_city="Bucharest", requested_state="TH", requested_zone="Asia/Bangkok", requested_city="Bangkok",
        tzdb_version="2026b", language_requesting="ro", language_requested="th", status=status, created_by="c",
        created_at=AT,
    )  # fmt: skip


REQUEST = HearingRequest(owner_state="RO", reference="RO-2026-0001", requesting_state="RO", requested_state="TH")


def person(state: str, *functions: str) -> Person:
    return Person(owner_state=state, name="N", email=f"{state}@x.example", functions=list(functions))


def can(*rights: str) -> dict[str, bool]:
    return {name: name in rights for name in RIGHTS}


MISSING = {Check.people_named: ("presiding_judge",), Check.links_issued: ("Somchai",), Check.consent_given: ("s. 1",)}
MISSING |= {Check.rights_kept: ("r07_summons",)}
WHO = {Check.recipients_known: StaffFunction.administrator, Check.time_signed: StaffFunction.authority}


def open_check(check: Check) -> CheckResult:
    missing = MISSING.get(check, ("TH",))
    return CheckResult(
        check=check, met=False, missing=missing, function=WHO.get(check, StaffFunction.clerk), states=("RO",)
    )


def step(status: HearingStatus, open_checks: tuple[Check, ...], *rights: str) -> checklist.NextStep | None:
    results = [open_check(check) for check in open_checks]
    rows = checklist.rows(results, hearing(status), REQUEST, person("RO", "clerk"), can(*rights))
    return checklist.next_step(hearing(status), rows, can(*rights), silent=False, minutes=False)


def test_an_item_that_the_signing_waits_for_comes_before_it_and_one_that_it_does_not_after() -> None:
    def next_of(item: str, *functions: str) -> checklist.NextStep | None:
        waits = open_check(Check.rights_kept)
        results = [open_check(Check.time_signed), replace(waits, missing=(item,))]
        rows = checklist.rows(results, hearing(H.proposed), REQUEST, person("RO", *functions), can("agree"))
        return checklist.next_step(hearing(H.proposed), rows, can("agree"), silent=False, minutes=False)

    found = next_of("r02_decision_video", "clerk")
    assert found is not None and found.href.endswith("/rights#r02_decision_video")
    waiting = next_of("r25_human_rights_state", "clerk")
    assert waiting is not None and (waiting.act, waiting.kind) == ("", "done") and "waits for" in waiting.words
    signing = next_of("r03_parties_heard", "clerk")
    assert signing is not None and signing.href.endswith("/times/sign")


@pytest.mark.parametrize("check", Check)
def test_every_check_has_words_and_an_owner(check: Check) -> None:
    (row,) = checklist.rows([open_check(check)], hearing(), REQUEST, person("TH"), can())
    assert row.title and row.detail and row.owners == [row.owners[0]] and "Bucharest" in row.owners[0]
    assert (row.href, row.button) == ("", ""), "who cannot resolve it is led nowhere"
    assert row.blocks is (check not in REMINDERS)
    met = CheckResult(check=check, met=True, function=StaffFunction.clerk, states=("RO",))
    (row,) = checklist.rows([met], hearing(), REQUEST, person("RO", "clerk"), can(*RIGHTS))
    assert (row.title != "", row.detail, row.href) == (True, "", "")


def test_the_rights_wait_for_everybody_who_answers_an_item_and_lead_each_to_their_own() -> None:
    result = CheckResult(
        check=Check.rights_kept, met=False, missing=("r07_summons", "r03_parties_heard"),
        function=StaffFunction.authority, states=("TH",), others=((StaffFunction.clerk, "RO"),),
    )  # fmt: skip
    led = {}
    for state, function in (("TH", "authority"), ("RO", "clerk"), ("RO", "judge"), ("TH", "judge")):
        (row,) = checklist.rows([result], hearing(), REQUEST, person(state, function), can())
        assert row.owners == ["Authority, Bangkok", "Clerk, Bucharest"]
        led[state, function] = row.href.partition("#")[2]
    assert led == {
        ("TH", "authority"): "r07_summons", ("RO", "clerk"): "r03_parties_heard", ("RO", "judge"): "r07_summons",
        ("TH", "judge"): "",
    }  # fmt: skip


def test_a_missing_signature_waits_for_the_clerk_there_and_the_authority_here() -> None:
    result = CheckResult(
        check=Check.time_signed, met=False, missing=("RO", "TH"), function=StaffFunction.authority, states=("RO", "TH")
    )
    (row,) = checklist.rows([result], hearing(), REQUEST, person("RO", "clerk"), can())
    assert row.owners == ["Clerk, Bucharest", "Authority, Bangkok"]


@pytest.mark.parametrize("status", H)
def test_in_every_status_there_is_a_step_or_somebody_to_wait_for(status: HearingStatus) -> None:
    for checks, rights in product(((), (Check.people_named,), (Check.line_tested,)), ((), ("prepare", "ready"))):
        found = step(status, checks, *rights)
        if status in HEARINGS_OVER or status in (H.in_progress, H.part_heard):
            assert found is None
        else:
            assert found is not None and found.heading
            assert bool(found.act) is bool(found.button or found.act in ("lobby", "ready"))


def test_what_blocks_comes_before_making_ready_and_a_reason_does_not() -> None:
    rights = ("prepare", "ready")
    blocked = step(H.agreed, (Check.people_named, Check.line_tested), *rights)
    assert blocked is not None and (blocked.act, blocked.href) == ("link", "/h/AB12-CD34/people/new")
    for reasoned in REASONED:
        found = step(H.agreed, (reasoned,), *rights)
        assert found is not None and found.act == "ready"
    waits = step(H.agreed, (Check.people_named,))
    assert waits is not None and (waits.act, waits.words) == ("", "It waits for: Clerk, Bucharest")


@pytest.mark.parametrize(
    ("rights", "act", "href"),
    [(("lobby",), "lobby", ""), (("enter",), "link", "/h/AB12-CD34/live"), ((), "", "")],
)
def test_on_the_day_the_lobby_is_opened_and_then_entered(rights: tuple[str, ...], act: str, href: str) -> None:
    found = step(H.ready, (), *rights)
    assert found is not None and (found.act, found.href) == (act, href)


def test_after_the_sitting_the_minutes_come_first() -> None:
    for status in (H.part_heard, H.concluded, H.aborted):
        found = checklist.next_step(hearing(status), [], can(), silent=False, minutes=True)
        assert found is not None and found.href == "/h/AB12-CD34/minutes"
