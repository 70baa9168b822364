"""Line tests: measurements of both sites' browsers, judged against the agreement, and the validity of a passed test.

Both browsers meet in a media worker as in a hearing (`web.live.line_rooms`). The figures: round trip between the sites
(the sum of both to the server), loss, jitter, the audio band by tones the other site plays, bandwidth, the quality of
speech estimated from the first three, and how far sound is ahead of the picture where a browser says so. The limits are
data (data/negotiation.yaml), the band that of simultaneous interpreting (ISO 24019, data/defaults.yaml).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import paging, reference
from hearings.actors import Actor
from hearings.agreement import agreements, facts as agreement_facts, profiles
from hearings.errors import AgreementMissing, Invalid, LineTestMissing, NotFound, NotReady
from hearings.models import Agreement, Hearing, LineReport, LineTest
from hearings.moves import move
from hearings.paging import Page
from hearings.permissions import require_staff
from hearings.queries import get
from hearings.sentences import Series, tell
from hearings.status import AgreementStatus
from hearings.texts import clean

CODEC_MS = 26.5
"""Delay of Opus: a frame of 20 ms, 6.5 ms of looking ahead (RFC 6716 section 2.1.4 and 4.3)."""
JITTERS = 2
"""Delay of a balanced jitter buffer, as a multiple of the jitter."""
BASE_R, BPL = 93.2, 25.1


def rating(*, rtt_ms: float, loss_percent: float, jitter_ms: float) -> float:
    """The rating R, 0 to 93.2. `rtt_ms`: round trip between the two ends; `loss_percent`: of packets; all from 0 on."""
    one_way = rtt_ms / 2 + JITTERS * jitter_ms + CODEC_MS
    delay = 0.024 * one_way + 0.11 * max(0.0, one_way - 177.3)
    loss = 95 * loss_percent / (loss_percent + BPL)
    return max(0.0, BASE_R - delay - loss)


def mos(*, rtt_ms: float, loss_percent: float, jitter_ms: float) -> float:
    """Mean opinion score, 1 (bad) to 4.5, to two digits."""
    r = rating(rtt_ms=rtt_ms, loss_percent=loss_percent, jitter_ms=jitter_ms)
    return round(max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6), 2)


OPEN_FOR = timedelta(hours=1)
"""Time limit for the second site's report."""
FIGURES: Mapping[str, tuple[float, float]] = {
    "seconds": (5, 600),
    "rtt_ms": (0, 60_000),
    "loss_percent": (0, 100),
    "jitter_ms": (0, 60_000),
    "up_kbps": (0, 10_000_000),
    "down_kbps": (0, 10_000_000),
}
"""Members of a report, with their bounds."""
SOUND_AHEAD = (-60_000, 60_000)
"""Bounds of `sound_ahead_ms`, which a report holds only where the browser gives it."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of the judgement. `limit` None: measured, not judged. `measured` None: not measured. `side`:
    requesting, requested, or both."""

    item: str
    side: str
    measured: float | None
    limit: float | None
    passed: bool


def valid_for() -> timedelta:
    """How old a passed test may be when the hearing begins."""
    return timedelta(days=int(reference.defaults()["timers"]["test_call_valid_days"]))


# --- pure --------------------------------------------------------------------------------------------------------


def read(measured: Mapping[str, Any]) -> dict[str, Any]:
    """A report out of JSON: the figures, and for each tone its level above the noise beside it, in dB.

    Raises `Invalid` naming the field for what is missing, unknown, out of bounds or no number.
    """
    unknown = sorted(set(map(str, measured)) - {*FIGURES, "tones", "sound_ahead_ms"})
    if unknown:
        raise Invalid(tell("Unknown field of a report: {name}", name=repr(unknown[0][:40])), unknown[0][:40])
    figures: dict[str, Any] = {name: figure(measured.get(name), name, *bounds) for name, bounds in FIGURES.items()}
    ahead = measured.get("sound_ahead_ms")
    figures["sound_ahead_ms"] = None if ahead is None else figure(ahead, "sound_ahead_ms", *SOUND_AHEAD)
    tones = measured.get("tones")
    known = profiles.table()["line_test"]["tones_hz"]
    if not isinstance(tones, Mapping) or set(tones) != set(map(str, known)):
        raise Invalid(
            tell("A level is needed for each of these tones: {tones}", tones=Series.of(map(str, known))), "tones"
        )
    figures["tones"] = {str(hz): figure(tones[str(hz)], "tones", -200, 200) for hz in known}
    return figures


