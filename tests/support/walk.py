"""Everybody walks through everything there is to see: before a hearing, in it and after it, to the signed minutes."""

import json
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import col, select, update
from starlette.routing import Match, Route

from hearings import queries
from hearings.actors import person_actor
from hearings.coordination import room_files, rooms
from hearings.coordination.rooms import RoomPlan
from hearings.db import Database
from hearings.law.law import LAW
from hearings.models import JointChange, Login, OutboxMessage, StateNotice
from hearings.models.coordination import NoticeEffect, NoticeTopic, RoomAnswer
from hearings.models.law import JointKind, LawKind
from hearings.people import directory
from hearings.people.credentials import FRESH
from hearings.signatures.jws import encode
from hearings.sitting.recorded_acts import KINDS
from tests.support.authenticator import Authenticator
from tests.support.busy_court import NONSENSE, BusyCourt
from tests.support.forms import Form, Forms
from tests.support.issuer import TestIssuer
from tests.support.page_client import Client, Service, found
from web import app, cli
from web.requests.steps import STEPS
from web.server.sign_in import COOKIE

SWITCHES = ("act", "tab")
"""Names in a query that open another part of a page: each value is a page of its own."""
NOT_WALKED = {"issuer_refused.html", "issuer_return.html", "link_form.html", "step_up.html"}
"""Pages that need an issuer, a passkey or a way to send codes; tests/web/people and test_codes.py open them."""
ROUTES = [route for route in app._routes() if isinstance(route, Route)]


def route_of(path: str, method: str = "GET") -> Route | None:
    scope = {"type": "http", "path": path, "method": method, "root_path": "", "headers": []}
    return next((route for route in ROUTES if route.matches(scope)[0] is Match.FULL), None)


@dataclass
class Walk:
    """What has been looked at, and the forms that stood there, by who saw each first and on which page."""

    service: Service
    headers: dict[str, str] = field(default_factory=dict)
    issuer: TestIssuer | None = None
    """The issuer `ro` of the installation, where it has one that answers."""
    seen: Callable[[httpx.Response, str], None] = lambda answer, how: None
    """Told of every page that was looked at, and how."""
    met: Callable[[Client, Form, str], None] = lambda client, form, page: None
    """Told of every form when it is first met, with its page as it stands then."""
    pages: dict[tuple[str, ...], str] = field(default_factory=dict)
    """Address by route and names in the query."""
    forms: dict[tuple[object, ...], tuple[Client, Form]] = field(default_factory=dict)

    def client(self, who: str) -> Client:
        client = self.service.signed_in(who) if who else self.service.client()
        client.headers |= self.headers
        return client

    def look(self, client: Client, method: str, path: str, **options: Any) -> httpx.Response:
        self.service.app.state.parts.buckets.levels.clear()
        answer = client.post(path, **options) if method == "post" else client.get(path, **options)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.seen(answer, f"{answer.status_code} {method} {path}")
        return answer

    def follow(self, client: Client, begin: Iterable[str]) -> None:
        """The addresses, and what they link to: of each route one."""
        begin = list(begin)
        queue, given = deque(begin), set(begin)
        while queue:
            address = queue.popleft().partition("#")[0]
            path, _mark, query = address.partition("?")
            route = route_of(path)
            asked = dict(parse_qsl(query))
            kind = (route.path if route else path, *sorted(asked), *(asked.get(name, "") for name in SWITCHES))
            if address not in given and (route is None or kind in self.pages):
                continue
            given.discard(address)
            self.pages.setdefault(kind, address)
            answer = self.look(client, "get", address)
            if answer.is_redirect:
                queue.append(answer.headers["location"])
            if answer.headers.get("content-type", "").startswith("text/html"):
                queue += [link for link in self.note(client, address, answer.text) if link.startswith("/")]

    def note(self, client: Client, address: str, page: str) -> list[str]:
        """Keep the forms of a page for later; its links."""
        forms = Forms()
        forms.feed(page)
        for form in forms.found:
            form.action = form.action or address.partition("?")[0]
            route = route_of(form.action.partition("?")[0], form.method.upper())
            last = form.action.partition("?")[0].rsplit("/", 1)[1] if route and "{action}" in route.path else ""
            key = (form.mark, form.method, route.path if route else form.action, last, *form.fields)
            if form.action != "/sign-out" and key not in self.forms:
                self.forms[key] = client, form
                self.met(client, form, address)
        return forms.links

    def do(self, client: Client, path: str, data: dict[str, Any], page: str = "", **options: Any) -> str:
        """Send a form; where it leads is looked at."""
        answer = self.look(client, "post", path, data=data | {"csrf": client.token(page or path)}, **options)
        where = answer.headers.get("location", "")
        self.follow(client, [where] if where else [])
        self.note(client, path, answer.text)
        return where or answer.text


