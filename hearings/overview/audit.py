"""What administrators and the operator have done, of one State, and who of the other State has viewed its rows.

Nothing is written for this: the rows are those that each act leaves behind, brought into one list. A row that was added
and retired is there twice. Acts on the installation belong to no State and are in every State's list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, case, literal, select as core_select, type_coerce, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import (
    ApiClient,
    ApiClientKey,
    AuthorityKey,
    Hearing,
    HearingRequest,
    InstallationEvent,
    JointChange,
    LawRow,
    Person,
    SharedView,
    SigningKey,
    StatusChange,
    Webhook,
)
from hearings.paging import Page, page


class AuditSubject(StrEnum):
    """What an act of administration is about."""

    staff = "staff"
    signing_key = "signing_key"
    recipient = "recipient"
    api_client = "api_client"
    webhook = "webhook"
    law = "law"
    joint_change = "joint_change"
    installation = "installation"


@dataclass(frozen=True)
class AdministrativeAct:
    """One act. `id`: of its row and the act, unique in the list; `row`: the id of the row it is about.

    `actor`, `actor_label`: who did it, empty where the row does not say. `state`: the other State it concerns.
    """

    id: str
    at: datetime
    subject: AuditSubject
    act: str
    row: str
    name: str
    actor: str
    actor_label: str
    reason: str
    state: str


def _act(
    subject: AuditSubject,
    act: Any,
    *,
    of: Any,
    at: Any,
    name: Any,
    actor: Any,
    label: Any,
    row: Any = None,
    reason: Any = "",
    state: Any = "",
) -> Any:
    """The query for the acts of one kind, with the columns of `AdministrativeAct`; `of`: the table of the row."""

    def text(value: Any) -> Any:
        return literal(value, String) if isinstance(value, str) else value

    key = col(of.id) + literal(f"/{act}", String) if isinstance(act, str) else col(of.id)
    values = {
        "id": key,
        "at": at,
        "subject": subject.value,
        "act": act,
        "row": col(of.id) if row is None else row,
        "name": name,
        "actor": actor,
        "actor_label": label,
        "reason": reason,
        "state": state,
    }
    return core_select(*(text(value).label(name) for name, value in values.items())).where(at.is_not(None))


def _word(column: Any) -> Any:
    return type_coerce(col(column), String)


def _staff(state: str) -> list[Any]:
    about = aliased(Person)
    query = _act(
        AuditSubject.staff,
        case((col(StatusChange.before) == "", "added"), else_=col(StatusChange.after)),
        of=StatusChange,
        at=col(StatusChange.at),
        row=col(StatusChange.subject_id),
        name=func.coalesce(col(about.name), ""),
        actor=col(StatusChange.actor),
        label=col(StatusChange.actor_label),
        reason=col(StatusChange.reason),
    )
    query = query.outerjoin(about, col(about.id) == col(StatusChange.subject_id))
    return [query.where(col(StatusChange.subject) == "person", col(StatusChange.owner_state) == state)]


def _history(subject: AuditSubject, table: Any, name: Any, state: str) -> Any:
    """The acts of `moves.administered` on the rows of a table."""
    query = _act(
        subject,
        col(StatusChange.after),
        of=StatusChange,
        at=col(StatusChange.at),
        row=col(StatusChange.subject_id),
        name=name,
        actor=col(StatusChange.actor),
        label=col(StatusChange.actor_label),
        reason=col(StatusChange.reason),
    )
    query = query.join(table, col(table.id) == col(StatusChange.subject_id))
    return query.where(col(StatusChange.subject) == table.__tablename__, col(StatusChange.owner_state) == state)


def _made_and_ended(
    subject: AuditSubject, table: Any, name: Any, ended: Any, act: str, *, reason: Any = "", state: str
) -> list[Any]:
    """The acts on a row that notes by whom it was made. That it ended is in the row alone where nobody did it (a
    webhook that is gone) and where it was done before such acts had a history."""
    maker = aliased(Person)
    made = _act(
        subject,
        "added",
        of=table,
        at=col(table.created_at),
        name=name,
        actor=col(table.created_by),
        label=func.coalesce(col(maker.name), col(table.created_by)),
    ).outerjoin(maker, col(maker.id) == col(table.created_by))
    over = _act(subject, act, of=table, at=col(ended), name=name, actor="", label="", reason=reason)
    noted = aliased(StatusChange)
    of_row = core_select(col(noted.id)).where(
        col(noted.subject) == table.__tablename__, col(noted.subject_id) == col(table.id), col(noted.after) == act
    )
    over = over.where(~of_row.exists())
    own = [query.where(col(table.owner_state) == state) for query in (made, over)]
    return [*own, _history(subject, table, name, state)]


def _signing_keys(state: str) -> list[Any]:
    name = col(SigningKey.authority_name)
    return _made_and_ended(AuditSubject.signing_key, SigningKey, name, SigningKey.retired_at, "retired", state=state)


def _webhooks(state: str) -> list[Any]:
    why, name = col(Webhook.disabled_why), col(Webhook.url)
    return _made_and_ended(
        AuditSubject.webhook, Webhook, name, Webhook.disabled_at, "disabled", reason=why, state=state
    )


def _clients(state: str) -> list[Any]:
    name, maker = col(ApiClient.name), aliased(Person)
    key = _act(
        AuditSubject.api_client,
        "key_added",
        of=ApiClientKey,
        at=col(ApiClientKey.created_at),
        row=col(ApiClient.id),
        name=name,
        actor=col(ApiClientKey.created_by),
        label=func.coalesce(col(maker.name), col(ApiClientKey.created_by)),
        reason=col(ApiClientKey.kid),
    )
    key = key.join(ApiClient, col(ApiClient.id) == col(ApiClientKey.client_id))
    key = key.outerjoin(maker, col(maker.id) == col(ApiClientKey.created_by))
    own = _made_and_ended(AuditSubject.api_client, ApiClient, name, ApiClient.disabled_at, "disabled", state=state)
    return [*own, key.where(col(ApiClientKey.owner_state) == state)]


def _recipients(state: str) -> list[Any]:
    key = AuthorityKey
    added = _act(
        AuditSubject.recipient,
        "added",
        of=key,
        at=col(key.created_at),
        name=col(key.authority_name),
        actor=col(key.created_by),
        label=col(key.created_by_label),
    )
    retired = _act(
        AuditSubject.recipient,
        "retired",
        of=key,
        at=col(key.retired_at),
        name=col(key.authority_name),
        actor=col(key.retired_by),
        label=col(key.retired_by_label),
        reason=col(key.retired_reason),
    )
    return [query.where(col(key.owner_state) == state) for query in (added, retired)]


def _law(state: str) -> list[Any]:
    query = _act(
        AuditSubject.law,
        _word(LawRow.kind),
        of=LawRow,
        at=col(LawRow.at),
        name=col(LawRow.key),
        actor=col(LawRow.edited_by),
        label=col(LawRow.edited_label),
        reason=col(LawRow.reason),
    )
    return [query.where(col(LawRow.owner_state) == state)]


def _joint_changes(state: str) -> list[Any]:
    change = JointChange
    proposed = _act(
        AuditSubject.joint_change,
        "proposed",
        of=change,
        at=col(change.at),
        name=_word(change.kind),
        actor=col(change.proposed_by),
        label=col(change.proposed_label),
        reason=col(change.reason),
        state=col(change.owner_state),
    )
    decided = _act(
        AuditSubject.joint_change,
        _word(change.status),
        of=change,
        at=col(change.decided_at),
        name=_word(change.kind),
        actor=col(change.decided_by),
        label=col(change.decided_label),
        reason=col(change.decided_reason),
        state=col(change.decided_state),
    )
    sides = (change.owner_state, change.concerns, change.decided_state)
    return [query.where(or_(*(col(side) == state for side in sides))) for query in (proposed, decided)]


def _installation(_state: str) -> list[Any]:
    event = InstallationEvent
    return [
        _act(
            AuditSubject.installation,
            _word(event.kind),
            of=event,
            at=col(event.at),
            name="",
            actor=col(event.actor),
            label=col(event.actor),
            reason=col(event.reason),
        )
    ]


SOURCES: dict[AuditSubject, Callable[[str], list[Any]]] = {
    AuditSubject.staff: _staff,
    AuditSubject.signing_key: _signing_keys,
    AuditSubject.recipient: _recipients,
    AuditSubject.api_client: _clients,
    AuditSubject.webhook: _webhooks,
    AuditSubject.law: _law,
    AuditSubject.joint_change: _joint_changes,
    AuditSubject.installation: _installation,
}
"""Where the acts of each subject are, by the State that reads them."""


def query_of(
    *,
    state: str,
    subject: AuditSubject | None = None,
    person: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Any, Any]:
    """The query for the acts in [since, until) and its columns. `person`: a part of the name of who did it."""
    chosen = SOURCES.values() if subject is None else (SOURCES[subject],)
    acts = union_all(*(query for source in chosen for query in source(state))).subquery()
    query = core_select(acts)
    if person:
        query = query.where(acts.c.actor_label.icontains(person, autoescape=True))
    if since is not None:
        query = query.where(acts.c.at >= since)
    if until is not None:
        query = query.where(acts.c.at < until)
    return query, acts.c


async def acts(db: AsyncSession, *, after: str = "", limit: int = 50, **asked: Any) -> Page[AdministrativeAct]:
    """The acts of `query_of`, newest first. Raises `Invalid` for a mark of another list."""
    query, columns = query_of(**asked)
    listed = await page(db, query, columns.at.desc(), columns.id.desc(), after=after, limit=limit)
    return Page([_read(line) for line in listed.rows], listed.after)


def _read(line: Any) -> AdministrativeAct:
    values = dict(line._mapping)
    return AdministrativeAct(**values | {"subject": AuditSubject(values["subject"])})


async def views(db: AsyncSession, *, state: str, after: str = "", limit: int = 50) -> Page[SharedView]:
    """The views of rows of this State by staff of the other State, newest first."""
    query = select(SharedView).where(SharedView.owner_state == state)
    return await page(db, query, col(SharedView.id).desc(), after=after, limit=limit)


async def references(db: AsyncSession, rows: Sequence[SharedView]) -> dict[str, str]:
    """The references of the requests and hearings that were viewed, by their ids."""
    ids = {row.subject_id for row in rows}
    requests = select(HearingRequest.id, HearingRequest.reference).where(col(HearingRequest.id).in_(ids))
    hearings = select(Hearing.id, Hearing.ref).where(col(Hearing.id).in_(ids))
    return dict((await db.exec(requests)).all()) | dict((await db.exec(hearings)).all())