def figure(value: Any, field: str, least: float, most: float) -> float:
    """A number out of JSON, to two digits. Raises `Invalid` naming the field."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Invalid(tell("A number is needed"), field)
    if not least <= value <= most:
        raise Invalid(tell("A number from {least} to {most} is needed", least=f"{least:g}", most=f"{most:g}"), field)
    return round(float(value), 2)


def band(tones: Mapping[str, float]) -> int:
    """The highest tone up to which every tone was heard; 0 when not even the lowest was."""
    margin = profiles.table()["line_test"]["tone_margin_db"]
    heard = 0
    for hz in sorted(map(int, tones)):
        if tones[str(hz)] < margin:
            break
        heard = hz
    return heard


def judge(session: Mapping[str, Any], reports: Mapping[str, Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Both reports against the limits and the agreed session. `reports`: by side, as `read` gives them.

    The upward bandwidth is that of one camera with its voice as agreed. Measured and not judged: downward, the band
    without simultaneous interpreting, and, where the agreement does not ask for it, whether sound and picture keep
    together; where it does, what a browser did not measure has failed. The quality of speech (`mos`) is estimated from
    the round trip, loss and jitter (`hearings.agreement.line_tests`).
    """
    limits = profiles.table()["line_test"]
    least = int(reference.defaults()["interpretation"]["simultaneous_min_audio_hz"])
    wide = least if session["interpreting"] == "simultaneous" else None
    rtt = round(sum(report["rtt_ms"] for report in reports.values()), 2)
    findings = [
        Finding(item="rtt_ms", side="both", measured=rtt, limit=limits["rtt_ms"], passed=rtt <= limits["rtt_ms"])
    ]
    upward = session["video_kbps"] + session["audio_kbps"]
    for side, report in reports.items():
        for item in ("loss_percent", "jitter_ms"):
            passed = report[item] <= limits[item]
            findings.append(Finding(item=item, side=side, measured=report[item], limit=limits[item], passed=passed))
        quality = mos(rtt_ms=rtt, loss_percent=report["loss_percent"], jitter_ms=report["jitter_ms"])
        least_mos = limits["mos"]
        findings.append(Finding(item="mos", side=side, measured=quality, limit=least_mos, passed=quality >= least_mos))
        heard = band(report["tones"])
        findings += [
            Finding(item="band_hz", side=side, measured=heard, limit=wide, passed=wide is None or heard >= wide),
            Finding(
                item="up_kbps", side=side, measured=report["up_kbps"], limit=upward, passed=report["up_kbps"] >= upward
            ),
            Finding(item="down_kbps", side=side, measured=report["down_kbps"], limit=None, passed=True),
            _together(side, report.get("sound_ahead_ms"), asked=bool(session.get("lip_sync", False))),
        ]
    return tuple(findings)


def _together(side: str, ahead: float | None, *, asked: bool) -> Finding:
    """Sound ahead of the picture, in ms; negative behind. The limit depends on the sign."""
    limits = profiles.table()["line_test"]
    limit = -limits["sound_behind_ms"] if ahead is not None and ahead < 0 else limits["sound_ahead_ms"]
    within = ahead is not None and -limits["sound_behind_ms"] <= ahead <= limits["sound_ahead_ms"]
    return Finding(
        item="sound_ahead_ms", side=side, measured=ahead, limit=limit if asked else None, passed=within or not asked
    )


# --- in the database ---------------------------------------------------------------------------------------------


async def begin(db: AsyncSession, *, agreement: Agreement, actor: Actor, now: datetime) -> LineTest:
    """Begin a test of a signed agreement, or join the one that the other site has begun within the hour.

    Raises `AgreementMissing` before both States have signed. Effects: adds the test unless one is open.
    """
    hearing = await get(db, Hearing, agreement.hearing_id)
    _staff(hearing, actor)
    if agreement.status not in agreements.SIGNED:
        raise AgreementMissing(tell("A line is tested against an agreement that both States have signed"))
    last = await latest(db, agreement)
    if last is not None and last.judged_at is None and now - last.begun_at < OPEN_FOR:
        return last
    test = LineTest(
        owner_state=agreement.owner_state,
        agreement_id=agreement.id,
        terms_sha256=agreement.terms_sha256,
        begun_at=now,
        begun_by=actor.id,
    )
    db.add(test)
    await db.flush()
    return test


async def report(
    db: AsyncSession, *, test: LineTest, measured: Mapping[str, Any], actor: Actor, now: datetime
) -> LineReport:
    """Record the measurements of the browser at the actor's site; the second report triggers the judgement.

    Raises `Invalid` naming the field, `NotReady` for a second report of the same State, one that comes more than an
    hour after the test was begun, or a test of an agreement that is void by now.
    Effects, in order: adds the report; with both: the findings, and if all passed, the agreement to tested.
    """
    agreement = await get(db, Agreement, test.agreement_id, lock=True)
    hearing = await get(db, Hearing, agreement.hearing_id)
    _staff(hearing, actor)
    if agreement.status not in agreements.SIGNED or agreement.terms_sha256 != test.terms_sha256:
        raise NotReady(tell("The agreement this test was started for is no longer in force"))
    before = await reports(db, test)
    if actor.state in {earlier.owner_state for earlier in before}:
        raise NotReady(tell("This site has already reported: start a new test"))
    if now - test.begun_at > OPEN_FOR:
        raise NotReady(tell("This test was started more than an hour ago: start a new one"))
    row = LineReport(
        owner_state=actor.state,
        line_test_id=test.id,
        measured=read(measured),
        at=now,
        actor=actor.id,
        actor_label=actor.label,
    )
    db.add(row)
    await db.flush()
    if before:
        await _judge(db, test, agreement, hearing, [*before, row], actor, now)
    return row


