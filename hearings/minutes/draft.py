"""The draft of minutes: pure, from what is known of a hearing, in the order of its sections."""

from collections.abc import Mapping
from dataclasses import replace

from hearings.minutes.course import course, interruptions, interventions, recording, times
from hearings.minutes.facts import SECTIONS, Draft, Facts, Passage, Section, Telling, minimum
from hearings.minutes.people import consent, identity, languages, people, protection, rights
from hearings.minutes.phrases import Words, say
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

WRITERS: Mapping[str, Section] = {
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
    "technical": technical,
    "recording": recording,
    "remarks": remarks,
}


def draft(facts: Facts) -> Draft:
    """Draft every section of `SECTIONS`; those the instruments ask for are marked required."""
    told = Telling(facts)
    required = minimum(facts.bases)
    return Draft(
        passages=tuple(
            replace(passage, required=passage.section in required)
            for name in SECTIONS
            for passage in WRITERS[name](told)
        )
    )


def text_of(passage: Passage, lang: str, words: Words) -> str | None:
    """The passage in a language, one line for each of its lines; None when a message is not translated."""
    said = [say(line.says, lang, words) for line in passage.lines]
    return None if None in said else "\n".join(line for line in said if line is not None)


def open_in(passage: Passage, lang: str, words: Words) -> list[str]:
    """Of that text the lines that say what somebody has to complete."""
    waiting = (line for line in passage.lines if any(source.startswith("human:") for source in line.sources))
    return [said for line in waiting if (said := say(line.says, lang, words)) is not None]
