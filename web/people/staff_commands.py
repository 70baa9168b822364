"""`vivavoce staff`: the acts of the staff page, for the operator of the installation."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import errors, queries
from hearings.actors import Actor
from hearings.db import Database
from hearings.law import law as laws
from hearings.models import Person
from hearings.outward import administrators
from hearings.outward.joint_changes import MailContext
from hearings.people import logins, recovery, staff
from hearings.people.logins import OPERATOR
from hearings.roles import StaffFunction
from web import issuers
from web.people.issuer_pages import bind_identity
from web.settings import Settings
from web.words import sentences
from web.words.labels import LINK_DEAD

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]
FIELDS = {"name": "name", "email": "email", "city": "city", "authority": "authority_name", "language": "lang"}
"""Options of the command, with the field each sets."""


def operator(account: str, state: str = "") -> Actor:
    """The operator who runs the command, as an administrator of one State."""
    label = f"Operator (account {account})"[:200]
    return Actor(id=OPERATOR, label=label, state=state, functions=frozenset({StaffFunction.administrator.value}))


def add_to(add: Add, account: Callable[[], str]) -> None:
    """Adds the command `staff` and its acts to the parser."""
    made = add("staff", lambda settings, options: options.act(settings, options), "List, add, change the staff.")
    made.set_defaults(account=account)
    acts = made.add_subparsers(required=True, metavar="ACT")

    def command(name: str, act: Callable[[Settings, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        parser = acts.add_parser(name, help=text, description=text)
        parser.set_defaults(act=act, verb=f"staff {name}")
        return parser

    listed = command("list", list_staff, "List the staff, those deactivated too.")
    listed.add_argument("--state", default="", help="only of this State")
    for name, act, text in (
        ("add", add_staff, "Add a member of staff."),
        ("change", change_staff, "Change what is known of a member of staff; what is not named stays."),
    ):
        parser = command(name, act, text)
        parser.add_argument("person", help="e-mail address")
        if name == "add":
            parser.add_argument("--state", required=True, help="ISO 3166-1 code of the State")
        for field in FIELDS:
            if (name, field) != ("add", "email"):
                parser.add_argument(f"--{field}", required=name == "add" and field in ("name", "authority"))
        parser.add_argument("--function", action="append", choices=[function.value for function in StaffFunction])
    off = command("deactivate", deactivate, "Deactivate a member of staff: signed out everywhere at once.")
    off.add_argument("person", help="e-mail address")
    off.add_argument("--why", default="", help="stays in the history")
    command("reactivate", reactivate, "Reactivate a member of staff.").add_argument("person", help="e-mail address")
    command("links", list_links, "List sign-in links and sign-ins of a member of staff.").add_argument("person")
    lost = command("recover", recover, "Give a new way in to somebody who has lost every passkey; prints a link.")
    lost.add_argument("person", help="e-mail address")
    bound = command("bind", bind, "Let a member of staff sign in at the issuer of their State, for the first entry.")
    bound.add_argument("person", help="e-mail address")
    bound.add_argument("--issuer", required=True, help="its name in VIVAVOCE_ISSUERS")
    bound.add_argument("--subject", required=True, help="what the issuer calls the person")
    gone = command("withdraw", withdraw, "Withdraw a sign-in link: it signs nobody in any more.")
    gone.add_argument("person", help="e-mail address")
    gone.add_argument("link", help="its id, as `vivavoce staff links` prints it")


@asynccontextmanager
async def _person(settings: Settings, options: argparse.Namespace) -> AsyncIterator[tuple[AsyncSession, Person, Actor]]:
    """A transaction with the person named in the options and the operator acting for their State. Raises `Invalid`."""
    database = Database(settings.database_url)
    try:
        await database.check()
        async with laws.reading(database), database.transaction() as db:
            try:
                person = await queries.person_by_email(db, options.person)
            except errors.NotFound:
                raise errors.Invalid(f"Nobody has the address {options.person}; `vivavoce staff list`") from None
            yield db, person, operator(options.account(), person.owner_state)
    finally:
        await database.close()


def list_staff(settings: Settings, options: argparse.Namespace) -> int:
    """Prints the staff: State, e-mail address, functions, whether active, name, authority."""

    async def work() -> None:
        database = Database(settings.database_url)
        try:
            await database.check()
            async with database.reading() as db:
                for row in await staff.everybody(db, state=options.state):
                    used = "" if row.active else "  (deactivated)"
                    functions = ", ".join(row.functions)
                    print(f"{row.owner_state}  {row.email:40} {functions:24} {row.name}, {row.authority_name}{used}")
        finally:
            await database.close()

    asyncio.run(work())
    return 0


def add_staff(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `staff.add`."""

    async def work() -> None:
        database = Database(settings.database_url)
        try:
            await database.check()
            async with laws.reading(database), database.transaction() as db:
                actor = operator(options.account(), options.state)
                given = {field: getattr(options, option) or "" for option, field in FIELDS.items() if option != "email"}
                how = {"state": options.state, "email": options.person}
                functions = options.function or []
                await staff.add(db, functions=functions, actor=actor, now=datetime.now(UTC), **how, **given)
        finally:
            await database.close()

    asyncio.run(work())
    print(f"{options.person} added; `vivavoce link {options.person}` prints a sign-in link.")
    return 0