async def _judge(
    db: AsyncSession,
    test: LineTest,
    agreement: Agreement,
    hearing: Hearing,
    both: Sequence[LineReport],
    actor: Actor,
    now: datetime,
) -> None:
    by_state = {side.owner_state: side.measured for side in both}
    sides = {"requesting": by_state[hearing.requesting_state], "requested": by_state[hearing.requested_state]}
    findings = judge(agreement.terms["session"], sides)
    test.findings = [asdict(finding) for finding in findings]
    test.judged_at, test.passed = now, all(finding.passed for finding in findings)
    db.add(test)
    if test.passed and agreement.status is AgreementStatus.agreed:
        move(db, agreement, AgreementStatus.tested, actor=actor, now=now, reason="line test passed")
    await db.flush()


async def require_line(
    db: AsyncSession, *, hearing: Hearing, without_test: str = "", actor: Actor, now: datetime
) -> Agreement:
    """The agreement by which a hearing can be made ready: signed by both, with facts that are unchanged.

    Without a passed test that is valid on the day of the hearing, `without_test` must give a reason to go on. Raises
    `AgreementMissing`, `LineTestMissing`. Effects: with a reason, `passed_over_*` of the agreement.
    """
    agreement = await agreements.running(db, hearing.id)
    if agreement is None or agreement.status not in agreements.SIGNED:
        raise AgreementMissing
    reason = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
    if reason:
        raise AgreementMissing(tell("The agreement is no longer in force: {reason}", reason=reason))
    if await good(db, agreement, hearing):
        return agreement
    why = clean(without_test, "without_test", most=500, least=3 if without_test.strip() else 0)
    if not why and agreement.passed_over_at is None:
        raise LineTestMissing
    if why:
        agreement.passed_over_at, agreement.passed_over_by, agreement.passed_over_why = now, actor.label, why
        db.add(agreement)
    return agreement


# --- reading -----------------------------------------------------------------------------------------------------


async def good(db: AsyncSession, agreement: Agreement, hearing: Hearing) -> bool:
    """Whether the newest judged test passed on these terms, no more than `valid_for` before the hearing begins."""
    query = select(LineTest).where(LineTest.agreement_id == agreement.id, col(LineTest.judged_at).is_not(None))
    last = (await db.exec(query.order_by(col(LineTest.id).desc()).limit(1))).first()
    if last is None or not last.passed or last.judged_at is None or last.terms_sha256 != agreement.terms_sha256:
        return False
    return last.judged_at >= hearing.starts_at - valid_for()


async def latest(db: AsyncSession, agreement: Agreement) -> LineTest | None:
    """The newest test; None if there is none."""
    query = select(LineTest).where(LineTest.agreement_id == agreement.id).order_by(col(LineTest.id).desc())
    return (await db.exec(query.limit(1))).first()


async def tests(db: AsyncSession, agreement: Agreement, *, limit: int = 20) -> Sequence[LineTest]:
    """The tests of an agreement, the newest first."""
    query = select(LineTest).where(LineTest.agreement_id == agreement.id).order_by(col(LineTest.id).desc())
    return (await db.exec(query.limit(limit))).all()


async def page(db: AsyncSession, agreement: Agreement, *, after: str = "", limit: int = 20) -> Page[LineTest]:
    """As `tests`, in pages."""
    query = select(LineTest).where(LineTest.agreement_id == agreement.id)
    return await paging.page(db, query, col(LineTest.id).desc(), after=after, limit=limit)


async def test_of(db: AsyncSession, agreement: Agreement, test_id: str) -> LineTest:
    """One test of an agreement. Raises `NotFound`."""
    test = await db.get(LineTest, test_id) if "\x00" not in test_id else None
    if test is None or test.agreement_id != agreement.id:
        raise NotFound
    return test


async def reports(db: AsyncSession, test: LineTest) -> Sequence[LineReport]:
    """The reports of a test, the earliest first."""
    query = select(LineReport).where(LineReport.line_test_id == test.id).order_by(col(LineReport.id))
    return (await db.exec(query)).all()


def _staff(hearing: Hearing, actor: Actor) -> None:
    require_staff(
        "test_line", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
