"""The acts on a request, one row each, read by the page of the request, by the page that signs, and by the API.

A row says who may and when, what the form asks and how it is read, which function of `hearings` does it with what was
read, what an authority signs with it, and the operation of the API. What the API is sent, or the authority has signed,
holds the same keywords as the form does. `priority` and `delegate` have operations of another shape
(`web.requests.work_api`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, errors, reference
from hearings.actors import Actor
from hearings.law.answer import FACTS
from hearings.law.law import current
from hearings.models import HearingRequest
from hearings.models.request_parts import AnsweredWith
from hearings.requests import document as statement_bodies, gate_answers, priority, requests
from hearings.sentences import tell
from hearings.signatures.signatures import Act as Signed
from hearings.status import RequestStatus
from hearings.texts import NOT_A_VALUE
from web.api.fields import Instant, Model, Reason
from web.requests import conditions as request_conditions
from web.requests.refusal import Unconfirmed, postponement_facts, reason_facts, refusal_facts
from web.server import signed_acts as bonds
from web.server.forms import Form
from web.server.signed_acts import StatementToSign
from web.words import conditions as conditions_words, labels
from web.words.i18n import N_, _
from web.words.sentences import translated


class Question(Model):
    """A question to the requesting State, and by when its answer is wanted."""

    question: str = Field(min_length=3, max_length=4000)
    due: Instant | None = None


class Answer(Model):
    """The answer to the question."""

    answer: str = Field(min_length=3, max_length=4000)


class Comment(Model):
    """What the requesting State says to a refusal."""

    comment: str = Field(min_length=3, max_length=4000)


class MaybeReason(Model):
    """Body of `close_request`."""

    reason: str = Field(max_length=4000, description="Empty where none is given.")


Answers = dict[Annotated[str, Field(max_length=60)], bool]


class Acceptance(Model):
    """Body of `accept_request`."""

    reason: str = Field(max_length=4000, description="Empty where none is given.")
    answers: Answers = Field(
        default={}, max_length=20, description="Own answers to the legal check, given with the acceptance: by fact."
    )


class GateAnswers(Model):
    """Body of `answer_gate`: by fact, yes or no."""

    answers: Answers = Field(min_length=1, max_length=20)
    note: str = Field(max_length=1000, description="Empty where none is given.")


class Conditions(Model):
    """Body of `accept_with_conditions`; `rules` are those the room itself keeps (docs/api.md)."""

    conditions: str = Field(min_length=3, max_length=4000)
    rules: list[dict[str, Any]] = Field(max_length=50, description="Empty where the room keeps none by itself.")
    answers: Answers = Field(default={}, max_length=20, description="As for `accept_request`.")


LEFT_OUT: Any = Field(
    default="",
    max_length=2000,
    description="Why the two States did not consult, where an instrument relied on wants it and none is on record.",
)


class Refusal(Model):
    """Body of `refuse_request`; `ground` is a code of the closed list."""

    ground: str = Field(max_length=60)
    motive: str = Field(max_length=60, description="What the ground rests on: a code of `refusal_motive`, or empty.")
    reasons: str = Field(min_length=3, max_length=4000)
    consultation_left_out_because: str = LEFT_OUT


class Postponement(Model):
    """Body of `postpone_request`, with the day on which the request is looked at again."""

    reasons: str = Field(min_length=3, max_length=4000)
    review: Instant
    consultation_left_out_because: str = LEFT_OUT


R = RequestStatus
Read = Callable[[Form, Actor], Any]
Values = Mapping[str, Any]
Said = Sequence[gate_answers.Owed]
ANSWER = "g_"
"""What the inputs of the answers to the legal check begin with; then the fact."""
Facts = Callable[[HearingRequest, Values, Actor], list[tuple[str, str]]]


@dataclass(frozen=True)
class ApiOperation:
    """The operation of the API: `POST /requests/{request_id}/<path>`. Its body is `body`, or a statement that holds it
    where the act is signed; None where the act asks nothing."""

    path: str
    name: str
    scope: str
    text: str
    body: type[Model] | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """One act: a button of the request's page, and an operation of the API."""

    name: str
    right: str
    """The action of the permission table by which the page decides whether to offer the act; `does` checks it again."""
    asking_right: str = ""
    """The action for the requesting State, where it is another."""
    statuses: frozenset[RequestStatus]
    open: Callable[[HearingRequest], bool] = lambda row: True
    button: str
    kind: str = "second"
    done: str = N_("Done.")
    asks: str = ""
    """Label of the text the act requires; empty when it requires none."""
    ground: bool = False
    """Whether it asks for a ground of refusal, which must be confirmed when there are objections to it."""
    consults: bool = False
    """Whether an instrument may want a consultation before it; else the form asks why there was none."""
    day: str = ""
    """Name of the day the act sets: `due`, which is optional, or `review`."""
    person: bool = False
    value: bool = False
    answers: bool = False
    """Whether it asks what the State has still to answer of the legal check."""
    says: AnsweredWith | None = None
    """As what the act also answers what the State can say with it (`gate_answers.said_with`); None: it does not."""
    reads: Mapping[str, Read]
    """Keywords of `does`, and how each is read from the form."""
    does: Callable[..., Awaitable[Any]]
    signs: Signed | None = None
    """The signed act of an act that binds the State: it requires a statement signed by the authority."""
    means: str = ""
    """What a signed act means for the State, said beside its button."""
    facts: Facts = lambda row, values, actor: []
    """Label and text of what is signed, for the page that signs."""
    api: ApiOperation | None = None

    def values(self, form: Form, actor: Actor, said: Said = ()) -> dict[str, Any]:
        """The keywords of `does`, read from the form, with what is said besides. Raises `Invalid`."""
        values = {name: read(form, actor) for name, read in self.reads.items()}
        return values | self.answered(said, values.get("answers", {}))

    def answered(self, said: Said, typed: Mapping[str, bool]) -> dict[str, Any]:
        """The keyword of `does` with the answers said besides; those typed go before. Empty where nothing is said."""
        return {"answers": {one.fact: True for one in said} | dict(typed)} if said else {}

    async def said(self, db: AsyncSession, row: HearingRequest, actor: Actor, now: datetime) -> Said:
        """The answers to the legal check that the act gives besides: shown before it is signed, and named in what is
        signed."""
        if self.says is None:
            return ()
        return gate_answers.said_with(row, self.says, state=actor.state, now=now, law=await current(db))

    def statement(self, row: HearingRequest, form: Form, actor: Actor, said: Said = ()) -> StatementToSign | None:
        """The statement that binds the actor's State; None for an act that needs no statement. Raises `Invalid`."""
        if self.signs is None:
            return None
        typed = self.values(form, actor)
        besides = [one for one in said if one.fact not in typed.get("answers", {})]
        facts = [*self.facts(row, typed, actor), *_said_facts(besides)]
        body = self.body(row, self.values(form, actor, said))
        return bonds.of_request(row, act=self.signs, state=actor.state, body=body, facts=facts)

    def body(self, row: HearingRequest, values: Values) -> dict[str, Any]:
        """The body of the statement: the content of the decision, or the whole request for an act without a form."""
        said = {name: value for name, value in values.items() if name != "answers" or value}
        whole = {} if self.reads else statement_bodies.submission(row)
        return whole | dict(statement_bodies.plain(said))

    async def act(
        self, db: AsyncSession, row: HearingRequest, form: Form, actor: Actor, now: datetime, said: Said = ()
    ) -> None:
        """Performs the act with the values of the form. Raises and effects: those of `does`; also raises
        `Unconfirmed`."""
        blockers = await self.does(db, request=row, **self.values(form, actor, said), actor=actor, now=now)
        if self.ground and blockers and form.text("confirmed") != form.text("ground"):
            raise Unconfirmed(blockers)


