"""Clients of the API over a sealed recording, and the accounts in whose name they act."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import select

from hearings.models import Person
from tests.support.api_client import EVERYTHING, ApiInstallation, Client
from tests.support.evidence.archive import AUTHORITY, JUDGE, OFFICER, STRANGER
from tests.support.release_counter import CLERK, Counter

WANTED = {"to_person": "S. Srisai", "to_body": "Attorney General", "purpose": "The trial"}
NAMES = {CLERK: "Ioana Marin", JUDGE: "Ana Popa", AUTHORITY: "S. Srisai", OFFICER: "I. Marin", STRANGER: "M. Blanc"}


class ApiCounter:
    """The release of one recording by clients; each names the account in whose name it acts."""

    ids: Mapping[str, str]

    def __init__(self, counter: Counter) -> None:
        self.counter, self.archive = counter, counter.archive
        self.base = f"{self.archive.path}/releases"

    async def fill(self) -> None:
        async with self.archive.database.reading() as db:
            found = {row.name: row.id for row in (await db.exec(select(Person))).all()}
        self.ids = {who: found[name] for who, name in NAMES.items()}

    async def client(self, state: str = "RO", scopes: tuple[str, ...] = EVERYTHING, by: str = "") -> Client:
        """A client more of a State, whose authority has its signing key; `by`: who registers it."""
        maker: Any = self.archive
        maker.seeds = {f"{one}False": key.private_bytes_raw() for one, key in self.counter.keys.items()}
        return await ApiInstallation.client(maker, state, scopes=scopes, by=by)

    async def post(self, client: Client, who: str, path: str, body: Any = None, **more: Any) -> Any:
        """An act in the name of an account."""
        return await client.post(path, body, params={"person": self.ids[who]}, **more)

    async def proposed(self, client: Client, who: str = CLERK, **changes: Any) -> str:
        answer = await self.post(client, who, self.base, WANTED | changes)
        assert answer.status_code == 201, answer.text
        return f"{self.base}/{answer.json()['id']}"

    async def confirm(self, client: Client, who: str, path: str) -> Any:
        stated = await client.get(f"{path}/statement", params={"person": self.ids[who]})
        assert stated.status_code == 200, stated.text
        return await self.post(client, who, f"{path}/confirm", client.sign(stated.json()))