BEGIN: dict[str, tuple[str, ...]] = {
    "": (
        "/sign-in", "/sign-in?why=used", "/sign-in?why=old", "/sign-in?why=unknown", "/sign-in?why=out", "/s", "/j",
        "/sign-in/stop-recovery",
        "/language", "/help", "/help/judge", "/status", "/accessibility", "/privacy", "/nothing", "/verify", "/docket",
        "/docs", "/docs?for=administrators", "/docs/live", "/docs/search?q=seal",
    ),
    "clerk": (
        "{home}/languages",
        "/docket", "/docket?earlier", "/docket?view=week", "/docket?view=month", "/docket?view=list",
        "/docket/day/2026-11-24", "/docket/plan", "/waiting",
        "/search?words=RO", "{draft}", "{bare}", "{sent}",
        "{sent}?done=submit",
        "{accepted}", "{accused}", "{offered}", "{home}", "{bare}/check",
        *(f"{{bare}}/edit/{step.slug}" for step in STEPS),
        "{accepted}/slots?{find}", "{accepted}/schedule", "{offered}/slots?{find}",
        "/law/check?requesting_state=RO&requested_state=TH&capacity=witness&on=2026-11-24",
        "/law/check?requesting_state=FR&requested_state=IT&capacity=accused&on=2026-11-24&evidential_purpose=yes",
        "/admin/law", "{home}/live", "{home}/network", "{home}/record",
        "{sent}/consents", "{accused}/consents", "/directory?state=TH",
        "/notices?state=TH", "/notices?history=1",
        "{sent}/consultations", "{sent}/informal", "{home}/rights/r03_parties_heard", "{home}/summons",
        "{home}/costs", "{home}/costs/mine", "{home}/costs/statement",
        "{sent}/transmission", "{sent}/facilitators",
        "/requests/import", "/personal-data", "/personal-data/requests",
    ),
    "authority": (
        "/docket", "/requests?side=queue", "/waiting", "/figures", "/figures?side=sent", "{sent}", "{offered}/times",
        "/statistics", "/statistics?side=sent&as_of=x",
        "{offered}", "{home}/summons", "{home}/costs",
    ),
    "administrator": (
        "/admin/law", "/admin/law?kind=party", "/admin/law/row?kind=party&key=TH%2Funtoc", "/admin/law/treaty",
        "/admin/law/state", "/admin/law/reviews?whose=all",
        "/admin/law/log", "/admin/keys", "/directory", "/admin/api-clients", "/admin/clock-changes", "/webhooks",
        "/notices/new", "/facilitators",
        "/admin/recipients", "/admin/staff", "/admin/recoveries", "/admin/staff?q=clerk", "/admin/changes", "/sign-ins",
        "/admin", "/admin/checks", "/admin/languages", "/admin/setup",
        "/admin/audit", "/admin/audit?subject=views", "/admin/audit?since=x", "/admin/retention", "/admin/statistics",
        "/admin/personal-data",
        *(f"/admin/law/new/{kind.value}" for kind in LawKind),
        "/admin/law/row?kind=instrument&key=ets182", "/admin/law/row?kind=jurisdiction&key=DE",
        "/admin/law/row?kind=overlay&key=nat_DE_61c",
    ),
    "blanc@fr.example": ("/docket", "{home}", "/requests"),
}  # fmt: skip
"""Where each person begins; `busy_court` has what stands in the braces."""
AFTER = ("/outbox", "{home}", "{home}/minutes", "/recordings", "/docket?earlier", "{home}/record")
"""Looked at again when the hearing has been held."""