# --- how a form is read ------------------------------------------------------------------------------------------


def _text(form: Form, actor: Actor) -> str:
    """The text of the form with LF line ends, as rows and statements store it; browsers send CR LF."""
    return form.text("text").replace("\r\n", "\n")


def _left_out(form: Form, actor: Actor) -> str:
    return form.text("left_out").replace("\r\n", "\n")


def _day(name: str) -> Read:
    """Reads a day as its end in the time zone of the actor's State; None when no day was chosen."""

    def read(form: Form, actor: Actor) -> datetime | None:
        if not form.text(name):
            return None
        try:
            day = date.fromisoformat(form.text(name))
            return clocks.end_of_day(day, reference.jurisdiction(actor.state).default_zone)
        except (ValueError, OverflowError):
            raise errors.Invalid(tell(NOT_A_VALUE), name) from None

    return read


def _answers(form: Form, actor: Actor) -> dict[str, bool]:
    """The facts of the legal check that were answered, in the order of the table."""
    given = {fact: form.text(ANSWER + fact) for fact in FACTS}
    return {fact: text == "yes" for fact, text in given.items() if text in ("yes", "no")}


def _person(form: Form, actor: Actor) -> str:
    person = form.text("person")
    if not person:
        raise errors.Invalid(tell("State who is to work on it"), "person")
    return "" if person == "nobody" else person


