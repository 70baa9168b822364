"""Fingerprints compared aloud: the code that is read, who says what came of it, and what the start waits for."""

import hashlib
from typing import Any

import pytest

from hearings import queries
from hearings.agreement import agreements, outcome as outcomes
from hearings.errors import FingerprintsOpen, Invalid, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.models import FingerprintComparison
from hearings.outward import changes as happened
from hearings.roles import Role
from hearings.sitting import fingerprints, sittings
from hearings.sitting.fingerprints import ComparisonProgress
from hearings.status import ComparisonStatus, SittingStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
S = ComparisonStatus
FIRST, SECOND = (hashlib.sha256(text).hexdigest() for text in (b"one worker", b"the next worker"))
OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes; web/frontend/test/fingerprints.test.ts has the same code for it."""


async def standing(court: Any) -> ComparisonProgress:
    async with court.database.reading() as db:
        sitting, _ = await court.sitting(db)
        return await fingerprints.of_sitting(db, sitting.id)


async def told(court: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """What the log of the hearing says of fingerprints: kind, role, data."""
    kinds = {EventKind.fingerprints_compared, EventKind.fingerprints_stale}
    async with court.database.reading() as db:
        found = await queries.events(db, court.hearing.id)
    return [(one.kind, one.actor_role, dict(one.data)) for one in found if one.kind in kinds]


async def start(court: Any, **how: Any) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, Role.presiding_judge)
        await sittings.start(db, sitting=sitting, actor=judge, now=sitting.since, **how)


# --- the code ----------------------------------------------------------------------------------------------------


def test_the_code_is_six_groups_of_five_digits_of_the_first_thirty_bytes() -> None:
    assert fingerprints.code(OF_NOTHING) == "28312 71035 19033 54212 51492 41426"
    by_hand = [int(OF_NOTHING[at : at + 10], 16) % 100_000 for at in range(0, 60, 10)]
    assert fingerprints.code(OF_NOTHING).split() == [f"{one:05d}" for one in by_hand]


def test_another_certificate_has_another_code() -> None:
    codes = {fingerprints.code(hashlib.sha256(bytes([one])).hexdigest()) for one in range(200)}
    assert len(codes) == 200
    assert {len(code) for code in codes} == {35}


@pytest.mark.parametrize("text", ["", "ab", OF_NOTHING[:-2], OF_NOTHING + "00", "x" * 64])
def test_what_is_no_sha_256_has_no_code(text: str) -> None:
    with pytest.raises(ValueError):
        fingerprints.code(text)


# --- how far the courts are --------------------------------------------------------------------------------------


def row(certificate: str, status: ComparisonStatus, **said: bool) -> FingerprintComparison:
    return FingerprintComparison(owner_state="RO", sitting_id="-", certificate=certificate, status=status, said=said)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], ComparisonProgress()),
        ([row(FIRST, S.open)], ComparisonProgress(certificate=FIRST)),
        ([row(FIRST, S.matched, RO=True)], ComparisonProgress(status=S.matched, certificate=FIRST, said={"RO": True})),
        (
            [row(FIRST, S.stale, RO=True), row(SECOND, S.open)],
            ComparisonProgress(certificate=SECOND, again=True),
        ),
        ([row(FIRST, S.stale), row(SECOND, S.open)], ComparisonProgress(certificate=SECOND)),
    ],
)
def test_the_newest_certificate_counts_and_an_earlier_comparison_makes_it_again(
    rows: list[FingerprintComparison], expected: ComparisonProgress
) -> None:
    assert fingerprints.progress(rows) == expected


@pytest.mark.parametrize(
    ("status", "required", "lacks"),
    [
        (S.open, False, False),
        (S.open, True, True),
        (S.matched, True, False),
        (S.differs, True, True),
        (S.differs, False, True),
    ],
)
def test_a_difference_stops_the_start_even_where_nothing_was_agreed(
    status: ComparisonStatus, required: bool, lacks: bool
) -> None:
    assert ComparisonProgress(status=status).lacks(required) is lacks


# --- in a sitting ------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
@ASSEMBLED
async def test_what_is_said_goes_into_the_log_and_the_history_once(court: Any) -> None:
    assert await court.has_certificate(FIRST) is False
    for _ in range(2):  # said again it changes nothing
        await court.compare(Role.clerk, certificate=FIRST)
    await court.compare(Role.requested_authority, certificate=FIRST)
    assert await standing(court) == ComparisonProgress(
        status=S.matched, certificate=FIRST, said={"RO": True, "TH": True}
    )
    data = {"matched": True, "certificate": FIRST}
    assert await told(court) == [
        ("fingerprints_compared", "clerk", {**data, "state": "RO"}),
        ("fingerprints_compared", "requested_authority", {**data, "state": "TH"}),
    ]
    async with court.database.reading() as db:
        page = await happened.changes(db, state="TH", after="", limit=100_000)
    changes = [
        (one.change.before, one.change.after, one.about)
        for one in page.rows
        if one.change.subject == "fingerprint_comparison"
    ]
    assert changes == [("", "open", court.hearing.ref), ("open", "matched", court.hearing.ref)]


@ASSEMBLED
async def test_a_difference_stands_until_the_side_that_found_it_finds_none(court: Any) -> None:
    await court.has_certificate(FIRST)
    await court.compare(Role.requested_authority, matched=False, certificate=SECOND)
    await court.compare(Role.presiding_judge, certificate=FIRST)
    assert (await standing(court)).status is S.differs
    await court.compare(Role.requested_authority, certificate=FIRST)
    assert await standing(court) == ComparisonProgress(
        status=S.matched, certificate=FIRST, said={"RO": True, "TH": True}
    )


@ASSEMBLED
async def test_a_page_on_another_certificate_cannot_call_it_the_same(court: Any) -> None:
    await court.has_certificate(FIRST)
    with pytest.raises(Invalid, match="This page is connected with a different certificate than the"):
        await court.compare(Role.clerk, certificate=SECOND)
    assert (await told(court), (await standing(court)).said) == ([], {})


@ASSEMBLED
@pytest.mark.parametrize("role", [Role.witness, Role.interpreter])
async def test_who_does_not_answer_for_the_hearing_says_nothing_of_fingerprints(court: Any, role: Role) -> None:
    await court.has_certificate(FIRST)
    with pytest.raises(NotAllowed):
        await court.compare(role, certificate=FIRST)


@ASSEMBLED
async def test_before_a_worker_has_said_its_certificate_there_is_nothing_to_compare(court: Any) -> None:
    with pytest.raises(NotReady, match="There is no media worker yet"):
        await court.compare(Role.clerk, certificate=FIRST)
    assert await court.has_certificate("") is False  # a worker of an older version does not say
    assert await standing(court) == ComparisonProgress()


@pytest.mark.both_databases
@ASSEMBLED
async def test_a_new_worker_makes_the_comparison_stale_and_the_log_says_so(court: Any) -> None:
    await court.has_certificate(FIRST)
    await court.compare(Role.clerk, certificate=FIRST)
    assert await court.has_certificate(FIRST) is False  # the web process came back, the worker is the same
    assert await court.has_certificate(SECOND) is True
    assert await standing(court) == ComparisonProgress(certificate=SECOND, again=True)
    assert (await told(court))[1:] == [("fingerprints_stale", "", {"certificate": SECOND})]
    with pytest.raises(Invalid, match="This page is connected with a different certificate than the"):
        await court.compare(Role.clerk, certificate=FIRST)
    await court.compare(Role.clerk, certificate=SECOND)
    assert (await standing(court)).status is S.matched


@pytest.mark.both_databases
@ASSEMBLED
async def test_the_start_waits_for_the_comparison_the_agreement_asks_for(court: Any) -> None:
    await court.check_sound()
    await court.has_certificate(SECOND)
    with pytest.raises(FingerprintsOpen):
        await start(court)
    with pytest.raises(Invalid) as caught:
        await start(court, without_comparison=True)
    assert caught.value.field == "reason"
    await court.compare(Role.clerk, certificate=SECOND)
    await start(court)
    async with court.database.reading() as db:
        ordered = [event.data for event in await queries.events(db, court.hearing.id) if event.kind == "start_ordered"]
        sitting, _ = await court.sitting(db)
    assert ordered == [{"without_camera": [], "without_comparison": "", "reason": ""}]
    assert sitting.status is SittingStatus.pre_record  # until the recorder has opened


@ASSEMBLED
async def test_the_judge_starts_without_for_a_reason_which_the_log_keeps(court: Any) -> None:
    await court.check_sound()
    await court.compare(Role.requested_authority, matched=False)
    with pytest.raises(FingerprintsOpen, match="somebody may be listening"):
        await start(court)
    await start(court, without_comparison=True, reason="Read over a noisy telephone.")
    async with court.database.reading() as db:
        ordered = [event.data for event in await queries.events(db, court.hearing.id) if event.kind == "start_ordered"]
    assert ordered == [
        {"without_camera": [], "without_comparison": "differs", "reason": "Read over a noisy telephone."}
    ]


@ASSEMBLED
async def test_terms_signed_before_there_was_such_a_rule_do_not_ask_for_it(court: Any) -> None:
    """They have neither the need nor the agreed value, and are not read as if they had."""
    await court.check_sound()
    await court.has_certificate(SECOND)
    async with court.database.transaction() as db:
        agreement = await agreements.running(db, court.hearing.id)
        assert agreement is not None
        agreement.needs = {name: value for name, value in agreement.needs.items() if name != "fingerprints"}
        session = {name: value for name, value in agreement.terms["session"].items() if name != "fingerprints"}
        agreement.terms = {**agreement.terms, "session": session}
        db.add(agreement)
        lines = {line.item: line for line in (await agreements.outcome(db, agreement)).lines}
        assert (lines["fingerprints"].rule, await agreements.stale(db, agreement, court.hearing)) == (
            "fingerprints_waived",
            "",
        )
        assert agreements.needs_of(agreement).fingerprints is False
        assert outcomes.completed(agreement.needs)["fingerprints"] is True  # what a new offer would ask for
    await start(court)


@ASSEMBLED
async def test_nothing_is_compared_once_the_sitting_is_over(court: Any) -> None:
    await court.has_certificate(FIRST)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        await sittings.close(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=sitting.since)
    with pytest.raises(NotReady, match="The sitting is over"):
        await court.compare(Role.clerk, certificate=FIRST)