TREATY = {
    "name": NONSENSE, "id": "ro_th_2026", "side_a": "RO", "side_b": "TH", "valid_from": "2026-01-01",
    "provision": "12(3)", "rule": NONSENSE, "persons": ["witness"], "channels": ["central_authority"],
    "obligation": "mandatory", "cost_default": "requested_state", "confidence": "read-in-source", "source": NONSENSE,
    "reason": NONSENSE,
}  # fmt: skip


def credentials(walk: Walk, administrator: Client) -> None:
    """Somebody with two passkeys; a new way in is asked for them."""
    new = {"name": NONSENSE, "email": "z@x.example", "authority_name": NONSENSE, "functions": "judge"}
    page = walk.do(administrator, "/admin/staff", new).partition("?")[0]
    made = administrator.post(f"{page}/link", page=page).text
    person = walk.client("")
    person.post("/s", {"secret": found(r"/s#([\w-]+)", unescape(made))[1]})
    for number in range(2):
        key = Authenticator(walk.service.base, "127.0.0.1", credential_id=f"of the walk {number}".encode())
        headers = {"x-csrf-token": person.token("/sign-ins"), "accept": "application/json"}
        answer = key.create(person.post("/sign-ins/passkeys/options", headers=headers).json())
        walk.do(person, "/sign-ins/passkeys", {"answer": answer, "name": NONSENSE}, "/sign-ins")
    if walk.issuer:
        at_issuer(walk, walk.issuer, person)
    walk.follow(administrator, [page, f"{page}/recovery"])
    walk.do(administrator, f"{page}/recovery", {"reason": NONSENSE})
    walk.follow(person, ["/sign-ins"])
    passkey = found(r"(/sign-ins/passkeys/[0-9a-f-]+)/rename", person.get("/sign-ins").text)[1]
    token = {"name": NONSENSE, "csrf": person.token("/sign-ins")}
    walk.service.run(_proved_earlier)
    asked = walk.look(person, "post", f"{passkey}/rename", data=token)
    assert (asked.status_code, "/confirm/passkey" in asked.text) == (403, True)
    walk.look(person, "get", "/sign-ins")
    mailed = walk.service.run(_stop_secret)
    for secret in ("x" * 22, mailed):
        walk.look(walk.client(""), "post", "/sign-in/stop-recovery", data={"secret": secret})
    walk.do(administrator, f"{page}/recovery", {"reason": NONSENSE})


def at_issuer(walk: Walk, issuer: TestIssuer, person: Client) -> None:
    """Refused at the return, bound, and confirmed again: each as a browser comes back, without the strict cookie."""
    walk.look(walk.client(""), "get", "/issuer/ro/return?state=x")
    for start in ("/sign-ins/issuer/ro", "/confirm/issuer/ro"):
        back = issuer.visit(walk.look(person, "get", start).headers["location"]).removeprefix(walk.service.base)
        login = person.cookies.pop(COOKIE)
        answer = walk.look(person, "get", back)
        person.cookies[COOKIE] = login
        assert answer.status_code == 200, answer.text


async def _proved_earlier(database: Database) -> None:
    """Every proof is older than acts that ask again take."""
    async with database.transaction() as db:
        earlier = datetime.now(UTC) - FRESH - timedelta(minutes=1)
        await db.exec(update(Login).where(col(Login.authenticated_at).is_not(None)).values(authenticated_at=earlier))


async def _stop_secret(database: Database) -> str:
    """The secret in the mail of the recovery asked for last."""
    async with database.reading() as db:
        texts = [str(row.payload["text"]) for row in (await db.exec(select(OutboxMessage))).all()]
    return next(found(r"stop-recovery#([\w-]+)", text)[1] for text in texts if "stop-recovery#" in text)


