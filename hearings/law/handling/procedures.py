"""What has to come before and with a refusal or a postponement, by instrument (data/refusal.yaml). Pure.

A duty to consult reaches the grounds the instrument names. A motive the law bars is no bar to the act of a State: it is
an objection that stands on record with the refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hearings import reference
from hearings.law.law import LAW
from hearings.law.row_shape import choices, must
from hearings.sentences import Sentence, tell


class Duty(StrEnum):
    """How strictly an instrument wants something."""

    must = "must"
    where_fitting = "where_fitting"
    none_written = "none_written"


ALL = "all"
"""In place of grounds: every ground."""


@dataclass(frozen=True, kw_only=True)
class ConsultationRule:
    """The duty to consult before a refusal on some grounds, and before a postponement.

    `grounds` is None for every ground. `postponement`: the provision by which it also precedes a postponement, empty
    where it does not. `may_object`: the State may act without, and the objection stands with its act.
    """

    duty: Duty
    provision: str
    grounds: frozenset[str] | None
    postponement: str
    may_object: bool


@dataclass(frozen=True, kw_only=True)
class RefusalProcedure:
    """What one instrument wants of a refusal. `barred`: the provision by motive that never suffices alone.

    `reasons`, `remedies` and `informed` are provisions, empty where the instrument has none; `informed` is the duty to
    tell the other State at once that, and why, something is not done or takes longer.
    """

    instrument: str
    consultation: ConsultationRule
    reasons: str
    remedies: str
    informed: str
    barred: Mapping[str, str]
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class OwedConsultation:
    """A consultation that an instrument wants before an act."""

    instrument: str
    provision: str
    may_object: bool
    source: str
    confidence: str


def read(rows: Sequence[Mapping[str, Any]]) -> dict[str, RefusalProcedure]:
    """The procedures by instrument. Raises `Invalid` naming the field of a wrong row."""
    return {row["instrument_id"]: _procedure(row) for row in rows}


def _procedure(row: Mapping[str, Any]) -> RefusalProcedure:
    choices([row["instrument_id"]], LAW.instruments, "instrument_id")
    choices([row["confidence"]], LAW.enums["confidence"], "confidence")
    must(bool(row["source"]), tell("Cannot be empty"), "source")
    asked = row["consultation"]
    choices([asked["duty"], row["reasons"]["duty"]], [duty.value for duty in Duty], "duty")
    choices([asked["if_not_met"]], ("objection", "remark"), "if_not_met")
    grounds = choices(asked["grounds"], (ALL, *LAW.enums["refusal_code"]), "grounds")
    barred = {one["motive"]: one["provision"] for one in row.get("never_alone", [])}
    choices(list(barred), LAW.enums["refusal_motive"], "never_alone")
    informing = row.get("inform", {"duty": Duty.none_written, "provision": ""})
    choices([informing["duty"]], [duty.value for duty in Duty], "inform")
    duty = Duty(asked["duty"])
    postponement = asked.get("postponement_provision") or (asked["provision"] if duty is Duty.must else "")
    return RefusalProcedure(
        instrument=row["instrument_id"],
        consultation=ConsultationRule(
            duty=duty,
            provision=asked["provision"],
            grounds=None if ALL in grounds else frozenset(grounds),
            postponement=postponement if asked["also_postponement"] else "",
            may_object=asked["if_not_met"] == "objection",
        ),
        reasons=row["reasons"]["provision"] if row["reasons"]["duty"] == Duty.must else "",
        remedies=row["remedies"]["provision"] if "remedies" in row else "",
        informed=informing["provision"] if informing["duty"] != Duty.none_written else "",
        barred=barred,
        source=row["source"],
        confidence=row["confidence"],
    )


PROCEDURES: Mapping[str, RefusalProcedure] = read(reference.refusal_procedures())


def procedures(instruments: Iterable[str]) -> list[RefusalProcedure]:
    """The procedures of these instruments, as far as the data have them."""
    return [PROCEDURES[instrument] for instrument in dict.fromkeys(instruments) if instrument in PROCEDURES]


def duties(instruments: Iterable[str]) -> list[tuple[Sentence, str]]:
    """What these instruments want of whoever refuses or postpones besides a consultation, each with its provisions."""
    rows = procedures(instruments)
    wanted: tuple[tuple[Sentence, list[str]], ...] = (
        (tell("Give the reasons"), [row.reasons for row in rows]),
        (tell("Name the legal remedies there are"), [row.remedies for row in rows]),
        (tell("Inform the other State without delay"), [row.informed for row in rows]),
    )
    return [
        (duty, "; ".join(dict.fromkeys(named)))
        for duty, provisions in wanted
        if (named := [provision for provision in provisions if provision])
    ]


def owed_before_refusal(instruments: Iterable[str], ground: str) -> tuple[OwedConsultation, ...]:
    """The consultations these instruments want before a refusal on a ground."""
    return tuple(
        _owed(row, row.consultation.provision)
        for row in procedures(instruments)
        if row.consultation.duty is Duty.must
        and (row.consultation.grounds is None or ground in row.consultation.grounds)
    )


def owed_before_postponement(instruments: Iterable[str]) -> tuple[OwedConsultation, ...]:
    """The consultations these instruments want before a postponement."""
    return tuple(
        _owed(row, row.consultation.postponement) for row in procedures(instruments) if row.consultation.postponement
    )


def _owed(row: RefusalProcedure, provision: str) -> OwedConsultation:
    return OwedConsultation(
        instrument=row.instrument,
        provision=provision,
        may_object=row.consultation.may_object,
        source=row.source,
        confidence=row.confidence,
    )
