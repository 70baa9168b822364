"""The authorities of the requested State, as the page shows them on which a request names one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from hearings import reference
from hearings.models import HearingRequest
from hearings.people import competence, directory
from hearings.people.competence import Hint, HintCode
from hearings.people.directory import DirectoryEntry
from hearings.reference import Acceptance
from web.words.i18n import N_, _, listed

SENTENCES = {
    HintCode.not_listed: N_("The directory does not list this authority. Check its name, or ask the State."),
    HintCode.not_competent: N_("The directory does not list this authority as competent for: {instruments}."),
    HintCode.competence_unknown: N_(
        "The directory does not say whether this authority is competent for: {instruments}."
    ),
    HintCode.other_offences: N_("The directory lists this authority for other offences."),
    HintCode.old: N_("This entry of the directory has not been checked recently: ask before you rely on it."),
}
OTHERS = N_("Listed as competent: {authorities}.")
MOST = 20
"""Authorities shown beside the form; the directory has the rest."""


@dataclass(frozen=True, kw_only=True)
class ListedAuthorities:
    """What the directory has of the requested State: authorities, hints on the one named, what the State accepts."""

    state: str
    entries: list[tuple[DirectoryEntry, bool]]
    """Each with whether nobody has checked it recently."""
    more: int
    hints: list[str]
    acceptances: tuple[Acceptance, ...]


async def listed_in(
    request: Request, state: str, row: HearingRequest | None, values: Mapping[str, Any]
) -> ListedAuthorities | None:
    """The directory of the requested State for a draft; None before a State is chosen."""
    if not state:
        return None
    async with request.app.state.parts.database.reading() as db:
        entries = await directory.entries(db, state=state)
    today = datetime.now(UTC).date()
    found = competence.hints(
        entries,
        name=str(values.get("requested_authority") or ""),
        instruments=row.instruments if row else (),
        scopes=row.offence_scope if row else (),
        on=today,
    )
    known = competence.to_address(entries)
    return ListedAuthorities(
        state=state,
        entries=[(entry, entry.old(today)) for entry in known[:MOST]],
        more=max(0, len(known) - MOST),
        hints=[text for hint in found for text in _sentences(hint)],
        acceptances=reference.jurisdiction(state).acceptances,
    )


def _sentences(hint: Hint) -> list[str]:
    names = listed(reference.instrument_name(one) for one in hint.instruments)
    texts = [_(SENTENCES[hint.code]).format(instruments=names)]
    if hint.others:
        texts.append(_(OTHERS).format(authorities=listed(hint.others)))
    return texts