def administration(walk: Walk, administrator: Client) -> None:
    """Staff with a link, somebody deactivated; changes of data that wait for the word of either State."""
    new = {"name": NONSENSE, "email": "x@x.example", "authority_name": NONSENSE, "city": NONSENSE, "functions": "judge"}
    person = walk.do(administrator, "/admin/staff", new).partition("?")[0]
    walk.do(administrator, f"{person}/link", {}, person)
    walk.follow(administrator, [person, f"{person}?deactivate"])
    seen = found(r'name="seen" value="([0-9]+)"', administrator.get(person).text)[1]
    walk.do(administrator, f"{person}/deactivate", {"seen": seen, "reason": NONSENSE}, person)
    walk.do(administrator, "/admin/staff", new | {"email": "y@x.example"})
    credentials(walk, administrator)
    walk.follow(administrator, [f"/notices/{walk.service.run(_noticed)}"])
    changes = walk.service.run(_waiting)
    walk.follow(administrator, ["/admin/changes", "/waiting", *(f"/admin/changes/{change}" for change in changes)])


def facilitation(walk: Walk, administrator: Client, clerk: Client, request: str) -> None:
    """A facilitator is entered and let in, a request is shared with it, and it looks at its page."""
    until = datetime.now(UTC).date() + timedelta(days=30)
    new = {"name": NONSENSE, "email": "f@x.example", "kind": "unodc", "organisation": NONSENSE, "mandate": NONSENSE}
    walk.do(administrator, "/facilitators", new | {"states": ["RO", "TH"], "valid_until": f"{until}"})
    link = found(r'action="(/facilitators/[0-9a-f-]{36}/link)"', administrator.get("/facilitators").text)[1]
    shown = administrator.post(link, page="/facilitators").text
    page = f"{request}/facilitators"
    walk.follow(clerk, [page])
    chosen = found(r'<option value="([0-9a-f-]{36})"', clerk.get(page).text)[1]
    walk.do(clerk, page, {"facilitator": chosen})
    walk.follow(clerk, [page])
    desk = walk.client("")
    desk.post("/s", {"secret": found(r"/s#([\w-]+)", unescape(shown))[1]})
    walk.follow(desk, ["/facilitation", "/facilitation/rooms"])
    times = "/facilitation/rooms/times"
    walk.follow(desk, [times, f"{times}?find=yes&states=RO&states=TH"])
    room = walk.do(desk, "/facilitation/rooms", meeting("RO", "TH"), "/facilitation/rooms/new").partition("?")[0]
    walk.follow(desk, [room, "/facilitation/rooms", f"{room}/times?find=yes"])


def meeting(*states: str) -> dict[str, Any]:
    """A room to be convened, the day after tomorrow."""
    begins = datetime.now(UTC) + timedelta(days=2)
    return {
        "subject": NONSENSE, "kind": "level_2", "classification": "restricted", "network": "ejn", "states": states,
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}", "duration": "60", "agreement": NONSENSE, "meeting": NONSENSE,
        "languages": ["en"], "item_1": NONSENSE, "minutes_1": "5",
    }  # fmt: skip


def coordination(walk: Walk, authority: Client, clerk: Client) -> None:
    """A room that Thailand has convened and one that has met, with what is done in both, to the last word."""
    walk.follow(authority, ["/rooms", "/rooms/new", "/rooms/times", "/rooms/times?find=yes&states=RO"])
    room = walk.do(authority, "/rooms", meeting("RO"), "/rooms/new").partition("?")[0]
    walk.follow(authority, [room, "/rooms", f"{room}/times?find=yes"])
    walk.follow(clerk, ["/rooms", room, f"{room}/times?find=yes"])
    other = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%dT%H:%M}"
    walk.do(clerk, f"{room}/answer", {"answer": "proposes_other_time", "other_time": other}, room)
    walk.follow(authority, [room])
    met = f"/rooms/{walk.service.run(_met)}"
    walk.follow(clerk, [met])
    walk.do(clerk, f"{met}/word", {"word": "dissents", "dissent": NONSENSE}, met)
    walk.follow(authority, [met])
    walk.do(authority, f"{met}/close", {}, met)
    walk.follow(clerk, [met])


