"""`vivavoce staff`: what an administrator does on the page of the staff, by whoever runs the installation."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import errors, queries
from hearings.actors import Actor
from hearings.db import Database
from hearings.models import Person
from hearings.outward import administrators
from hearings.people import logins, staff
from hearings.people.logins import OPERATOR
from hearings.roles import StaffFunction
from web.settings import Settings
from web.words import i18n

Add = Callable[[str, Callable[[Settings, argparse.Namespace], int], str], argparse.ArgumentParser]
FIELDS = {"name": "name", "email": "email", "city": "city", "authority": "authority_name", "language": "lang"}
"""Options, and the fields they are of."""


def operator(account: str, state: str = "") -> Actor:
    """Whoever runs the command, acting for one State."""
    label = f"Operator (account {account})"[:200]
    return Actor(id=OPERATOR, label=label, state=state, functions=frozenset({StaffFunction.administrator.value}))


def add_to(add: Add, account: Callable[[], str]) -> None:
    """Name the command and what it does."""
    made = add("staff", lambda settings, options: options.act(settings, options), "List, add, change the staff.")
    made.set_defaults(account=account)
    acts = made.add_subparsers(required=True, metavar="ACT")

    def one(name: str, act: Callable[[Settings, argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        found = acts.add_parser(name, help=text, description=text)
        found.set_defaults(act=act, verb=f"staff {name}")
        return found

    listed = one("list", list_staff, "List the staff, those deactivated too.")
    listed.add_argument("--state", default="", help="only of this State")
    for name, act, text in (
        ("add", add_staff, "Add a member of staff."),
        ("change", change_staff, "Change what is known of a member of staff; what is not named stays."),
    ):
        found = one(name, act, text)
        found.add_argument("person", help="e-mail address")
        if name == "add":
            found.add_argument("--state", required=True, help="ISO 3166-1 code of the State")
        for field in FIELDS:
            if (name, field) != ("add", "email"):
                found.add_argument(f"--{field}", required=name == "add" and field in ("name", "authority"))
        found.add_argument("--function", action="append", choices=[one.value for one in StaffFunction])
    off = one("deactivate", deactivate, "Deactivate a member of staff: signed out everywhere at once.")
    off.add_argument("person", help="e-mail address")
    off.add_argument("--why", default="", help="stays in the history")
    one("reactivate", reactivate, "Reactivate a member of staff.").add_argument("person", help="e-mail address")
    one("links", list_links, "List sign-in links and sign-ins of a member of staff.").add_argument("person")
    gone = one("withdraw", withdraw, "Withdraw a sign-in link: it signs nobody in any more.")
    gone.add_argument("person", help="e-mail address")
    gone.add_argument("link", help="its id, as `vivavoce staff links` prints it")


@asynccontextmanager
async def _person(settings: Settings, options: argparse.Namespace) -> AsyncIterator[tuple[AsyncSession, Person, Actor]]:
    """The person meant, in a transaction, and the operator acting for their State. Raises `Invalid`."""
    database = Database(settings.database_url)
    try:
        await database.check()
        async with database.transaction() as db:
            try:
                person = await queries.person_by_email(db, options.person)
            except errors.NotFound:
                raise errors.Invalid(f"Nobody has the address {options.person}; `vivavoce staff list`") from None
            yield db, person, operator(options.account(), person.owner_state)
    finally:
        await database.close()


def list_staff(settings: Settings, options: argparse.Namespace) -> int:
    """Print everybody: State, address, functions, whether in use, name, authority."""

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
            async with database.transaction() as db:
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
    """Effects: those of `staff.change`."""

    async def work() -> None:
        async with _person(settings, options) as (db, row, actor):
            known = {"name": row.name, "email": row.email, "city": row.city, "authority_name": row.authority_name}
            told = {field: getattr(options, option) for option, field in FIELDS.items()}
            values = (
                known | {"lang": row.language} | {field: value for field, value in told.items() if value is not None}
            )
            await staff.change(
                db,
                person=row,
                seen=row.version,
                functions=options.function or row.functions,
                actor=actor,
                now=datetime.now(UTC),
                **values,
            )

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
    print("The link no longer works.")
    return 0


async def link(settings: Settings, db: AsyncSession, person: Person, account: str) -> str:
    """A sign-in link by the operator. Effects: its row, and a mail to the person that it was made."""
    now = datetime.now(UTC)
    secret = await logins.issue_sign_in_link(db, person=person, now=now, by=operator(account))
    await administrators.tell_of_link(
        db, person=person, link_hash=logins.hash_secret(secret), origin=settings.origin, say=i18n.say, now=now
    )
    return secret