def change_staff(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `staff.change`; a mail to the person, of another address."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            known = {"name": row.name, "email": row.email, "city": row.city, "authority_name": row.authority_name}
            given = {field: getattr(options, option) for option, field in FIELDS.items()}
            values = (
                known | {"lang": row.language} | {field: value for field, value in given.items() if value is not None}
            )
            now, functions = datetime.now(UTC), options.function or row.functions
            changed = await staff.change(
                db, person=row, seen=row.version, functions=functions, actor=actor, now=now, **values
            )
            if "email" in changed:
                how: dict[str, Any] = {"origin": settings.origin, "say": sentences.say, "now": now}
                await administrators.tell_of_credential(db, change="address_changed", person=row, about=row.id, **how)

    asyncio.run(work())
    print(f"{options.person} changed.")
    return 0


def deactivate(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `staff.deactivate`."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            now, seen = datetime.now(UTC), row.version
            await staff.deactivate(db, person=row, seen=seen, reason=options.why, actor=actor, now=now)

    asyncio.run(work())
    print(f"{options.person} deactivated and signed out; `vivavoce staff reactivate` undoes it.")
    return 0


def reactivate(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `staff.reactivate`."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            await staff.reactivate(db, person=row, seen=row.version, actor=actor, now=datetime.now(UTC))

    asyncio.run(work())
    print(f"{options.person} is in use again; `vivavoce link {options.person}` prints a sign-in link.")
    return 0


def recover(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `recovery.give`; a mail to the person. Prints the link."""

    async def work() -> str:
        async with _person(settings, options) as (db, row, actor):
            now = datetime.now(UTC)
            secret = await recovery.give(db, person=row, actor=actor, now=now)
            await administrators.tell_of_recovered(
                db,
                person=row,
                link_hash=logins.hash_secret(secret),
                origin=settings.origin,
                say=sentences.say,
                now=now,
            )
            return secret

    print(f"{options.person}: {settings.origin}/s#{asyncio.run(work())}")
    print(f"Works once, within {logins.LINK_LIFETIME.seconds // 60} minutes. Every passkey of before is removed.")
    return 0


def bind(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `identities.bind_for`; a mail to the person."""
    known = issuers.read(settings.issuers)
    telling = MailContext(origin=settings.origin, say=sentences.say)

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            now = datetime.now(UTC)
            await bind_identity(known, db, row, options.issuer, options.subject, telling, actor=actor, now=now)

    asyncio.run(work())
    print(f"{options.person} signs in at {options.issuer} from now on.")
    return 0


def list_links(settings: Settings, options: argparse.Namespace) -> int:
    """Print links and sign-ins, the newest first."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, _actor):
            now = datetime.now(UTC)
            for link in await logins.links_of(db, person_id=row.id):
                ends = {"used": link.used_at, "withdrawn": link.withdrawn_at}
                how = next((f"{word} {at:%Y-%m-%d %H:%M}" for word, at in ends.items() if at), "")
                how = how or ("too old" if now >= link.expires_at else "can be used")
                print(f"link     {link.created_at:%Y-%m-%d %H:%M}  {link.id}  {link.made_label or 'not noted'}: {how}")
            for login in (await logins.logins_of(db, person_id=row.id)).rows:
                why = logins.ending(login, row, now)
                print(f"sign-in  {login.created_at:%Y-%m-%d %H:%M}  {login.way or 'not noted'}: {why or 'signed in'}")

    asyncio.run(work())
    return 0


def withdraw(settings: Settings, options: argparse.Namespace) -> int:
    """Effects: those of `logins.withdraw_link`."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            await logins.withdraw_link(db, link_id=options.link, person=row, by=actor, now=datetime.now(UTC))

    asyncio.run(work())
    print(LINK_DEAD)
    return 0


async def link(settings: Settings, db: AsyncSession, person: Person, account: str) -> str:
    """Makes a sign-in link. Effects: adds its row, and a mail that tells the person that it was made."""
    now = datetime.now(UTC)
    secret = await logins.issue_sign_in_link(db, person=person, now=now, by=operator(account))
    await administrators.tell_of_link(
        db, person=person, link_hash=logins.hash_secret(secret), origin=settings.origin, say=sentences.say, now=now
    )
    return secret