async def _met(database: Database) -> str:
    """A room that has met, with a document, a file, people, outcomes of both States and a summary."""
    now, earlier = datetime.now(UTC), datetime.now(UTC) - timedelta(days=4)
    async with database.transaction() as db:
        people = await queries.people(db)
        clerk, authority = (person_actor(cli.match(people, who)) for who in ("clerk", "authority"))
        begins = earlier + timedelta(days=1)
        plan = RoomPlan(
            kind="jit_meeting", subject=NONSENSE, states=["RO"], starts_at=begins, ends_at=begins + timedelta(hours=1),
            agreement=NONSENSE,
        )  # fmt: skip
        room = await rooms.convene(db, plan=plan, actor=authority, now=earlier)
        here: dict[str, Any] = {"room": room, "now": now}
        await rooms.answer(db, given=RoomAnswer.accepts, actor=clerk, **here)
        person: dict[str, Any] = {"name": NONSENSE, "authority": NONSENSE, "role": "delegate"}
        await rooms.add_participant(db, **person, actor=clerk, **here)
        shared: dict[str, Any] = {"title": NONSENSE, "conditions": NONSENSE, "actor": authority}
        await rooms.share_document(db, text=NONSENSE, **shared, **here)
        await room_files.share(db, name="a.txt", data=NONSENSE.encode(), **shared, **here)
        for owes, gets in (("RO", "TH"), ("TH", "RO")):
            owed: dict[str, Any] = {
                "kind": "action",
                "text": NONSENSE,
                "owed_by": owes,
                "towards": gets,
                "due": now.date(),
            }
            await rooms.add_outcome(db, **owed, actor=authority, **here)
        await rooms.summarise(db, text=NONSENSE, actor=authority, **here)
        return room.ref


def asked_about_data(walk: Walk, clerk: Client, ref: str) -> None:
    """Requests for erasure: one is decided, the other waits for it."""
    judge, place = walk.client("judge"), "/personal-data/requests"
    given = {
        "kind": "erasure", "ref": ref, "name": "Somchai Wongsa", "asked": NONSENSE, "identity": NONSENSE,
        "received_on": "2026-11-24",
    }  # fmt: skip
    decided, open_ = (walk.do(clerk, place, given).partition("?")[0] for _ in range(2))
    walk.follow(judge, [place, open_])
    walk.do(judge, decided, {"carry_out": "yes", "reason": NONSENSE})


def costs(walk: Walk, clerk: Client, authority: Client, home: str) -> None:
    """Claims as a draft, submitted and approved, one of an interpreter among them; what the States say of the costs."""
    mine, judge = f"{home}/costs/mine", walk.client("judge")

    def claim(client: Client = clerk, line: dict[str, str] | None = None, **more: str) -> str:
        new = {"participant_id": "", "claimant": NONSENSE, "currency": "RON"}
        page = walk.do(client, mine, new | more).partition("?")[0]
        walk.do(client, f"{page}/lines", line or {"kind": "other", "text": NONSENSE, "amount": "5"}, page)
        return page

    interpreter = walk.service.made.seats["interpreter"]
    whose = clerk if interpreter in clerk.get(mine).text else authority
    time = {"kind": "interpreter_pay", "text": NONSENSE, "rate": "60", "minutes": "90", "reason": NONSENSE}
    walk.follow(whose, [claim(whose, time, participant_id=interpreter)])
    draft, submitted, approved = claim(), claim(), claim()
    walk.do(clerk, f"{draft}/receipts", {}, draft, files={"file": ("a.txt", NONSENSE.encode())})
    for page in (submitted, approved):
        walk.do(clerk, f"{page}/submit", {}, page)
    walk.do(judge, f"{approved}/approve", {}, approved)
    for client, pages in ((clerk, [draft, submitted]), (judge, [submitted, approved])):
        walk.follow(client, pages)
    for client in (clerk, authority):
        said = {"matter": "threshold", "amount": "1", "currency": "RON", "text": NONSENSE}
        walk.do(client, f"{home}/costs", said)
        walk.do(client, f"{home}/costs", said | {"matter": "estimate", "amount": "2"})
    walk.follow(clerk, [f"{home}/costs", f"{home}/costs/statement"])


