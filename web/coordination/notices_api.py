"""Notices of States: listed, published and confirmed; and those of both States of a request, today."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.coordination import state_notices
from hearings.coordination.state_notices import KnownNotice, NoticeContent, NoticeStatus
from hearings.models.coordination import NoticeEffect, NoticeTopic
from web.api import paging
from web.api.access import Caller
from web.api.fields import Day, Model, Moment, Shown, StateCode
from web.api.routes import Resource
from web.coordination import notice_publishing

router = Resource("notices")

NoticeId = Annotated[str, Field(max_length=36, description="Id of the notice.")]
RequestId = Annotated[str, Field(max_length=40, description="Id or reference of a request.")]


class ShownNotice(Shown):
    """A notice of a State. `by`: the State itself, or a facilitator for it. `unconfirmed`: the State has not confirmed
    what a facilitator published; `overdue`: not within 14 days. Without `last_day`: until superseded."""

    id: str
    state: str
    topic: NoticeTopic
    text: str
    effect: NoticeEffect
    reason: str
    first_day: Day
    last_day: Day | None
    source: str
    languages: list[str]
    supersedes: str
    by: str
    published_by: str
    published_at: Moment
    confirmed_at: Moment | None
    unconfirmed: bool
    overdue: bool
    status: NoticeStatus

    @classmethod
    def of(cls, known: KnownNotice) -> "ShownNotice":
        """A notice as it stands now."""
        row = known.row
        theirs = row.facilitator_id is not None
        return cls.from_row(
            row,
            state=row.owner_state,
            by="facilitator" if theirs else "state",
            published_by=row.published_label,
            unconfirmed=theirs and row.confirmed_at is None,
            overdue=known.overdue,
            status=known.status,
        )


class NoticeList(Shown):
    """A page of notices, newest first."""

    items: list[ShownNotice]
    next: str


class NewNotice(Model):
    """A notice of the own State. `reason` is needed where the effect is `block`."""

    topic: Annotated[NoticeTopic, Field(strict=False)]
    text: str = Field(min_length=3, max_length=2000)
    effect: Annotated[NoticeEffect, Field(strict=False)] = NoticeEffect.none
    reason: str = Field(default="", max_length=500)
    first_day: Day
    last_day: Day | None = None
    source: str = Field(default="", max_length=300)
    languages: list[str] = Field(default=[], max_length=10)
    supersedes: str = Field(default="", max_length=36, description="Id of the notice it takes the place of.")


@router.read("/notices", scope="notices:read", paged=True, gives={"notice_id": "items/0/id"})
async def list_notices(
    caller: Caller,
    state: Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Only this State's.")] = "",
    history: Annotated[bool, Field(description="Also those that are expired or superseded.")] = False,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> NoticeList:
    """The notices of all States or one that apply now or later."""
    page = await state_notices.listed(caller.db, state=state, history=history, now=caller.now, after=after, limit=limit)
    return NoticeList(items=[ShownNotice.of(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/notices/{notice_id}", scope="notices:read", errors=(404,))
async def read_notice(caller: Caller, notice_id: NoticeId) -> ShownNotice:
    """One notice, also one that is expired or superseded."""
    return ShownNotice.of(await state_notices.known(caller.db, notice_id, now=caller.now))


@router.create("/notices", scope="notices:write", errors=(404, 409), gives={"notice_id": "id"})
async def publish_notice(caller: Caller, body: NewNotice) -> ShownNotice:
    """Publish a notice of the own State. It applies at once, and those who follow the State are mailed.

    A notice that blocks refuses, on its days and with its reason, what its topic stops (409 `notice_blocks`).
    """
    content = NoticeContent(
        state=caller.state,
        topic=body.topic.value,
        text=body.text,
        effect=body.effect.value,
        reason=body.reason,
        first_day=body.first_day,
        last_day=body.last_day,
        source=body.source,
        languages=body.languages,
        supersedes=body.supersedes,
    )
    made = await notice_publishing.publish(
        caller.db, caller.request, content=content, actor=caller.actor, now=caller.now
    )
    return ShownNotice.of(await state_notices.known(caller.db, made.id, now=caller.now))


@router.act("/notices/{notice_id}/confirm", body="none", scope="notices:write", errors=(403, 404, 409))
async def confirm_notice(caller: Caller, notice_id: NoticeId) -> ShownNotice:
    """Confirm what a facilitator has published for the own State."""
    known = await state_notices.known(caller.db, notice_id, now=caller.now, lock=True)
    await state_notices.confirm(caller.db, notice=known.row, actor=caller.actor, now=caller.now)
    return ShownNotice.of(await state_notices.known(caller.db, notice_id, now=caller.now))


class RequestNotices(Shown):
    """The notices of both States of a request."""

    requesting_state: StateCode
    requested_state: StateCode
    items: list[ShownNotice]


@router.read("/requests/{request_id}/notices", scope="notices:read", errors=(404,))
async def list_request_notices(caller: Caller, request_id: RequestId) -> RequestNotices:
    """The notices of both States of a request that apply today; as a slot search shows those of its days."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    shown = await state_notices.of_states(
        caller.db,
        states={row.requesting_state, row.requested_state},
        since=caller.now,
        until=caller.now,
        now=caller.now,
    )
    return RequestNotices(
        requesting_state=row.requesting_state,
        requested_state=row.requested_state,
        items=[ShownNotice.of(KnownNotice(one, NoticeStatus.in_force, overdue)) for one, overdue in shown],
    )
