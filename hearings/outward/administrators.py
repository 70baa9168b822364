"""The administrators of the States of an installation: who they are, and what all of them are mailed."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.minutes.phrases import N_
from hearings.models import Person
from hearings.models.outbox import OutboxKind
from hearings.outward import outbox
from hearings.outward.mail_words import FOOTER, SENTENCE, Say, english
from hearings.outward.notices import USEFUL
from hearings.roles import StaffFunction


async def administrators(db: AsyncSession) -> list[Person]:
    """Active staff of all States who are administrators."""
    rows = (await db.exec(select(Person).where(col(Person.active)).order_by(col(Person.id)))).all()
    return [one for one in rows if StaffFunction.administrator in one.functions]


async def administrating(db: AsyncSession) -> Counter[str]:
    """The States that have administrators, and how many."""
    return Counter(one.owner_state for one in await administrators(db))


async def mail(
    db: AsyncSession,
    *,
    to: Collection[Person],
    text: str,
    path: str,
    key: str,
    origin: str,
    say: Say = english,
    now: datetime,
) -> None:
    """A sentence and where to look, in the language of each. Names nobody. Effects: one message each in the outbox."""
    for person in to:
        lang = person.language or "en"
        news = say(lang, text)
        lines = [say(lang, SENTENCE).format(news=news), "", f"{origin}{path}", "", say(lang, FOOTER)]
        await outbox.put(
            db,
            kind=OutboxKind.mail,
            to=person.email,
            payload={"subject": f"Vivavoce: {news}", "text": "\n".join(lines), "language": lang},
            about="",
            owner_state=person.owner_state,
            now=now,
            key=f"{key}:{person.id}",
            expires_at=now + USEFUL,
        )


LINK_MADE = N_("A sign-in link was made for you; if you did not ask for it, tell your administrator")
SIGN_INS = "/sign-ins"
"""The page on which everybody sees the own sign-ins and links."""


async def tell_of_link(
    db: AsyncSession, *, person: Person, link_hash: str, origin: str, say: Say = english, now: datetime
) -> None:
    """Mail a person that a sign-in link was made for them, without the link. Effects: a message in the outbox."""
    await mail(
        db, to=[person], text=LINK_MADE, path=SIGN_INS, key=f"sign_in_link:{link_hash}", origin=origin, say=say, now=now
    )