async def _noticed(database: Database) -> str:
    """A notice about Romania that Romania has not confirmed in time."""
    at = datetime.now(UTC) - timedelta(days=20)
    async with database.transaction() as db:
        made = StateNotice(
            owner_state="RO", topic=NoticeTopic.delay, effect=NoticeEffect.warn, text=NONSENSE, source=NONSENSE,
            first_day=at.date(), facilitator_id="x", published_by="x", published_label=NONSENSE, published_at=at,
        )  # fmt: skip
        db.add(made)
        return made.id


async def _waiting(database: Database) -> list[str]:
    """One that Thailand has proposed, of Romania's, and one the other way round."""
    row = dict(LAW.rows["party"]["RO/untoc"]) | {"note": NONSENSE}
    entry = dict.fromkeys(directory.COLUMNS, "") | {"state": "TH", "kind": "court", "name": NONSENSE}
    made: dict[str, Any] = {"proposed_by": "x", "proposed_label": NONSENSE, "at": datetime.now(UTC), "reason": NONSENSE}
    law = [{"kind": "party", "key": "RO/untoc", "data": row}]
    async with database.transaction() as db:
        rows = [
            JointChange(
                owner_state="TH", concerns="RO", kind=JointKind.law, data=law, about="\nparty RO/untoc\n", **made
            ),
            JointChange(owner_state="RO", concerns="TH", kind=JointKind.directory, data=[entry], **made),
        ]
        db.add_all(rows)
        return [one.id for one in rows]


