"""The table of measures: a measure is a row. Its definition and version go with every figure, on pages, in tables and
in answers of the API. `python -m hearings.statistics.measures` prints the table of docs/statistics.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hearings.sentences import N_
from hearings.statistics import hearing_measures as of_hearings, request_measures as of_requests
from hearings.statistics.cells import CUTS, OWN_CUTS, SPREAD, Figure, Window
from hearings.statistics.past import Past

REQUESTS, HEARINGS, TESTS = N_("requests"), N_("hearings"), N_("tests")
DAYS, MINUTES, PERCENT, AN_HOUR = N_("days"), N_("minutes"), N_("per cent"), N_("an hour")
SPREADS: Mapping[str, str] = {
    "median": N_("median"),
    "p75": N_("75th percentile"),
    "p90": N_("90th percentile"),
}
"""What the three figures of a spread are called."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measure. `version` is raised when what it counts becomes another."""

    id: str
    title: str
    definition: str
    version: int
    count: Callable[[Past, Window], Iterable[Figure]]
    whats: Mapping[str, tuple[str, str]]
    """What is counted, each with its label and unit."""
    spread: frozenset[str] = frozenset()
    """Those of them that are three figures: median, 75th and 90th percentile."""
    charts: tuple[tuple[tuple[str, ...], str], ...] = ()
    """What is drawn: these figures beside one another, or the groups of one of them in a cut."""
    partition: bool = False
    """Whether what is counted adds up to what another measure counts, so that one number can reveal another."""
    own_only: bool = False
    """Whether only the own State sees it: how its authority has divided the work."""

    def names(self) -> Mapping[str, tuple[str, str, str]]:
        """The names its figures can have, each with label, which of a spread it is (or empty), and unit."""
        found: dict[str, tuple[str, str, str]] = {}
        for what, (label, unit) in self.whats.items():
            if what in self.spread:
                found |= {f"{what}_{part}": (label, SPREADS[part], unit) for part in SPREAD}
            else:
                found[what] = (label, "", unit)
        return found


def _row(
    id_: str,
    title: str,
    definition: str,
    count: Callable[[Past, Window], Iterable[Figure]],
    whats: Mapping[str, tuple[str, str]],
    charts: tuple[tuple[tuple[str, ...], str], ...],
    *,
    spread: tuple[str, ...] = (),
    partition: bool = False,
    own_only: bool = False,
    version: int = 1,
) -> Measure:
    return Measure(
        id=id_, title=title, definition=definition, version=version, count=count, whats=whats,
        spread=frozenset(spread), charts=charts, partition=partition, own_only=own_only,
    )  # fmt: skip