def _value(form: Form, actor: Actor) -> int | None:
    text = form.text("value")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 2):
        raise errors.Invalid("The priority goes from 0 to 15", "value")
    return int(text) if text else None


# --- what is signed, in words -------------------------------------------------------------------------------------


def _whose(row: HearingRequest, values: Values, actor: Actor) -> list[tuple[str, str]]:
    return [(labels.label("case_number"), row.case_number), (labels.label("person_name"), row.person_name)]


def _condition_facts(row: HearingRequest, values: Values, actor: Actor) -> list[tuple[str, str]]:
    rules = conditions_words.in_words(values["rules"])
    told = [(_("Conditions"), values["conditions"]), *((_("Condition"), rule[0]) for rule in rules)]
    return [*told, *_answer_facts(row, values, actor)]


def _answer_facts(row: HearingRequest, values: Values, actor: Actor) -> list[tuple[str, str]]:
    return [
        (translated(gate_answers.affirmed(fact, actor.state)), _("Yes") if answer else _("No"))
        for fact, answer in values["answers"].items()
    ]


def _said_facts(said: Said) -> list[tuple[str, str]]:
    return [
        (_("With your signature you also say"), f"{translated(one.text)} ({one.provision}, {one.instrument})")
        for one in said
    ]


def _acceptance_facts(row: HearingRequest, values: Values, actor: Actor) -> list[tuple[str, str]]:
    return [*reason_facts(row, values, actor), *_answer_facts(row, values, actor)]


def _gate_facts(row: HearingRequest, values: Values, actor: Actor) -> list[tuple[str, str]]:
    note = [(_("Note"), values["note"])] if values["note"] else []
    return [*_answer_facts(row, values, actor), *note]


# --- the table ---------------------------------------------------------------------------------------------------