def through(walk: Walk, busy_court: BusyCourt) -> None:
    """Everybody looks at everything, before the hearing, in it and after it."""
    court = busy_court.places
    clients = {who: walk.client(who) for who in BEGIN}
    for who, addresses in BEGIN.items():
        walk.follow(clients[who], [address.format_map(court) for address in addresses])
    clerk, authority, administrator = (clients[who] for who in ("clerk", "authority", "administrator"))
    home = court["home"]

    # Links: a dead one, a new one for a person, and that person's own pages.
    walk.look(clients[""], "post", "/j", data={"secret": "x" * 22, "pin": "123456"})
    person = f"{home}/people/{walk.service.made.seats['witness']}"
    walk.follow(clerk, [f"{person}/link"])
    shown = walk.do(clerk, f"{person}/link", {}, person)
    guest = walk.client("")
    secret, pin = found(r"/j#([\w-]{20,})", shown)[1], found(r">(\d{3}) ?(\d{3})<", shown)
    used = {"secret": secret, "pin": "".join(pin.groups())}
    early = walk.look(guest, "post", "/j", data=used)
    walk.note(guest, "/j", early.text)
    tester = walk.client("")
    walk.look(tester, "post", "/j/test", data=used)
    walk.follow(tester, ["/own-test"])
    walk.follow(guest, ["/", f"{home}/live", f"{home}/network"])
    # Files with signatures, a client of the API, a treaty, an agreement that waits to be signed.
    walk.do(clerk, f"{court['sent']}/documents", {"kind": "decision"}, files={"file": ("a.pdf", b"%PDF-1.7\nx")})
    walk.do(clerk, "/requests/import", {}, files={"file": ("a.asice", b"PK")})
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    jwk = json.dumps({"kty": "OKP", "crv": "Ed25519", "x": encode(key)})
    walk.do(administrator, "/admin/api-clients", {"name": NONSENSE, "scopes": ["law:read"], "jwk": jwk})
    walk.do(administrator, "/admin/law/treaty", TREATY)
    administration(walk, administrator)
    facilitation(walk, administrator, clerk, court["sent"])
    costs(walk, clerk, authority, home)
    asked_about_data(walk, clerk, home.rpartition("/")[2])
    coordination(walk, authority, clerk)
    place = f"{court['offered']}/technical"
    shown = clerk.get(place).text
    sites = {
        name: found(rf'(?s)id="{name}".*?value="([0-9a-f-]{{36}})"', shown)[1]
        for name in ("requesting_site", "requested_site")
    }
    walk.do(clerk, f"{place}/draft", sites, place)
    walk.do(clerk, f"{place}/propose", {"number": "1"}, place)
    walk.follow(clerk, [f"{place}/sign", f"{home}/test"])
    # A consent that is given, a time that is agreed.
    page = f"{court['accused']}/consents"
    walk.do(clerk, found(rf'action="({page}/[0-9a-f-]{{36}})"', clerk.get(page).text)[1], {"answer": "given"}, page)
    walk.follow(clerk, [page])
    times = f"{court['offered']}/times"
    offer = found(r"/times/sign(\?offer=[0-9a-f-]{36})", authority.get(times).text)[1]
    walk.service.sign(authority, authority.get(f"{times}/sign{offer}"))
    walk.follow(clerk, [court["offered"], f"{times}/sign"])
    walk.service.agree(clerk, court["offered"])
    walk.follow(clerk, [f"{court['offered']}?done=time"])
    # The hearing, and after it.
    busy_court.begin()
    kinds = [f"{home}/record?kind={kind}" for kind in KINDS]
    for client in (clerk, authority, guest):
        walk.follow(client, [f"{home}/live", home, f"{home}/record", *kinds])
    line = {"text": NONSENSE, "language": "ro", "participant": ""}
    walk.do(clerk, f"{home}/captions", line, f"{home}/captions")
    walk.follow(clerk, [f"{home}/captions", f"{home}/log", f"{home}/log?kind=caption"])
    recording = busy_court.end()
    page = f"{home}/minutes"
    walk.do(clerk, f"{page}/act/draft", {}, page)
    for client in (clerk, authority):
        walk.follow(client, [one.format_map(court) for one in AFTER])
    of_it = ("", "/timeline", "/timeline.csv", "/lines.csv", "/custody", "/custody.csv", "/custody.pdf", "/verify")
    more = ("/captions.json", "/log.json", "/keys", "/keeping", "/releases", "/transcript")
    alone = ("/verify", "/excerpt")  # of what only the presiding judge takes a copy
    walk.follow(walk.service.signed_in("judge"), [f"/recordings/{recording}{part}" for part in alone])
    walk.follow(clerk, [f"/recordings/{recording}{part}" for part in (*of_it, *more)])
    released = dict.fromkeys(("to_person", "to_body", "purpose"), NONSENSE) | {"what": "whole"}
    walk.follow(authority, [f"/recordings/{recording}/keeping"])
    where = walk.do(clerk, f"/recordings/{recording}/releases", released)
    walk.follow(walk.service.signed_in("judge"), [where.partition("?")[0]])
    walk.follow(clerk, busy_court.release(recording))
    walk.do(clerk, f"{page}/act/submit", {}, page)
    walk.follow(clerk, [f"{page}/read-back"])
    busy_court.write()
    said = {"read_by": NONSENSE, "languages": ["ro", "th"], "heard_by": NONSENSE}
    walk.do(clerk, f"{page}/read-back", said | {"corrections": NONSENSE})
    walk.follow(clerk, [page])
    walk.do(clerk, f"{page}/readings/1/answer", {"answer": NONSENSE}, page)
    walk.do(clerk, f"{page}/read-back", said)
    walk.follow(clerk, [f"{page}/sign"])
    busy_court.correct()
    walk.follow(clerk, [f"{page}/corrections", f"{page}/corrections/1"])


KEPT = frozenset({"csrf", "version", "number", "revision", "lists", "offer", "secret"})
"""Fields a form sends even when nobody has filled it in."""


def send_every_form(walk: Walk) -> None:
    """Every form empty, and with nonsense in every field; then what it leads to."""
    for client, form in list(walk.forms.values()):
        empty = {name: value for name, value in form.fields.items() if name in KEPT and value is not None}
        nonsense = {name: NONSENSE if value is None else value for name, value in form.fields.items()}
        for values in [empty, nonsense] if empty != nonsense else [nonsense]:
            options: dict[str, Any] = {"params": values} if form.method == "get" else {"data": values}
            if form.files:
                options["files"] = {"file": ("a.txt", NONSENSE.encode())}
            answer = walk.look(client, form.method, form.action, **options)
            if answer.is_redirect:
                walk.look(client, "get", answer.headers["location"])
