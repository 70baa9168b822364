"""The acts on a request as buttons: who may, when, what each asks and does, and what an authority signs with it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hearings import clocks, errors, reference
from hearings.actors import Actor
from hearings.models import HearingRequest
from hearings.requests import priority, requests, statements as statement_bodies
from hearings.sentences import tell
from hearings.signatures.signatures import Act as Signed
from hearings.status import RequestStatus
from web.requests import conditions as request_conditions
from web.requests.refusal import Unconfirmed
from web.server import signed_acts as bonds
from web.server.forms import Form
from web.server.signed_acts import Bond
from web.words import conditions as conditions_words, terms
from web.words.i18n import N_, _, long_date

R = RequestStatus
Do = Callable[[Any, HearingRequest, Form, Actor, datetime], Awaitable[None]]
Body = Callable[[HearingRequest, Form, Actor], Mapping[str, Any]]
Facts = Callable[[HearingRequest, Form, Actor], list[tuple[str, str]]]


def _always(row: HearingRequest) -> bool:
    return True


@dataclass(frozen=True)
class Statement:
    """What an authority signs: the act, the body made of row and form, and the body in words."""

    act: Signed
    body: Body
    facts: Facts


@dataclass(frozen=True)
class Action:
    """One button of the request's page: who may, when, what it asks, what it does."""

    name: str
    right: str
    statuses: frozenset[RequestStatus]
    button: str
    act: Do
    asks: str = ""
    """Label of the text it needs; empty when it needs none."""
    ground: bool = False
    day: str = ""
    """Name of the day it sets: `due`, which may be left open, or `review`."""
    person: bool = False
    value: bool = False
    kind: str = "second"
    done: str = N_("Done.")
    statement: Statement | None = None
    """For an act that binds the State: it happens only with this, signed by the authority."""
    open: Callable[[HearingRequest], bool] = _always

    def bond(self, row: HearingRequest, form: Form, actor: Actor) -> Bond | None:
        """What the act binds the actor's State to; None when it binds nobody."""
        if self.statement is None:
            return None
        body, facts = self.statement.body(row, form, actor), self.statement.facts(row, form, actor)
        return bonds.of_request(row, act=self.statement.act, state=actor.state, body=body, facts=facts)


def _day(form: Form, name: str, actor: Actor) -> datetime | None:
    """The end of a day in the actor's State; None when none was chosen."""
    if not form.text(name):
        return None
    try:
        day = date.fromisoformat(form.text(name))
        return clocks.end_of_day(day, reference.jurisdiction(actor.state).default_zone)
    except (ValueError, OverflowError):
        raise errors.Invalid(tell("Not one of the values this field takes"), name) from None


