"""The person's consents to be heard by video, rule by rule: recorded by either State, withdrawn at any time."""

from typing import Annotated, Literal

from pydantic import Field

from hearings import queries
from hearings.law import law
from hearings.models import HearingRequest
from hearings.requests import consent_answers, person_consents
from hearings.sitting import withdrawals
from hearings.status import ConsentStatus
from web.api import etags, statements
from web.api.access import Caller, parts_of
from web.api.fields import Instant, Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, RequestId, ShownRequest, locked

router = Resource("consents")

ConsentId = Annotated[str, Field(max_length=40, pattern="^[!-~]+$", description="Id of the consent.")]


class ShownConsent(Shown):
    """Whether the person agrees, as one rule asks it."""

    id: str
    rule: str
    provision: str
    text: str
    status: ConsentStatus
    since: Moment
    counsel: str
    counsel_present: bool | None
    lawyer_access: bool | None
    given_at: Moment | None
    note: str


class Expected(Shown):
    """A rule that asks for consent and is not on record: of a draft, or since the request was submitted."""

    rule: str
    provision: str
    text: str


class ConsentList(Shown):
    """What is on record, what rules ask besides, and what all of it comes to."""

    items: list[ShownConsent]
    expected: list[Expected]
    standing: str


class Said(Model):
    """What the person said, with which counsel, and when (now if left out)."""

    answer: Literal["pending", "given", "refused"]
    counsel: str = Field(default="", max_length=200)
    counsel_present: bool | None = None
    lawyer_access: bool | None = None
    given_at: Instant | None = None
    note: str = Field(default="", max_length=1000)


class Withdrawal(Model):
    """Why the person withdraws, if a reason was given."""

    reason: str = Field(default="", max_length=1000)


@router.read(
    "/requests/{request_id}/consents", scope="requests:read", errors=(404,), gives={"consent_id": "items/0/id"}
)
async def list_consents(caller: Caller, request_id: RequestId) -> ConsentList:
    """The person's consents, rule by rule, and those a rule asks for that are not on record."""
    return await _listed(caller, await queries.request(caller.db, request_id, state=caller.state))


async def _listed(caller: Caller, row: HearingRequest) -> ConsentList:
    caller.shown.append(row)
    rows = await consent_answers.of_request(caller.db, row.id)
    rules = consent_answers.asking(row, now=caller.now, law=await law.current(caller.db))
    have = {one.rule for one in rows}
    return ConsentList(
        items=[ShownConsent.from_row(one) for one in rows],
        expected=[
            Expected(rule=rule.key, provision=rule.provision, text=rule.text) for rule in rules if rule.key not in have
        ],
        standing=consent_answers.overall(rows),
    )


@router.act(
    "/requests/{request_id}/consents",
    scope="consents:write",
    body="none",
    errors=ACT,
    gives={"consent_id": "items/0/id"},
)
async def note_consents(caller: Caller, request_id: RequestId) -> ConsentList:
    """Note the rules that ask for consent by the law as it is now and are not on record, to be answered one by one."""
    row = await locked(caller, request_id)
    await person_consents.note(caller.db, request=row, actor=caller.actor, now=caller.now)
    return await _listed(caller, row)


@router.act(
    "/requests/{request_id}/consents/{consent_id}/record",
    scope="consents:write",
    errors=ACT,
    gives={"consent_id": "id"},
)
async def record_consent(caller: Caller, request_id: RequestId, consent_id: ConsentId, body: Said) -> ShownConsent:
    """Record that the person was asked (`pending`), has consented (`given`) or not (`refused`)."""
    row = await locked(caller, request_id)
    found = await person_consents.record(
        caller.db,
        request=row,
        consent_id=consent_id,
        answer=body.answer,
        counsel=body.counsel,
        counsel_present=body.counsel_present,
        lawyer_access=body.lawyer_access,
        given_at=statements.instant(body.given_at, "given_at"),
        note=body.note,
        actor=caller.actor,
        now=caller.now,
    )
    caller.shown.append(row)
    return ShownConsent.from_row(found)


@router.act(
    "/requests/{request_id}/consents/{consent_id}/withdraw",
    scope="consents:write",
    errors=ACT,
)
async def withdraw_consent(
    caller: Caller, request_id: RequestId, consent_id: ConsentId, body: Withdrawal
) -> ShownConsent:
    """The person withdraws, at any time. Where the person is being heard the floor closes at once."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    await withdrawals.lock_hearings(caller.db, row)
    etags.allow(caller, ShownRequest.from_row(row))
    held = await withdrawals.withdraw(
        caller.db, request=row, consent_id=consent_id, reason=body.reason, actor=caller.actor, now=caller.now
    )
    if held:
        caller.after.append(lambda: _tell(caller, held))
    caller.shown.append(row)
    (found,) = [one for one in await consent_answers.of_request(caller.db, row.id) if one.id == consent_id]
    return ShownConsent.from_row(found)


def _tell(caller: Caller, held: list[str]) -> None:
    for hearing_id in held:
        parts_of(caller.request).conductors.floor_closed(hearing_id)