MEASURES: Mapping[str, Measure] = {
    one.id: one
    for one in (
        _row(
            "submitted",
            N_("Requests submitted"),
            N_("Requests whose submission is in the period. A request counts once in each group it is in."),
            of_requests.submitted,
            {"submitted": (N_("Submitted"), REQUESTS)},
            ((("submitted",), "month"), (("submitted",), "state")),
        ),
        _row(
            "open",
            N_("Open requests and their age"),
            N_(
                "Requests submitted by the day of the figures and neither refused, withdrawn, executed nor closed "
                "then. The age is counted from the submission."
            ),
            of_requests.opened,
            {"open": (N_("Open"), REQUESTS), "age": (N_("Age"), DAYS)},
            ((("open",), "age"), (("open",), "waits_for")),
            spread=("age",),
        ),
        _row(
            "outcome",
            N_("Outcomes"),
            N_(
                "Requests that reached the outcome in the period, each once for each outcome. Executed in part: "
                "closed after a hearing was begun and not concluded; lapsed: closed after acceptance without a "
                "hearing. Grounds are told of refusals by the own State only."
            ),
            of_requests.outcomes,
            {
                "accepted": (N_("Accepted"), REQUESTS),
                "accepted_with_conditions": (N_("Accepted with conditions"), REQUESTS),
                "refused": (N_("Refused"), REQUESTS),
                "postponed": (N_("Postponed"), REQUESTS),
                "withdrawn": (N_("Withdrawn"), REQUESTS),
                "executed": (N_("Executed"), REQUESTS),
                "executed_in_part": (N_("Executed in part"), REQUESTS),
                "lapsed": (N_("Lapsed"), REQUESTS),
            },
            ((of_requests.OUTCOMES, ""),),
        ),
        _row(
            "time",
            N_("Time taken"),
            N_(
                "Days of stretches that ended in the period: from submission to the acknowledgement, the first "
                "question, the decision, the first hearing and the closing; from the end of the hearing to the signed "
                "minutes. Days for which a request was postponed are not in the time to the decision; they are told "
                "apart."
            ),
            of_requests.times,
            {
                "acknowledgement": (N_("To the acknowledgement"), DAYS),
                "question": (N_("To the first question"), DAYS),
                "decision": (N_("To the decision"), DAYS),
                "postponed": (N_("Postponed"), DAYS),
                "hearing": (N_("To the hearing"), DAYS),
                "minutes": (N_("From the hearing to the minutes"), DAYS),
                "close": (N_("To the closing"), DAYS),
            },
            ((tuple(f"{what}_median" for what in of_requests.TIMES), ""),),
            spread=of_requests.TIMES,
        ),
        _row(
            "in_time",
            N_("Within the time of the instrument"),
            N_(
                "Of steps taken in the period, the share within the time that an instrument the request could rely on "
                "sets, the shortest of several, to the end of a working day of the requested State. The time for "
                "execution runs from the decision. An extension that an instrument allows is added where the request "
                "was postponed. Requests under instruments without such a time are not counted."
            ),
            of_requests.in_time,
            {
                "in_time_acknowledgement": (N_("Acknowledged in time"), PERCENT),
                "in_time_recognition": (N_("Decided in time"), PERCENT),
                "in_time_execution": (N_("Executed in time"), PERCENT),
            },
            ((tuple(f"in_time_{what}" for what in of_requests.IN_TIME), ""),),
            version=2,
        ),
        _row(
            "information",
            N_("Questions to the requesting State"),
            N_(
                "Questions asked in the period; and of the requests accepted or refused in the period, the share that "
                "had been asked any. Which items were missing is not counted: the log holds questions as text."
            ),
            of_requests.information,
            {"rounds": (N_("Questions"), N_("questions")), "asked": (N_("Requests asked"), PERCENT)},
            ((("rounds",), "state"),),
        ),
        _row(
            "conditions",
            N_("Conditions and consultations"),
            N_(
                "Of acceptances in the period, the share with conditions; of refusals, the share before which a "
                "consultation of the two authorities had been recorded."
            ),
            of_requests.conditions,
            {
                "with_conditions": (N_("Accepted with conditions"), PERCENT),
                "consulted": (N_("Refused after a consultation"), PERCENT),
            },
            ((("with_conditions", "consulted"), ""),),
        ),
        _row(
            "hearings",
            N_("Hearings"),
            N_(
                "Hearings that began in the period. On time: no later than 15 minutes after the time agreed last. "
                "Interrupted: the floor was closed at least once for a fault or for the recording. Length and number "
                "of sittings are of those concluded. Aborted and cancelled ones are counted when that was done."
            ),
            of_hearings.hearings,
            {
                "held": (N_("Held"), HEARINGS),
                "on_time": (N_("Begun on time"), PERCENT),
                "interrupted": (N_("Interrupted"), PERCENT),
                "length": (N_("Length"), MINUTES),
                "sittings": (N_("Sittings of a hearing"), N_("sittings")),
                "aborted": (N_("Aborted"), HEARINGS),
                "cancelled": (N_("Cancelled"), HEARINGS),
            },
            ((("held", "aborted", "cancelled"), ""), (("held",), "capacity")),
            spread=("length", "sittings"),
        ),
        _row(
            "travel",
            N_("Video instead of travel"),
            N_(
                "Hearings begun in the period for which the request says why the person does not come to the court; "
                "and those of a person in custody, who would have had to be transferred. Distances are not estimated."
            ),
            of_hearings.travel,
            {
                "instead": (N_("Instead of travel"), HEARINGS),
                "transfer_avoided": (N_("Transfer from custody avoided"), HEARINGS),
            },
            ((("instead", "transfer_avoided"), ""),),
        ),
        _row(
            "interpreting",
            N_("Interpreting"),
            N_(
                "Hearings begun in the period in which somebody interpreted, by language and mode; the share with "
                "relay; and how often for each hour somebody signalled that they could not hear, or asked to repeat "
                "or to slow down."
            ),
            of_hearings.interpreting,
            {
                "interpreted": (N_("With interpreting"), HEARINGS),
                "relay": (N_("With relay"), PERCENT),
                "signals": (N_("Remarks on quality"), AN_HOUR),
            },
            ((("interpreted",), "language"), (("interpreted",), "mode")),
        ),
        _row(
            "line",
            N_("Line tests"),
            N_(
                "Tests of the line judged in the period, the share that passed, and of first tests of an agreement "
                "the share that passed. Loss is the higher of both sides; the round trip is that between the sites."
            ),
            of_hearings.line,
            {
                "tests": (N_("Tests"), TESTS),
                "passed": (N_("Passed"), PERCENT),
                "passed_first": (N_("Passed the first time"), PERCENT),
                "loss": (N_("Loss"), PERCENT),
                "rtt": (N_("Round trip"), N_("milliseconds")),
            },
            ((("passed", "passed_first"), ""),),
            spread=("loss", "rtt"),
        ),
        _row(
            "consent",
            N_("Consent of the person"),
            N_(
                "Consents that a rule asked for in the period, and answers recorded in it. A consent that is given "
                "and withdrawn later counts in both."
            ),
            of_requests.consents,
            {
                "consent_needed": (N_("Needed"), N_("consents")),
                "consent_asked": (N_("Asked"), N_("consents")),
                "consent_given": (N_("Given"), N_("consents")),
                "consent_refused": (N_("Refused"), N_("consents")),
                "consent_withdrawn": (N_("Withdrawn"), N_("consents")),
            },
            ((tuple(f"consent_{what}" for what in of_requests.CONSENTS.values()), ""),),
        ),
        _row(
            "custody",
            N_("Hearings and the limit of custody"),
            N_(
                "Hearings begun in the period no later than the day on which the custody must end, after it, and of "
                "requests that name no such day."
            ),
            of_hearings.custody,
            {
                "before_limit": (N_("Before the limit"), HEARINGS),
                "after_limit": (N_("After the limit"), HEARINGS),
                "no_limit": (N_("Without a limit"), HEARINGS),
            },
            ((("before_limit", "after_limit", "no_limit"), ""),),
            partition=True,
        ),
        _row(
            "workload",
            N_("Work of the own authority"),
            N_(
                "Open requests to which nobody of the own State is assigned, and how many an officer has who has any; "
                "those whose answer is overdue by the limit of an instrument, the day wanted or the days this service "
                "sets. Arrivals are submissions in the period, closures the first refusal, withdrawal, execution or "
                "closing. Nobody is named."
            ),
            of_requests.workload,
            {
                "unassigned": (N_("Assigned to nobody"), REQUESTS),
                "per_officer": (N_("For each officer"), REQUESTS),
                "overdue": (N_("Overdue"), REQUESTS),
                "arrivals": (N_("Arrivals"), REQUESTS),
                "closures": (N_("Closures"), REQUESTS),
                "balance": (N_("Arrivals minus closures"), REQUESTS),
            },
            ((("arrivals", "closures", "overdue", "unassigned"), ""),),
            spread=("per_officer",),
            own_only=True,
            version=2,
        ),
        _row(
            "signatures",
            N_("Signed electronically"),
            N_(
                "Of submissions and of decisions in the period, the share with a signed statement of the authority "
                "that was verified on receipt. All requests counted here were sent by this service; what goes by mail "
                "or paper alone is not known to it."
            ),
            of_requests.signatures,
            {
                "submission_signed": (N_("Submissions signed"), PERCENT),
                "decision_signed": (N_("Decisions signed"), PERCENT),
            },
            ((("submission_signed", "decision_signed"), ""),),
        ),
    )
}
"""Every measure, in the order of the page."""
CUT_LABELS: Mapping[str, str] = {
    **{cut: label for cut, (label, _function) in CUTS.items()},
    **OWN_CUTS,
}
"""Every cut in words."""


def table() -> str:
    """The measures as the table in docs/statistics.md."""
    lines = ["| measure | version | figures | definition |", "|---|---|---|---|"]
    for one in MEASURES.values():
        whats = ", ".join(
            f"{label.lower()} ({unit}{'; median, 75th, 90th' if what in one.spread else ''})"
            for what, (label, unit) in one.whats.items()
        )
        lines.append(f"| {one.title} (`{one.id}`) | {one.version} | {whats} | {one.definition} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(table(), end="")
