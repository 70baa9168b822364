"""The certificate of a drill as data of the template `training`: the drill, its version, the day, the score, and why.

It names nobody: who was trained writes the name in by hand. It compares acts with provisions, never people or States.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hearings.documents.documents import written
from hearings.sentences import N_, Say, Sentence, english, tell
from hearings.training import drills
from hearings.training.scoring import FULL, ActOutcome, ScoreSheet

TITLE = N_("Certificate of a drill")
NOT_ALL = N_("Not everything of this drill was made to happen: what was not counts nowhere.")
NO_RANKING = N_("The score compares what was done with what is expected, and no person, court or State with another.")
BY_LOG = N_("It is computed from the log of the hearing of this rehearsal alone.")


def printed(
    sheet: ScoreSheet, *, reference: str, held: Sequence[tuple[datetime, str]], lang: str, say: Say = english
) -> dict[str, Any]:
    """The data of the document. `held`: when, each in the zone it is shown in, with the city."""

    def said(text: Sentence) -> str:
        return say(lang, text)

    def message(text: str) -> str:
        return say(lang, tell(text))

    drill = sheet.drill
    when = "\n".join(f"{at:%Y-%m-%d %H:%M} {city} (UTC{at.isoformat()[-6:]})" for at, city in held)
    score = tell("{points} of {most} points", points=sheet.points, most=sheet.most)
    meta = [
        _row(said(tell("Drill")), message(drill.title)),
        _row(said(tell("Its name and version")), f"{drill.id} / {drills.VERSION}", machine=True),
        _row(said(tell("Held on")), when),
        _row(said(tell("Score")), said(score)),
        _row(said(tell("Hearing")), reference, machine=True),
    ]
    return {
        "lang": lang,
        "title": message(TITLE),
        "reference": reference,
        "meta": meta,
        "heading": said(tell("What was expected")),
        "columns": [said(tell("Act")), said(tell("What was seen")), said(tell("Points"))],
        "rows": [
            {
                "text": message(one.act.text),
                "provision": one.act.provision,
                "says": said(one.says()),
                "points": "–" if one.outcome is ActOutcome.not_played else f"{one.points} / {FULL}",
            }
            for one in sheet.acts
        ],
        "blanks": [said(tell("Name, by hand")), said(tell("Trainer, by hand"))],
        "notes": [message(text) for text in (*([] if sheet.whole else [NOT_ALL]), BY_LOG, NO_RANKING)],
    }


def _row(label: str, value: str, *, machine: bool = False) -> dict[str, Any]:
    return {"label": label, "value": value if machine else written(value), "machine": machine}
