"""Requests of one State to another: drafted, submitted, answered. What binds a State comes signed by its authority."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import ConfigDict

from hearings import pages, queries
from hearings.models import HearingRequest, SharedView, StatusChange
from hearings.outward import looked_at
from hearings.requests import requests, statements as statement_bodies
from hearings.signatures import decisions, signatures
from hearings.signatures.signatures import Act
from hearings.status import RequestStatus
from web.api import etags, examples, paging, statements
from web.api.access import Caller, Calling
from web.api.fields import Json, Model, Moment, Nothing, Reason, Shown, SignedAct, StateCode
from web.api.request_fields import Content, RequestFields
from web.api.routes import Resource
from web.requests.bodies import Answer, Comment, Conditions, MaybeReason, Postponement, Question, Refusal

router = Resource("requests")

RequestId = Annotated[
    str, Path(max_length=40, description="Id or reference of the request.", examples=["RO-2027-0001"])
]
ACT = (404, 409, 412)
EITHER = "requests:write|requests:answer"
"""What an officer of either State may do, a client with either scope may."""


class NewRequest(Model):
    """A draft to one State; `content` as far as it is known."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.NEW_REQUEST]})

    requested_state: StateCode
    content: RequestFields = RequestFields()


class RequestSummary(Shown):
    """A request in a list: nothing of the person or the facts."""

    id: str
    reference: str
    requesting_state: str
    requested_state: str
    status: RequestStatus
    version: int
    created_at: Moment
    submitted_at: Moment | None
    answered_at: Moment | None
    answer_due: Moment | None
    info_due: Moment | None

    @classmethod
    def of(cls, row: HearingRequest) -> "RequestSummary":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


SUMMARY = tuple(RequestSummary.model_fields)


class ShownRequest(RequestSummary):
    """A request, whole. `content` is what the requesting State's authority signs."""

    priority: int
    review_due: Moment | None
    written_due: Moment | None
    written_confirmed_at: Moment | None
    answered_ground: str
    answered_reason: str
    conditions: str
    condition_rules: list[Json]
    refusal_comment: str
    content: Content

    @classmethod
    def of(cls, row: HearingRequest) -> "ShownRequest":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "content"}
        return cls(**own, content=Content.model_validate(statement_bodies.content(row)))


class RefusalObjection(Shown):
    """What can be said against a refusal that stands: `ground_not_named` by any instrument the request relies on."""

    code: str
    text: str
    provision: str


class RefusedRequest(ShownRequest):
    """The request, refused. `objections` came up and did not bar it; the tag is that of the request."""

    objections: list[RefusalObjection]


class RequestList(Shown):
    """A page of requests, newest first."""

    items: list[RequestSummary]
    next: str

    @classmethod
    def of(cls, caller: Caller, page: queries.Page[HearingRequest]) -> "RequestList":
        items = [RequestSummary.of(row) for row in page.rows]
        return cls(items=items, next=paging.link(caller, page.after))


class Change(Shown):
    """One change of status. `before` is empty for the first."""

    id: str
    before: str
    after: str
    at: Moment
    by: str
    reason: str

    @classmethod
    def of(cls, row: StatusChange) -> "Change":
        return cls(id=row.id, before=row.before, after=row.after, at=row.at, by=row.actor_label, reason=row.reason)


class History(Shown):
    """Every change of status, oldest first."""

    items: list[Change]
    next: str


class View(Shown):
    """The other State has looked at it."""

    state: str
    by: str
    at: Moment

    @classmethod
    def of(cls, row: SharedView) -> "View":
        return cls(state=row.viewer_state, by=row.viewer_label, at=row.at)


class ViewList(Shown):
    """Who of the other State has looked, oldest first."""

    items: list[View]
    next: str


async def locked(caller: Caller, request_id: str) -> HearingRequest:
    """A request that is about to be changed; `If-Match`, where it is sent, is about the request as it is shown."""
    row = await queries.request(caller.db, request_id, state=caller.state, lock=True)
    etags.allow(caller, ShownRequest.of(row))
    return row