REVIEW = frozenset({R.under_review})
OPEN = frozenset(
    {R.draft, R.submitted, R.received, R.under_review, R.information_requested, R.postponed}
    | {R.accepted, R.accepted_with_conditions}
)
WORKED_ON = frozenset(R) - {R.withdrawn, R.closed, R.refused}
WAITING = frozenset({R.received, R.under_review, R.information_requested, R.postponed})
ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            name="submit",
            right="submit_request",
            statuses=frozenset({R.draft}),
            button=N_("Submit the request"),
            kind="",
            reads={},
            does=requests.submit,
            says=AnsweredWith.submission,
            signs=Signed.submit_request,
            means=N_("It is then the request of your State to the other State."),
            facts=_whose,
            api=ApiOperation(
                "submit",
                "submit_request",
                "requests:write",
                "Submit a draft, signed as it stands (`submit_request`), with the `answers` to the legal check of its "
                "statement. Answers 409 with what is `missing` otherwise.",
            ),
        ),
        Action(
            name="acknowledge",
            right="acknowledge_request",
            statuses=frozenset({R.received}),
            button=N_("Acknowledge"),
            kind="",
            reads={},
            does=requests.acknowledge,
            api=ApiOperation(
                "acknowledge", "acknowledge_request", "requests:answer", "Take a request up: it is under review."
            ),
        ),
        Action(
            name="accept",
            right="answer_request",
            statuses=REVIEW,
            button=N_("Accept"),
            kind="",
            answers=True,
            reads={"reason": _text, "answers": _answers},
            does=requests.accept,
            says=AnsweredWith.acceptance,
            signs=Signed.accept_request,
            means=N_("Your State undertakes to carry out the request."),
            facts=_acceptance_facts,
            api=ApiOperation(
                "accept",
                "accept_request",
                "requests:answer",
                "Accept (`accept_request`; body `reason`, which may be empty, and `answers`: what they do not name "
                "stays open). Answers 409 `gate_open`, with `missing`, while the State has to answer or has said no.",
                Acceptance,
            ),
        ),
        Action(
            name="conditions",
            right="answer_request",
            statuses=REVIEW,
            button=N_("Accept with conditions"),
            asks=N_("Conditions"),
            answers=True,
            reads={
                "conditions": _text,
                "rules": lambda form, actor: request_conditions.read(form),
                "answers": _answers,
            },
            does=requests.accept_with_conditions,
            says=AnsweredWith.acceptance,
            signs=Signed.accept_with_conditions,
            means=N_("Your State undertakes to carry out the request under these conditions."),
            facts=_condition_facts,
            api=ApiOperation(
                "accept-with-conditions",
                "accept_request_with_conditions",
                "requests:answer",
                "Accept under conditions (`accept_with_conditions`; body `conditions`, `rules` the room keeps by "
                "itself, and `answers`).",
                Conditions,
            ),
        ),
        Action(
            name="gate",
            right="answer_gate",
            asking_right="answer_gate_asking",
            statuses=gate_answers.ANSWERABLE,
            button=N_("Answer the legal check"),
            asks=N_("Note (optional)"),
            answers=True,
            reads={"answers": _answers, "note": _text},
            does=gate_answers.answer,
            signs=Signed.answer_gate,
            means=N_("The other State and the hearing rely on the answers of your State."),
            facts=_gate_facts,
            api=ApiOperation(
                "gate-answers",
                "answer_gate",
                "requests:write|requests:answer",
                "Answer the legal check for the own State (`answer_gate`; body `answers` by fact, and `note`), from "
                "receipt until the hearing is ready.",
                GateAnswers,
            ),
        ),
        Action(
            name="ask",
            right="answer_request",
            statuses=REVIEW,
            button=N_("Ask for information"),
            asks=N_("Your question"),
            day="due",
            reads={"question": _text, "due": _day("due")},
            does=requests.ask_information,
            api=ApiOperation(
                "ask",
                "ask_request_information",
                "requests:answer",
                "Ask the requesting State for what is missing.",
                Question,
            ),
        ),
        Action(
            name="postpone",
            right="answer_request",
            statuses=REVIEW,
            button=N_("Postpone"),
            asks=N_("Reasons"),
            day="review",
            consults=True,
            reads={"reasons": _text, "review": _day("review"), "consultation_left_out_because": _left_out},
            does=requests.postpone,
            signs=Signed.postpone_request,
            means=N_("Your State puts off its decision to the day you name."),
            facts=postponement_facts,
            api=ApiOperation(
                "postpone",
                "postpone_request",
                "requests:answer",
                "Postpone because of proceedings under way (`postpone_request`; body `reasons`, and `review`: until "
                "when).",
                Postponement,
            ),
        ),
        Action(
            name="again",
            right="answer_request",
            statuses=requests.RESUMED,
            button=N_("Resume"),
            kind="",
            reads={},
            does=requests.take_up_again,
            api=ApiOperation(
                "take-up-again", "take_request_up_again", "requests:answer", "Resume what is postponed or waits."
            ),
        ),
        Action(
            name="refuse",
            right="answer_request",
            statuses=REVIEW,
            button=N_("Refuse"),
            kind="danger",
            asks=N_("Reasons"),
            ground=True,
            reads={
                "ground": lambda form, actor: form.text("ground"),
                "motive": lambda form, actor: form.text("motive"),
                "reasons": _text,
                "consultation_left_out_because": _left_out,
            },
            consults=True,
            does=requests.refuse,
            signs=Signed.refuse_request,
            means=N_("Your State does not carry out the request, on the ground you name."),
            facts=refusal_facts,
            api=ApiOperation(
                "refuse",
                "refuse_request",
                "requests:answer",
                "Refuse (`refuse_request`; body `ground` of the closed list, `motive`, `reasons`), after a "
                "consultation where an instrument relied on wants one, or with `consultation_left_out_because`.",
                Refusal,
            ),
        ),
        Action(
            name="answer",
            right="answer_information",
            statuses=frozenset({R.information_requested}),
            button=N_("Answer the question"),
            kind="",
            asks=N_("Your answer"),
            reads={"answer": _text},
            does=requests.answer_information,
            api=ApiOperation(
                "answer",
                "answer_request_information",
                "requests:write",
                "Answer the requested State's question.",
                Answer,
            ),
        ),
        Action(
            name="confirm",
            right="confirm_in_writing",
            statuses=OPEN - {R.draft},
            open=lambda row: row.oral and row.written_confirmed_at is None,
            button=N_("Confirm in writing"),
            kind="",
            reads={},
            does=requests.confirm_in_writing,
            api=ApiOperation(
                "confirm-in-writing",
                "confirm_request_in_writing",
                "requests:write",
                "Confirm in writing what was asked by word of mouth (18(14), 46(14)).",
            ),
        ),
        Action(
            name="priority",
            right="set_priority",
            statuses=WAITING,
            button=N_("Set the priority"),
            asks=N_("Reason"),
            value=True,
            reads={"value": _value, "reason": _text},
            does=priority.overrule,
        ),
        Action(
            name="delegate",
            right="delegate_request",
            statuses=WORKED_ON,
            button=N_("Reassign"),
            asks=N_("Note (optional)"),
            person=True,
            reads={"person_id": _person, "reason": _text},
            does=requests.delegate,
        ),
        Action(
            name="comment",
            right="comment_refusal",
            statuses=frozenset({R.refused}),
            open=lambda row: not row.refusal_comment,
            button=N_("Comment on the refusal"),
            asks=N_("Your comment"),
            reads={"comment": _text},
            does=requests.comment_on_refusal,
            api=ApiOperation(
                "comment",
                "comment_on_refusal",
                "requests:write",
                "Say something to a refusal, once; the refusal stands.",
                Comment,
            ),
        ),
        Action(
            name="withdraw",
            right="withdraw_request",
            statuses=OPEN,
            button=N_("Withdraw"),
            kind="danger",
            asks=N_("Reason"),
            reads={"reason": _text},
            does=requests.withdraw,
            signs=Signed.withdraw_request,
            means=N_("Your State no longer asks for the hearing."),
            facts=reason_facts,
            api=ApiOperation(
                "withdraw",
                "withdraw_request",
                "requests:write",
                "Withdraw a request before it is executed (`withdraw_request`; body `reason`).",
                Reason,
            ),
        ),
        Action(
            name="close",
            right="withdraw_request",
            statuses=frozenset({R.executing, R.executed}),
            button=N_("Close the request"),
            asks=N_("Reason"),
            reads={"reason": _text},
            does=requests.close,
            api=ApiOperation(
                "close",
                "close_request",
                "requests:write",
                "File a request that was executed, or whose hearing came to nothing (then with a reason).",
                MaybeReason,
            ),
        ),
    )
}
