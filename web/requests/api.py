"""Requests of one State to another: drafted, submitted, answered. What binds a State comes signed by its authority."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from hearings import queries
from hearings.models import HearingRequest
from hearings.outward import view_notes
from hearings.paging import Page
from hearings.requests import document as statement_bodies, requests, sending
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.status import RequestStatus
from web.api import etags, paging, statements
from web.api.access import Caller
from web.api.fields import Column, Json, Model, Moment, Nothing, Shown, SignedAct, StateCode
from web.api.request_fields import Content, RequestFields
from web.api.routes import Resource
from web.requests.acts import ACTIONS, Action

router = Resource("requests")

RequestId = Annotated[str, Field(max_length=40, description="Id or reference of the request.")]
ACT = (404, 409, 412)
EITHER = "requests:write|requests:answer"
"""What an officer of either State may do, a client with either scope may."""


class NewRequest(Model):
    """A draft to one State; `content` as far as it is known."""

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


SUMMARY = tuple(RequestSummary.model_fields)


class RefusalObjection(Shown):
    """What the law holds against a refusal or postponement that stands: `ground_not_named`, `motive_invalid`,
    `motive_missing`, `not_consulted`."""

    code: str
    text: str
    provision: str

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """An objection as it is kept with a request."""
        return cls(code=kept["code"], text=kept["text"], provision=kept["provision"])


class ShownRequest(RequestSummary):
    """A request, whole. `content` is what the requesting State's authority signs."""

    priority: int
    receipt_due: Moment | None
    execution_due: Moment | None
    review_due: Moment | None
    written_due: Moment | None
    written_confirmed_at: Moment | None
    written_late: bool
    """Whether an oral request was confirmed in writing after its time; its submission may have been that."""
    answered_ground: str
    answered_reason: str
    answered_objections: list[RefusalObjection]
    consultation_left_out_because: str
    conditions: str
    condition_rules: list[Json]
    refusal_comment: str
    content: Content

    @classmethod
    def from_row(cls, row: Any, **more: Any) -> Self:
        kept = [RefusalObjection.of(objection) for objection in row.answered_objections]
        given = Content.model_validate(statement_bodies.content(row))
        late = sending.confirmed_late(row)
        return super().from_row(row, content=given, answered_objections=kept, written_late=late, **more)


class RefusedRequest(ShownRequest):
    """The request, refused. `objections` came up and did not bar it; the tag is that of the request."""

    objections: list[RefusalObjection]


class RequestList(Shown):
    """A page of requests, newest first."""

    items: list[RequestSummary]
    next: str


def request_list(caller: Caller, page: Page[HearingRequest]) -> RequestList:
    """A page of requests; the next one's address goes on the answer."""
    items = [RequestSummary.from_row(row) for row in page.rows]
    return RequestList(items=items, next=paging.link(caller, page.after))


class Change(Shown):
    """One change of status. `before` is empty for the first."""

    id: str
    before: str
    after: str
    at: Moment
    by: Annotated[str, Column("actor_label")]
    reason: str


class History(Shown):
    """Every change of status, oldest first."""

    items: list[Change]
    next: str


class View(Shown):
    """The other State has looked at it."""

    state: Annotated[str, Column("viewer_state")]
    by: Annotated[str, Column("viewer_label")]
    at: Moment


class ViewList(Shown):
    """Who of the other State has looked, oldest first."""

    items: list[View]
    next: str


async def locked(caller: Caller, request_id: str) -> HearingRequest:
    """A request that is about to be changed; `If-Match`, where it is sent, is about the request as it is shown."""
    row = await queries.request(caller.db, request_id, state=caller.state, lock=True)
    etags.allow(caller, ShownRequest.from_row(row))
    return row


async def request_answer(caller: Caller, row: HearingRequest) -> ShownRequest:
    """A request as it is answered: noted for the other State, with its tag."""
    await caller.db.flush()
    caller.shown.append(row)
    caller.handed_over = True
    return etags.tag(caller, ShownRequest.from_row(row))


# --- drafts ------------------------------------------------------------------------------------------------------