async def _submit(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.submit(db, request=row, actor=actor, now=now)


async def _acknowledge(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.acknowledge(db, request=row, actor=actor, now=now)


async def _accept(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.accept(db, request=row, reason=form.text("text"), actor=actor, now=now)


async def _conditions(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    rules = request_conditions.read(form)
    await requests.accept_with_conditions(
        db, request=row, conditions=form.text("text"), rules=rules, actor=actor, now=now
    )


async def _ask(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    due = _day(form, "due", actor)
    await requests.ask_information(db, request=row, question=form.text("text"), due=due, actor=actor, now=now)


async def _answer(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.answer_information(db, request=row, answer=form.text("text"), actor=actor, now=now)


async def _postpone(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    review = _day(form, "review", actor)
    await requests.postpone(db, request=row, reasons=form.text("text"), review=review, actor=actor, now=now)


async def _again(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.take_up_again(db, request=row, actor=actor, now=now)


async def _refuse(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    ground, motive, reasons = form.text("ground"), form.text("motive"), form.text("text")
    found = await requests.refuse(db, request=row, ground=ground, motive=motive, reasons=reasons, actor=actor, now=now)
    if found and form.text("confirmed") != ground:
        raise Unconfirmed(found)


async def _withdraw(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.withdraw(db, request=row, reason=form.text("text"), actor=actor, now=now)


async def _close(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.close(db, request=row, reason=form.text("text"), actor=actor, now=now)


async def _comment(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.comment_on_refusal(db, request=row, comment=form.text("text"), actor=actor, now=now)


async def _confirm(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    await requests.confirm_in_writing(db, request=row, actor=actor, now=now)


async def _delegate(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    person, reason = form.text("person"), form.text("text")
    if not person:
        raise errors.Invalid(tell("Say who is to work on it"), "person")
    person = "" if person == "nobody" else person
    await requests.delegate(db, request=row, person_id=person, reason=reason, actor=actor, now=now)


async def _priority(db: Any, row: HearingRequest, form: Form, actor: Actor, now: datetime) -> None:
    text = form.text("value")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise errors.Invalid("The priority goes from 0 to 15", "value")
    value = int(text) if text else None
    await priority.overrule(db, request=row, value=value, reason=form.text("text"), actor=actor, now=now)


# --- what is signed ----------------------------------------------------------------------------------------------


def _whole(row: HearingRequest, form: Form, actor: Actor) -> Mapping[str, Any]:
    return statement_bodies.submission(row)


def _text(form: Form) -> str:
    """The text that is signed: browsers send line ends as CR LF, rows hold LF."""
    return form.text("text").replace("\r\n", "\n")


def _reason(row: HearingRequest, form: Form, actor: Actor) -> Mapping[str, Any]:
    return {"reason": _text(form)}


def _under(row: HearingRequest, form: Form, actor: Actor) -> Mapping[str, Any]:
    return {"conditions": _text(form), "rules": request_conditions.read(form)}


def _refused(row: HearingRequest, form: Form, actor: Actor) -> Mapping[str, Any]:
    return {"ground": form.text("ground"), "motive": form.text("motive"), "reasons": _text(form)}


def _postponed(row: HearingRequest, form: Form, actor: Actor) -> Mapping[str, Any]:
    return {"reasons": _text(form), "review": statement_bodies.plain(_day(form, "review", actor))}


# --- the same in words ---------------------------------------------------------------------------------------------


def _whose(row: HearingRequest, form: Form, actor: Actor) -> list[tuple[str, str]]:
    return [(terms.label("case_number"), row.case_number), (terms.label("person_name"), row.person_name)]


def _said(row: HearingRequest, form: Form, actor: Actor) -> list[tuple[str, str]]:
    return [(terms.label("reason"), form.text("text"))] if form.text("text") else []


def _said_under(row: HearingRequest, form: Form, actor: Actor) -> list[tuple[str, str]]:
    kept = conditions_words.told(request_conditions.read(form))
    return [(_("Conditions"), form.text("text")), *((_("Condition"), one[0]) for one in kept)]


def _said_until(row: HearingRequest, form: Form, actor: Actor) -> list[tuple[str, str]]:
    review = _day(form, "review", actor)
    zone = reference.jurisdiction(actor.state).default_zone
    return [*_said(row, form, actor), *([(terms.label("review"), long_date(review, zone))] if review else [])]


def _said_why(row: HearingRequest, form: Form, actor: Actor) -> list[tuple[str, str]]:
    told = [(_("Ground of refusal"), terms.ground(form.text("ground")))]
    if form.text("motive"):
        told.append((_("What the ground rests on"), terms.motive(form.text("motive"))))
    return [*told, *_said(row, form, actor)]


REVIEW = frozenset({R.under_review})
OPEN = frozenset(
    {R.draft, R.submitted, R.received, R.under_review, R.information_requested, R.postponed}
    | {R.accepted, R.accepted_with_conditions}
)
WORKED_ON = frozenset(R) - {R.withdrawn, R.closed, R.refused}
WAITING = frozenset({R.received, R.under_review, R.information_requested, R.postponed})
ACTIONS: dict[str, Action] = {
    one.name: one
    for one in (
        Action(
            "submit",
            "submit_request",
            frozenset({R.draft}),
            N_("Submit the request"),
            _submit,
            kind="",
            statement=Statement(Signed.submit_request, _whole, _whose),
        ),
        Action("acknowledge", "acknowledge_request", frozenset({R.received}), N_("Acknowledge"), _acknowledge, kind=""),
        Action(
            "accept",
            "answer_request",
            REVIEW,
            N_("Accept"),
            _accept,
            kind="",
            statement=Statement(Signed.accept_request, _reason, _said),
        ),
        Action(
            "conditions",
            "answer_request",
            REVIEW,
            N_("Accept with conditions"),
            _conditions,
            N_("Conditions"),
            statement=Statement(Signed.accept_with_conditions, _under, _said_under),
        ),
        Action("ask", "answer_request", REVIEW, N_("Ask for information"), _ask, N_("Your question"), day="due"),
        Action(
            "postpone",
            "answer_request",
            REVIEW,
            N_("Postpone"),
            _postpone,
            N_("Reasons"),
            day="review",
            statement=Statement(Signed.postpone_request, _postponed, _said_until),
        ),
        Action("again", "answer_request", frozenset({R.postponed}), N_("Take up again"), _again, kind=""),
        Action(
            "refuse",
            "answer_request",
            REVIEW,
            N_("Refuse"),
            _refuse,
            N_("Reasons"),
            ground=True,
            kind="danger",
            statement=Statement(Signed.refuse_request, _refused, _said_why),
        ),
        Action(
            "answer",
            "answer_information",
            frozenset({R.information_requested}),
            N_("Answer the question"),
            _answer,
            N_("Your answer"),
            kind="",
        ),
        Action(
            "confirm",
            "confirm_in_writing",
            OPEN - {R.draft},
            N_("Confirm in writing"),
            _confirm,
            kind="",
            open=lambda row: row.oral and row.written_confirmed_at is None,
        ),
        Action("priority", "set_priority", WAITING, N_("Set the priority"), _priority, N_("Reason"), value=True),
        Action(
            "delegate",
            "delegate_request",
            WORKED_ON,
            N_("Give to a colleague"),
            _delegate,
            N_("Note (optional)"),
            person=True,
        ),
        Action(
            "comment",
            "comment_refusal",
            frozenset({R.refused}),
            N_("Comment on the refusal"),
            _comment,
            N_("Your comment"),
            open=lambda row: not row.refusal_comment,
        ),
        Action(
            "withdraw",
            "withdraw_request",
            OPEN,
            N_("Withdraw"),
            _withdraw,
            N_("Reason"),
            kind="danger",
            statement=Statement(Signed.withdraw_request, _reason, _said),
        ),
        Action(
            "close",
            "withdraw_request",
            frozenset({R.executing, R.executed}),
            N_("File the request as closed"),
            _close,
            N_("Reason"),
        ),
    )
}
