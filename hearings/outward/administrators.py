"""The administrators of all States of an installation, and mails to them."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Person
from hearings.models.outbox import OutboxKind
from hearings.outward import outbox
from hearings.outward.mail_words import FOOTER, full_stop
from hearings.outward.notices import USEFUL
from hearings.people import addresses
from hearings.roles import StaffFunction
from hearings.sentences import N_, Say, english, tell

SIGN_INS = "/sign-ins"
"""The address of the page with a person's own sign-ins and links."""


async def administrators(db: AsyncSession) -> list[Person]:
    """Active staff of all States who are administrators."""
    rows = (await db.exec(select(Person).where(col(Person.active)).order_by(col(Person.id)))).all()
    return [row for row in rows if StaffFunction.administrator in row.functions]


async def administrating(db: AsyncSession) -> Counter[str]:
    """The States that have administrators, and how many."""
    return Counter(administrator.owner_state for administrator in await administrators(db))


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
    """Mail each a sentence and an address, in their language; no names. Effects: one message each in the outbox."""
    for person in to:
        await _put(db, person, person.email, text, f"{origin}{path}", f"{key}:{person.id}", say, now)


async def mail_everywhere(
    db: AsyncSession,
    *,
    person: Person,
    text: str,
    path: str = SIGN_INS,
    key: str,
    origin: str,
    say: Say = english,
    now: datetime,
) -> None:
    """As `mail`, to one person at each address they have, or have lately had: what concerns how they sign in. `path`:
    as shipped the page of the own sign-ins. Effects: a message for each address in the outbox."""
    for number, address in enumerate(await addresses.of(db, person=person, now=now)):
        await _put(db, person, address, text, f"{origin}{path}", f"{key}:{person.id}:{number}", say, now)


async def _put(
    db: AsyncSession, person: Person, address: str, text: str, link: str, key: str, say: Say, now: datetime
) -> None:
    lang = person.language or "en"
    news = say(lang, tell(text))
    lines = [full_stop(news, lang, say), "", link, "", say(lang, FOOTER)]
    await outbox.put(
        db,
        kind=OutboxKind.mail,
        to=address,
        payload={"subject": f"Vivavoce: {news}", "text": "\n".join(lines), "language": lang},
        about="",
        owner_state=person.owner_state,
        now=now,
        key=key,
        expires_at=now + USEFUL,
    )


LINK_MADE = N_("A sign-in link was created for you; if you did not ask for it, tell your administrator")
CREDENTIALS: Mapping[str, str] = {
    "address_changed": N_(
        "The e-mail address of your account was changed; if you did not expect it, tell your administrator"
    ),
    "passkey_added": N_("A passkey was added to your account; if you did not add it, tell your administrator"),
    "passkey_renamed": N_("A passkey of yours was renamed; if you did not rename it, tell your administrator"),
    "passkey_removed": N_("A passkey of yours was removed; if you did not remove it, tell your administrator"),
    "identity_added": N_(
        "From now on you can sign in at the sign-in of your State; if you did not expect it, tell your administrator"
    ),
    "identity_removed": N_(
        "You no longer sign in at the sign-in of your State; if you did not remove it, tell your administrator"
    ),
}
"""What is mailed to a person of whom a passkey, an identity or the address has changed."""


async def tell_of_link(
    db: AsyncSession, *, person: Person, link_hash: str, origin: str, say: Say = english, now: datetime
) -> None:
    """Mail a person that a sign-in link was made for them, without the link. Effects: a message in the outbox."""
    key = f"sign_in_link:{link_hash}"
    await mail_everywhere(db, person=person, text=LINK_MADE, key=key, origin=origin, say=say, now=now)


async def tell_of_credential(
    db: AsyncSession, *, change: str, person: Person, about: str, origin: str, say: Say = english, now: datetime
) -> None:
    """Mail a person of a change of `CREDENTIALS`; `about`: id of the passkey or identity. Effects: as
    `mail_everywhere`."""
    key = f"{change}:{about}:{now.isoformat()}"
    await mail_everywhere(db, person=person, text=CREDENTIALS[change], key=key, origin=origin, say=say, now=now)


RECOVERY_ASKED = N_(
    "A new way to sign in was asked for, for a member of your staff; another administrator confirms or refuses it"
)
RECOVERY_FOR_YOU = N_(
    "Somebody asked for a new way to sign in as you; if you did not ask for it, stop it with this link, which needs no "
    "sign-in"
)
RECOVERED = N_(
    "You were given a new way to sign in, and your passkeys no longer work; if you did not ask for it, tell your "
    "administrator at once"
)
RECOVERIES = "/admin/recoveries"
STOP = "/sign-in/stop-recovery"
"""The page on which a person stops a recovery; the secret is in the fragment of its address."""


async def tell_of_recovery(
    db: AsyncSession,
    *,
    person: Person,
    recovery_id: str,
    stop: str,
    by: str,
    origin: str,
    say: Say = english,
    now: datetime,
) -> None:
    """Mail a person, and the other administrators of the State than `by`, that a recovery was asked for. No names.
    `stop`: the secret by which the person stops it.

    Effects: messages in the outbox.
    """
    key = f"recovery:{recovery_id}"
    context: dict[str, Any] = {"origin": origin, "say": say, "now": now}
    await mail_everywhere(db, person=person, text=RECOVERY_FOR_YOU, path=f"{STOP}#{stop}", key=key, **context)
    others = [row for row in await administrators(db) if row.owner_state == person.owner_state]
    to = [row for row in others if row.id not in (by, person.id)]
    await mail(db, to=to, text=RECOVERY_ASKED, path=RECOVERIES, key=key, **context)


async def tell_of_recovered(
    db: AsyncSession, *, person: Person, link_hash: str, origin: str, say: Say = english, now: datetime
) -> None:
    """Mail a person that they were given a new way in. Effects: a message in the outbox."""
    key = f"recovered:{link_hash}"
    await mail_everywhere(db, person=person, text=RECOVERED, key=key, origin=origin, say=say, now=now)
