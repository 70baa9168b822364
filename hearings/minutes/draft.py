"""The draft of minutes, written from the facts of a hearing, in the order of `SECTIONS`. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from hearings.minutes.course import course, interruptions, interventions, recording, times
from hearings.minutes.facts import SECTIONS, Draft, DraftContext, Facts, Passage, Section, minimum
from hearings.minutes.people import consent, identity, languages, people, protection, rights
from hearings.minutes.sections import (
    case,
    conditions,
    exhibits,
    oath,
    objections,
    public,
    remarks,
    statements,
    technical,
)
from hearings.minutes.summary import annex, summary
from hearings.sentences import Say, Untranslated

WRITERS: Mapping[str, Section] = {
    "summary": summary,
    "case": case,
    "times": times,
    "people": people,
    "public": public,
    "identity": identity,
    "rights": rights,
    "consent": consent,
    "oath": oath,
    "languages": languages,
    "course": course,
    "statements": statements,
    "objections": objections,
    "exhibits": exhibits,
    "interruptions": interruptions,
    "interventions": interventions,
    "conditions": conditions,
    "protection": protection,
    "remarks": remarks,
    "technical": technical,
    "recording": recording,
    "annex": annex,
}


def draft(facts: Facts) -> Draft:
    """Draft every section of `SECTIONS`; those the instruments ask for are marked required."""
    context = DraftContext(facts)
    required = minimum(facts.bases)
    return Draft(
        passages=tuple(
            replace(passage, required=passage.section in required)
            for name in SECTIONS
            for passage in WRITERS[name](context)
        )
    )


def text_of(passage: Passage, lang: str, say: Say) -> str | None:
    """The passage in a language, one line for each of its lines; None when `say` raises `Untranslated`: the passage is
    then missing in that language, and a person has to write it.
    """
    try:
        return "\n".join(say(lang, line.says) for line in passage.lines)
    except Untranslated:
        return None


def open_in(passage: Passage, lang: str, say: Say) -> list[str]:
    """The lines of that text that say what a person has to complete."""
    waiting = (line for line in passage.lines if any(source.startswith("human:") for source in line.sources))
    return [say(lang, line.says) for line in waiting]