async def shown(caller: Caller, row: HearingRequest) -> ShownRequest:
    """A request as it is answered: noted for the other State, with its tag."""
    await caller.db.flush()
    caller.shown.append(row)
    return etags.tag(caller, ShownRequest.of(row))


# --- drafts ------------------------------------------------------------------------------------------------------


@router.create("/requests", scope="requests:write", example=examples.REQUEST, tagged=True, gives={"request_id": "id"})
async def create_request(caller: Calling, body: NewRequest) -> ShownRequest:
    """Begin a draft. The other State sees nothing of it before it is submitted."""
    row = await requests.draft(
        caller.db,
        requested_state=body.requested_state,
        fields=body.content.told(),
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/requests/{row.id}")
    return await shown(caller, row)


@router.read(
    "/requests", scope="requests:read", example=examples.REQUEST_LIST, paged=True, gives={"request_id": "items/0/id"}
)
async def list_requests(
    caller: Calling,
    side: Annotated[Literal["made", "received"] | None, Query(description="Only those made, or received.")] = None,
    status: Annotated[RequestStatus | None, Query()] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> RequestList:
    """Requests this State has made or received, newest first."""
    outgoing = {"made": True, "received": False}.get(side or "")
    page = await queries.requests_told(
        caller.db,
        SUMMARY,
        state=caller.state,
        outgoing=outgoing,
        status=status,
        after=after,
        limit=limit,
    )
    return RequestList.model_validate({"items": page.rows, "next": paging.link(caller, page.after)})


@router.read("/requests/{request_id}", scope="requests:read", example=examples.REQUEST, errors=(404,), tagged=True)
async def read_request(caller: Calling, request_id: RequestId) -> ShownRequest:
    """Read a request. When it is the other State's, that State can see that it was read, when, and by which client."""
    return await shown(caller, await queries.request(caller.db, request_id, state=caller.state))


@router.change("/requests/{request_id}", scope="requests:write", example=examples.REQUEST, errors=(404,))
async def change_request(caller: Calling, request_id: RequestId, body: RequestFields) -> ShownRequest:
    """Change a draft: the fields that are sent, and no others."""
    row = await queries.request(caller.db, request_id, state=caller.state, lock=True)
    etags.require(caller, ShownRequest.of(row))
    await requests.update(caller.db, request=row, fields=body.told(), actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.read(
    "/requests/{request_id}/history", scope="requests:read", example=examples.HISTORY, errors=(404,), paged=True
)
async def read_request_history(
    caller: Calling, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 100
) -> History:
    """Every change of status. The other State sees it from the submission on."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    since = None if row.owner_state == caller.state else row.submitted_at
    page = await pages.changes(caller.db, row, since=since, after=after, limit=limit)
    return History(items=[Change.of(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/requests/{request_id}/views", scope="requests:read", example=examples.VIEWS, errors=(404,), paged=True)
async def list_request_views(
    caller: Calling, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> ViewList:
    """Who of the other State has looked at this request; for the State whose request it is."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    page = await looked_at.views_of(caller.db, row, state=caller.state, after=after, limit=limit)
    return ViewList(items=[View.of(one) for one in page.rows], next=paging.link(caller, page.after))


# --- signed acts -------------------------------------------------------------------------------------------------

Doing = Callable[[Caller, HearingRequest, Any], Awaitable[None]]


async def _signed(caller: Caller, request_id: str, signed: SignedAct, act: Act, body: type[Model] | None) -> Any:
    """The row and what was signed about it. The statement is kept as received; a refusal of it is an entry."""
    row = await locked(caller, request_id)
    other = row.requested_state if caller.state == row.requesting_state else row.requesting_state
    said = await statements.receive(
        caller,
        jws=signed.jws,
        other=other,
        act=act,
        about=row.reference,
        subject=row,
        expect=statement_bodies.submission(row) if act is Act.submit_request else None,
        body=body,
    )
    return row, said


@router.read(
    "/requests/{request_id}/statements/{act}", scope="requests:read", example=examples.STATEMENT, errors=(404,)
)
async def prepare_request_statement(
    caller: Calling,
    request_id: RequestId,
    act: Annotated[
        Literal[
            "submit_request",
            "accept_request",
            "accept_with_conditions",
            "refuse_request",
            "postpone_request",
            "withdraw_request",
        ],
        Path(description="The act to be signed."),
    ],
) -> statements.Statement:
    """The statement an authority signs for this act, to be filled in, written by RFC 8785 and signed.

    For `submit_request` the body is the whole request as it stands; for the other acts it is what is decided, which is
    null here: a statement that comes back with null in it is refused (`undecided`).
    """
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    other = row.requested_state if caller.state == row.requesting_state else row.requesting_state
    body = statement_bodies.submission(row) if act == "submit_request" else decisions.blank(Act(act))
    return statements.Statement(
        **signatures.statement(
            state=caller.state, other=other, act=Act(act), about=row.reference, body=body, now=caller.now
        )
    )


@router.act(
    "/requests/{request_id}/submit", scope="requests:write", body="signed", errors=(*ACT, 401), example=examples.REQUEST
)
async def submit_request(caller: Calling, request_id: RequestId, body: SignedAct) -> ShownRequest:
    """Submit a draft, signed as it stands (`submit_request`). Answers 409 with what is `missing` otherwise."""
    row, _said = await _signed(caller, request_id, body, Act.submit_request, None)
    await requests.submit(caller.db, request=row, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act(
    "/requests/{request_id}/withdraw", scope="requests:write", body="signed", errors=ACT, example=examples.REQUEST
)
async def withdraw_request(caller: Calling, request_id: RequestId, body: SignedAct) -> ShownRequest:
    """Withdraw a request before it is executed (`withdraw_request`; body `reason`)."""
    row, said = await _signed(caller, request_id, body, Act.withdraw_request, Reason)
    await requests.withdraw(caller.db, request=row, reason=said.reason, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act(
    "/requests/{request_id}/accept", scope="requests:answer", body="signed", errors=ACT, example=examples.REQUEST
)
async def accept_request(caller: Calling, request_id: RequestId, body: SignedAct) -> ShownRequest:
    """Accept (`accept_request`; body `reason`, which may be empty)."""
    row, said = await _signed(caller, request_id, body, Act.accept_request, MaybeReason)
    await requests.accept(caller.db, request=row, reason=said.reason, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act(
    "/requests/{request_id}/accept-with-conditions",
    scope="requests:answer",
    body="signed",
    errors=ACT,
    example=examples.REQUEST,
)
async def accept_request_with_conditions(caller: Calling, request_id: RequestId, body: SignedAct) -> ShownRequest:
    """Accept under conditions (`accept_with_conditions`; body `conditions`, and `rules` the room keeps by itself)."""
    row, said = await _signed(caller, request_id, body, Act.accept_with_conditions, Conditions)
    await requests.accept_with_conditions(
        caller.db, request=row, conditions=said.conditions, rules=said.rules, actor=caller.actor, now=caller.now
    )
    return await shown(caller, row)


@router.act(
    "/requests/{request_id}/refuse", scope="requests:answer", body="signed", errors=ACT, example=examples.REFUSED
)
async def refuse_request(caller: Calling, request_id: RequestId, body: SignedAct) -> RefusedRequest:
    """Refuse (`refuse_request`; body `ground` of the closed list, `motive`, `reasons`), after a consultation."""
    row, said = await _signed(caller, request_id, body, Act.refuse_request, Refusal)
    found = await requests.refuse(
        caller.db,
        request=row,
        ground=said.ground,
        motive=said.motive,
        reasons=said.reasons,
        actor=caller.actor,
        now=caller.now,
    )
    told = await shown(caller, row)
    objections = [RefusalObjection(code=one.code, text=one.text, provision=one.provision) for one in found]
    return RefusedRequest(**dict(told), objections=objections)


@router.act(
    "/requests/{request_id}/postpone", scope="requests:answer", body="signed", errors=ACT, example=examples.REQUEST
)
async def postpone_request(caller: Calling, request_id: RequestId, body: SignedAct) -> ShownRequest:
    """Postpone because of proceedings under way (`postpone_request`; body `reasons`, and `review`: until when)."""
    row, said = await _signed(caller, request_id, body, Act.postpone_request, Postponement)
    await requests.postpone(
        caller.db,
        request=row,
        reasons=said.reasons,
        review=statements.instant(said.review, "review"),
        actor=caller.actor,
        now=caller.now,
    )
    return await shown(caller, row)


# --- other acts --------------------------------------------------------------------------------------------------


@router.act("/requests/{request_id}/acknowledge", scope="requests:answer", errors=ACT, example=examples.REQUEST)
async def acknowledge_request(caller: Calling, request_id: RequestId, body: Nothing | None = None) -> ShownRequest:
    """Take a request up: it is under review."""
    row = await locked(caller, request_id)
    await requests.acknowledge(caller.db, request=row, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act("/requests/{request_id}/ask", scope="requests:answer", errors=ACT, example=examples.REQUEST)
async def ask_request_information(caller: Calling, request_id: RequestId, body: Question) -> ShownRequest:
    """Ask the requesting State for what is missing."""
    row = await locked(caller, request_id)
    await requests.ask_information(
        caller.db,
        request=row,
        question=body.question,
        due=statements.instant(body.due, "due"),
        actor=caller.actor,
        now=caller.now,
    )
    return await shown(caller, row)


@router.act("/requests/{request_id}/answer", scope="requests:write", errors=ACT, example=examples.REQUEST)
async def answer_request_information(caller: Calling, request_id: RequestId, body: Answer) -> ShownRequest:
    """Answer the requested State's question."""
    row = await locked(caller, request_id)
    await requests.answer_information(caller.db, request=row, answer=body.answer, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act("/requests/{request_id}/take-up-again", scope="requests:answer", errors=ACT, example=examples.REQUEST)
async def take_request_up_again(caller: Calling, request_id: RequestId, body: Nothing | None = None) -> ShownRequest:
    """Review a postponed request again."""
    row = await locked(caller, request_id)
    await requests.take_up_again(caller.db, request=row, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act("/requests/{request_id}/confirm-in-writing", scope="requests:write", errors=ACT, example=examples.REQUEST)
async def confirm_request_in_writing(
    caller: Calling, request_id: RequestId, body: Nothing | None = None
) -> ShownRequest:
    """Confirm in writing what was asked by word of mouth (18(14), 46(14))."""
    row = await locked(caller, request_id)
    await requests.confirm_in_writing(caller.db, request=row, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act("/requests/{request_id}/comment", scope="requests:write", errors=ACT, example=examples.REQUEST)
async def comment_on_refusal(caller: Calling, request_id: RequestId, body: Comment) -> ShownRequest:
    """Say something to a refusal, once; the refusal stands."""
    row = await locked(caller, request_id)
    await requests.comment_on_refusal(caller.db, request=row, comment=body.comment, actor=caller.actor, now=caller.now)
    return await shown(caller, row)


@router.act("/requests/{request_id}/close", scope="requests:write", errors=ACT, example=examples.REQUEST)
async def close_request(caller: Calling, request_id: RequestId, body: MaybeReason) -> ShownRequest:
    """File a request that was executed, or whose hearing came to nothing (then with a reason)."""
    row = await locked(caller, request_id)
    await requests.close(caller.db, request=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return await shown(caller, row)