@router.create("/requests", scope="requests:write", tagged=True, gives={"request_id": "id"})
async def create_request(caller: Caller, body: NewRequest) -> ShownRequest:
    """Begin a draft. The other State sees nothing of it before it is submitted."""
    row = await requests.draft(
        caller.db,
        requested_state=body.requested_state,
        fields=body.content.model_dump(exclude_unset=True),
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/requests/{row.id}")
    return await request_answer(caller, row)


@router.read("/requests", scope="requests:read", paged=True, gives={"request_id": "items/0/id"})
async def list_requests(
    caller: Caller,
    side: Annotated[Literal["made", "received"] | None, Field(description="Only those made, or received.")] = None,
    status: RequestStatus | None = None,
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


@router.read("/requests/{request_id}", scope="requests:read", errors=(404,), tagged=True)
async def read_request(caller: Caller, request_id: RequestId) -> ShownRequest:
    """Read a request. When it is the other State's, that State can see that it was read, when, and by which client."""
    return await request_answer(caller, await queries.request(caller.db, request_id, state=caller.state))


@router.change("/requests/{request_id}", scope="requests:write", errors=(404,))
async def change_request(caller: Caller, request_id: RequestId, body: RequestFields) -> ShownRequest:
    """Change a draft: the fields that are sent, and no others."""
    row = await queries.request(caller.db, request_id, state=caller.state, lock=True)
    etags.require(caller, ShownRequest.from_row(row))
    await requests.update(
        caller.db, request=row, fields=body.model_dump(exclude_unset=True), actor=caller.actor, now=caller.now
    )
    return await request_answer(caller, row)


@router.read("/requests/{request_id}/history", scope="requests:read", errors=(404,), paged=True)
async def read_request_history(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 100
) -> History:
    """Every change of status. The other State sees it from the submission on."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    since = None if row.owner_state == caller.state else row.submitted_at
    page = await queries.history_page(caller.db, row, since=since, after=after, limit=limit)
    return History(items=[Change.from_row(one) for one in page.rows], next=paging.link(caller, page.after))


@router.read("/requests/{request_id}/views", scope="requests:read", errors=(404,), paged=True)
async def list_request_views(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> ViewList:
    """Who of the other State has looked at this request; for the State whose request it is."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    page = await view_notes.views_of(caller.db, row, state=caller.state, after=after, limit=limit)
    return ViewList(items=[View.from_row(one) for one in page.rows], next=paging.link(caller, page.after))


# --- acts --------------------------------------------------------------------------------------------------------


@router.read("/requests/{request_id}/statements/{act}", scope="requests:read", errors=(404,))
async def prepare_request_statement(
    caller: Caller,
    request_id: RequestId,
    act: Annotated[
        Literal[tuple(row.signs.value for row in ACTIONS.values() if row.signs)],  # type: ignore[valid-type]
        Field(description="The act to be signed."),
    ],
) -> statements.Statement:
    """The statement an authority signs for this act, to be filled in, written by RFC 8785 and signed.

    For `submit_request` the body is the whole request as it stands, with the `answers` to the legal check that the
    submission gives, where there are any; for the other acts it is what is decided, which is
    null here: a statement that comes back with null in it is refused (`undecided`).
    """
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    body: dict[str, Any] = dict(signatures.blank(Act(act)))
    if act == "submit_request":
        submit = ACTIONS["submit"]
        said = await submit.said(caller.db, row, caller.actor, caller.now)
        body = submit.body(row, submit.answered(said, {}))
    return statements.Statement(
        **signatures.statement(
            state=caller.state,
            other=_other(caller, row),
            act=Act(act),
            about=row.reference,
            body=body,
            now=caller.now,
        )
    )


def _other(caller: Caller, row: HearingRequest) -> str:
    return row.requested_state if caller.state == row.requesting_state else row.requesting_state


def declare(resource: Resource, row: Action) -> None:
    """Declare the operation of an act on a request. What is signed is kept as received; a refusal of it is an entry."""
    to = row.api
    if to is None:
        return
    body: Any = SignedAct if row.signs else to.body or (Nothing | None)

    async def operation(caller: Caller, request_id: str, body: Any = None) -> ShownRequest:
        request = await locked(caller, request_id)
        said = body
        besides = {} if to.body else row.answered(await row.said(caller.db, request, caller.actor, caller.now), {})
        if row.signs:
            said = await statements.receive(
                caller,
                jws=body.jws,
                other=_other(caller, request),
                act=row.signs,
                about=request.reference,
                subject=request,
                expect=None if to.body else row.body(request, besides),
                body=to.body,
            )
        values = {name: statements.instant(value, name) for name, value in said or ()} if to.body else besides
        found = await row.does(caller.db, request=request, **values, actor=caller.actor, now=caller.now)
        told = await request_answer(caller, request)
        if not row.ground:
            return told
        objections = [RefusalObjection(code=one.code, text=one.text, provision=one.provision) for one in found]
        return RefusedRequest(**dict(told), objections=objections)

    operation.__name__, operation.__doc__ = to.name, to.text
    given: dict[str, Any] = {"caller": Caller, "request_id": RequestId, "body": body}
    operation.__annotations__ = given | {"return": RefusedRequest if row.ground else ShownRequest}
    if row.signs or to.body:
        operation.__defaults__ = None
    resource.act(
        f"/requests/{{request_id}}/{to.path}",
        scope=to.scope,
        body="signed" if row.signs else "json",
        errors=ACT,
    )(operation)


for _action in ACTIONS.values():
    declare(router, _action)
