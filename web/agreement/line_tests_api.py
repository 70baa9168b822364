"""Line tests of an agreement: begun or joined, each site's figures reported, judged when both are there."""

from typing import Annotated, Any

from pydantic import Field

from hearings.agreement import agreements, line_tests, profiles
from hearings.models import Agreement, Hearing, LineTest
from web.agreement.api import Number, hearing_of
from web.api import paging
from web.api.access import Caller
from web.api.fields import Column, Json, Model, Moment, Nothing, Shown
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("line tests")

TestId = Annotated[str, Field(max_length=40, description="Id of the line test.")]
TONES = [str(hz) for hz in profiles.table()["line_test"]["tones_hz"]]
_TONES: dict[str, Any] = {
    "properties": {hz: {"type": "number", "minimum": -200, "maximum": 200} for hz in TONES},
    "required": TONES,
    "additionalProperties": False,
}


def _figure(name: str) -> Any:
    least, most = line_tests.FIGURES[name]
    return Field(ge=least, le=most)


class Report(Model):
    """What one site measured. `tones`: by frequency in Hz, how far each stands above the noise beside it, in dB.

    `sound_ahead_ms`: how far sound is ahead of the picture (negative: behind); null where it was not measured.
    """

    seconds: float = _figure("seconds")
    rtt_ms: float = _figure("rtt_ms")
    loss_percent: float = _figure("loss_percent")
    jitter_ms: float = _figure("jitter_ms")
    sound_ahead_ms: float | None = Field(default=None, ge=line_tests.SOUND_AHEAD[0], le=line_tests.SOUND_AHEAD[1])
    up_kbps: float = _figure("up_kbps")
    down_kbps: float = _figure("down_kbps")
    tones: dict[str, float] = Field(max_length=len(TONES), json_schema_extra=_TONES)


class LineTestFinding(Shown):
    """One line of the verdict. Without a limit it was not judged; `measured` null: the site's browser cannot tell."""

    item: str
    side: str
    measured: float | None
    limit: float | None
    passed: bool


class ShownReport(Shown):
    """What one State's site has reported."""

    state: Annotated[str, Column("owner_state")]
    at: Moment
    measured: Json


class ShownTest(Shown):
    """A line test; `passed` is known once both sites have reported."""

    hearing: str
    agreement: int
    id: str
    terms_sha256: str
    begun_at: Moment
    judged_at: Moment | None
    passed: bool | None
    findings: list[LineTestFinding]
    reports: list[ShownReport]


class TestList(Shown):
    """The tests of an agreement, the newest first."""

    items: list[ShownTest]
    next: str


async def _of(caller: Caller, row: LineTest, agreement: Agreement, hearing: Hearing) -> ShownTest:
    await caller.db.flush()
    return ShownTest.from_row(
        row,
        hearing=hearing.ref,
        agreement=agreement.number,
        findings=[LineTestFinding(**finding) for finding in row.findings],
        reports=[ShownReport.from_row(report) for report in await line_tests.reports(caller.db, row)],
    )


@router.create(
    "/hearings/{ref}/agreements/{agreement}/line-tests",
    scope="agreements:write",
    errors=(404, 409),
    gives={"ref": "hearing", "agreement": "agreement", "test": "id"},
)
async def begin_line_test(caller: Caller, ref: Ref, agreement: Number, body: Nothing | None = None) -> ShownTest:
    """Begin a test of an agreement both have signed, or join the one the other site has begun within the hour."""
    hearing = await hearing_of(caller, ref, lock=True)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state)
    test = await line_tests.begin(caller.db, agreement=row, actor=caller.actor, now=caller.now)
    caller.headers["Location"] = caller.url(f"/hearings/{hearing.ref}/agreements/{row.number}/line-tests/{test.id}")
    return await _of(caller, test, row, hearing)


@router.read(
    "/hearings/{ref}/agreements/{agreement}/line-tests",
    scope="agreements:read",
    errors=(404,),
    gives={"test": "items/0/id"},
    paged=True,
)
async def list_line_tests(
    caller: Caller, ref: Ref, agreement: Number, after: paging.After = "", limit: paging.Limit = 20
) -> TestList:
    """The tests of an agreement, with what was measured and what came of it."""
    hearing = await hearing_of(caller, ref)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state, lock=False)
    page = await line_tests.page(caller.db, row, after=after, limit=limit)
    items = [await _of(caller, one, row, hearing) for one in page.rows]
    return TestList(items=items, next=paging.link(caller, page.after))


@router.read("/hearings/{ref}/agreements/{agreement}/line-tests/{test}", scope="agreements:read", errors=(404,))
async def read_line_test(caller: Caller, ref: Ref, agreement: Number, test: TestId) -> ShownTest:
    """Read one test."""
    hearing = await hearing_of(caller, ref)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state, lock=False)
    return await _of(caller, await line_tests.test_of(caller.db, row, test), row, hearing)


@router.act(
    "/hearings/{ref}/agreements/{agreement}/line-tests/{test}/report", scope="agreements:write", errors=(404, 409)
)
async def report_line_test(caller: Caller, ref: Ref, agreement: Number, test: TestId, body: Report) -> ShownTest:
    """Report what one's own site has measured. The second report has the test judged against the agreement.

    The figures are the site's own word: a system that measures with its own equipment answers for them.
    """
    hearing = await hearing_of(caller, ref, lock=True)
    row = await agreements.agreement(caller.db, hearing, agreement, state=caller.state)
    found = await line_tests.test_of(caller.db, row, test)
    await line_tests.report(caller.db, test=found, measured=body.model_dump(), actor=caller.actor, now=caller.now)
    return await _of(caller, found, row, hearing)
