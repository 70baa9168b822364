"""What binds a State happens with its authority's signed statement and not without, by whatever route it is asked."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from starlette.routing import Route

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.hearing import hearing as diary
from hearings.models import Person
from hearings.people import logins
from hearings.requests import consultations, requests
from hearings.roles import StaffFunction
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from hearings.times import queries as diary_queries
from tests.support.page_client import Service
from web import cli
from web.demo import demo
from web.requests.acts import ACTIONS
from web.server import signed_acts as bonds
from web.server.sign_in import COOKIE

pytestmark = pytest.mark.beside

TYPED: dict[str, tuple[str, dict[str, str]]] = {
    "submit": ("clerk", {}),
    "accept": ("authority", {}),
    "conditions": ("authority", {"text": "Our judge asks the questions.", "c_counsel_present": "yes"}),
    "postpone": ("authority", {"text": "A trial here goes first.", "review": "2027-03-01"}),
    "refuse": ("authority", {"ground": "no_consent", "text": "She said no.", "confirmed": "no_consent"}),
    "withdraw": ("clerk", {"text": "Settled out of court."}),
    "gate": ("authority", {"text": "Checked.", "g_domestic_law_confirmed": "yes"}),
}
"""Who does each act on a request that binds the State, and what is typed for it."""
ELSEWHERE = {Act.agree_hearing, Act.sign_agreement, Act.sign_minutes}
ELSEWHERE |= {Act.release_recording, Act.receive_recording}
"""Tried below, in test_technical, in test_minutes, and in test_releases and test_receipts."""


def test_every_act_that_binds_a_state_is_tried():
    assert {name for name, action in ACTIONS.items() if action.signs} == set(TYPED)
    assert {ACTIONS[name].signs for name in TYPED} | ELSEWHERE == set(Act)


def made(service, *, reviewed: bool, who: str = "clerk") -> str:
    """Address of a draft, or of a request the other State has under review."""

    async def make(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            clerk, authority = (person_actor(cli.match(people, one)) for one in (who, "authority"))
            row = await requests.draft(db, requested_state="TH", fields=demo.REQUEST, actor=clerk, now=now)
            if reviewed:
                await requests.submit(db, request=row, actor=clerk, now=now)
                await requests.acknowledge(db, request=row, actor=authority, now=now)
                held = {
                    "way": "telephone",
                    "with_whom": "Ministry",
                    "subject": "Conditions",
                    "outcome": "None would do",
                }
                await consultations.record(db, request=row, held_at=now, **held, actor=authority, now=now)
        return f"/requests/{row.reference}"

    return str(service.run(make))


def proposed(service) -> tuple[str, str]:
    """Address of a hearing the clerk has proposed, and the offer it waits for."""
    reference = made(service, reviewed=True).rsplit("/", 1)[1]

    async def make(database: Database) -> tuple[str, str]:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            people = await queries.people(db)
            clerk, authority = (person_actor(cli.match(people, one)) for one in ("clerk", "authority"))
            row = await queries.request(db, reference, state="TH", lock=True)
            await requests.accept(db, request=row, actor=authority, now=now)
            wall = (now + timedelta(days=90)).replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
            hearing = await diary.propose(
                db, request=row, wall_start=wall, wall_zone="Europe/Bucharest", requesting_zone="Europe/Bucharest",
                requesting_city="București", requested_zone="Asia/Bangkok", requested_city="Bangkok", actor=clerk,
                now=now,
            )  # fmt: skip
            (offer,) = await diary_queries.offers_of(db, hearing.id)
        return f"/h/{hearing.ref}", offer.id

    return service.run(make)


# --- without a signature ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPED)
def test_an_unsigned_act_on_a_request_is_refused_and_changes_nothing(service, everything, name):
    who, typed = TYPED[name]
    client = service.signed_in(who)
    base = made(service, reviewed=name != "submit")
    page = client.get(base).text + client.get(f"{base}?act={name}").text
    assert (f'action="{base}/sign/{name}"' in page, f"{base}/act/{name}" in page) == (True, False)
    typed = typed | {"csrf": client.token(base)}
    before = service.run(everything)
    answer = client.post(f"{base}/act/{name}", typed)
    assert (answer.status_code, "open its key file and sign" in client.words(answer)) == (422, True)
    assert service.statement(answer)["act"] == ACTIONS[name].signs
    for jws in ("", "   "):
        told = client.post(f"{base}/act/{name}", typed | {"jws": jws}, headers={"accept": "application/json"})
        assert (told.status_code, told.json()["code"]) == (422, "signature_required")
    assert service.run(everything) == before


@pytest.mark.parametrize("name", TYPED)
def test_the_page_that_signs_changes_nothing_and_what_it_signs_does_the_act(service, everything, name):
    who, typed = TYPED[name]
    client = service.signed_in(who)
    base = made(service, reviewed=name != "submit")
    typed = typed | {"csrf": client.token(base)}
    before = service.run(everything)
    shown = client.post(f"{base}/sign/{name}", typed)
    assert (shown.status_code, service.run(everything)) == (200, before)
    assert service.sign(client, shown).headers["location"] == f"{base}?done={name}"
    after = service.run(everything)
    assert len(after["signature"]) == len(before["signature"]) + 1
    assert after["hearing_request"] != before["hearing_request"]


@pytest.mark.parametrize("name", [*TYPED, "agree"])
def test_what_is_signed_with_the_other_states_key_is_refused_and_changes_nothing(service, everything, name):
    """Whichever State the statement says it is of; with the own key the very same one is taken."""
    if name == "agree":
        (home, offer), who = proposed(service), "authority"
        typed, where, to_sign = {"offer": offer}, f"{home}/times/accept", f"{home}/times/sign"
    else:
        (who, typed), home = TYPED[name], made(service, reviewed=name != "submit")
        where, to_sign = f"{home}/act/{name}", f"{home}/sign/{name}"
    client = service.signed_in(who)
    typed = typed | {"csrf": client.token("/docket")}
    shown = client.get(to_sign) if name == "agree" else client.post(to_sign, typed)
    stated = service.statement(shown)
    before = service.run(everything)
    for said in (stated, stated | {"iss": stated["aud"], "aud": stated["iss"]}):
        foreign = {"jws": signatures.sign(said, seed=service.seed(str(stated["aud"])))}
        answer = client.post(where, typed | foreign)
        assert (answer.status_code, "no such signing key" in client.words(answer)) == (401, True), client.words(answer)
        told = client.post(where, typed | foreign, headers={"accept": "application/json"})
        assert (told.status_code, told.json()["code"]) == (401, "signature_key_unknown")
    after = service.run(everything)
    assert len(after.pop("refused_statement")) == len(before.pop("refused_statement")) + 4  # for both States to read
    assert after == before
    assert service.sign(client, shown).status_code == 303


def test_an_unsigned_agreement_to_a_time_is_refused_and_changes_nothing(service, everything):
    home, offer = proposed(service)
    authority = service.signed_in("authority")
    shown = authority.get(f"{home}/times/sign")  # read from now on
    words = authority.words(shown)
    assert "Bangkok" in words and "Bucharest" in words and "Sound and picture" in words
    typed = {"offer": offer, "csrf": authority.token(f"{home}/times")}
    before = service.run(everything)
    answer = authority.post(f"{home}/times/accept", typed)
    assert (answer.status_code, "open its key file and sign" in authority.words(answer)) == (422, True)
    told = authority.post(f"{home}/times/accept", typed, headers={"accept": "application/json"})
    assert (told.status_code, told.json()["code"]) == (422, "signature_required")
    assert authority.post(f"{home}/act/agree", typed).status_code == 404
    assert service.run(everything) == before
    assert service.sign(authority, answer).status_code == 303
    clerk = service.signed_in("clerk")
    assert "Time agreed" not in clerk.words(clerk.get(home)), "one State has signed"
    assert service.agree(clerk, home).status_code == 303
    assert "Time agreed" in authority.words(authority.get(home))


def test_who_may_not_act_is_told_so_before_anything_is_signed(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    base = made(service, reviewed=True)
    for client, name in ((clerk, "accept"), (authority, "withdraw")):
        for step in ("sign", "act"):
            assert client.post(f"{base}/{step}/{name}", {"text": "No more."}, page=base).status_code == 403
    home, offer = proposed(service)
    judge = service.signed_in("judge")
    assert judge.get(f"{home}/times/sign", params={"offer": offer}).status_code == 403
    unsigned = judge.post(f"{home}/times/accept", {"offer": offer}, page=home)
    assert unsigned.status_code in (403, 422)
    assert authority.get(f"{home}/times/sign", params={"offer": "another"}).status_code == 404
    for path in (f"{base}/act/accept", f"{base}/sign/accept"):  # such as after a change of language
        assert authority.get(path).headers["location"] == base


# --- again --------------------------------------------------------------------------------------------------------


def test_a_statement_that_has_become_too_old_is_signed_again_without_typing_again(service):
    authority = service.signed_in("authority")
    base = made(service, reviewed=True)
    typed = TYPED["conditions"][1]
    shown = authority.post(f"{base}/sign/conditions", typed, page=base)
    old = service.statement(shown) | {"iat": int(datetime.now(UTC).timestamp()) - 301}
    late = {"jws": signatures.sign(old, seed=service.seed("TH"))}
    answer = authority.post(f"{base}/act/conditions", typed | late, page=base)
    assert (answer.status_code, "signed too long ago" in authority.words(answer)) == (401, True)
    assert 'href="#sign-key"' in answer.text and 'aria-invalid="true"' in answer.text
    assert "Under review" in authority.words(authority.get(base))
    fresh = service.statement(answer)
    assert (fresh["body"], fresh["jti"] == old["jti"]) == (old["body"], False)
    assert service.sign(authority, answer).status_code == 303
    assert typed["text"] in authority.words(authority.get(base))


def test_a_consent_over_older_terms_is_refused_and_the_terms_as_they_stand_are_shown(service):
    home, _offer = proposed(service)
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    shown = authority.get(f"{home}/times/sign")
    changed = {"recording_policy": "sound_only", "participant_classes": re.findall(
        r'name="participant_classes" value="(\w+)"', clerk.get(f"{home}/times").text
    ), "reason": "No pictures, by order"}  # fmt: skip
    assert clerk.post(f"{home}/times/terms", changed, page=f"{home}/times").status_code == 303
    answer = service.sign(authority, shown)
    assert (answer.status_code, "has changed since" in authority.words(answer)) == (409, True)
    assert "Only sound is recorded" in authority.words(answer)
    assert "Time agreed" not in authority.words(authority.get(home))
    assert service.sign(authority, answer).status_code == 303


# --- without a key ------------------------------------------------------------------------------------------------


def test_a_state_without_a_key_is_told_who_registers_one_and_where(service):
    async def people(database: Database) -> str:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            clerk = Person(owner_state="FR", name="M. Blanc", email="blanc@fr.example", functions=["clerk"])
            db.add(clerk)
            await db.flush()
            return (await logins.create_login(db, person=clerk, now=now))[1]

    client = service.client()
    client.cookies[COOKIE] = service.run(people)
    base = made(service, reviewed=False, who="blanc@fr.example")
    shown = client.post(f"{base}/sign/submit", page=base)
    assert "No signing key is registered for France, so nobody can sign." in client.words(shown)
    assert "The operator of this service registers" in client.words(shown)
    assert 'type="file"' not in shown.text

    async def administrator(database: Database) -> None:
        async with database.transaction() as db:
            db.add(Person(owner_state="FR", name="A. Noir", email="noir@fr.example", functions=["administrator"]))

    service.run(administrator)
    shown = client.post(f"{base}/sign/submit", page=base)
    assert "under “Signing keys”: A. Noir." in client.words(shown)
    home = service.signed_in("clerk").post(f"{made(service, reviewed=False)}/sign/submit", page="/docket")
    assert "These authorities have a key: Tribunalul București." in client.words(home)


# --- no route makes the other State's signature -----------------------------------------------------------------------


@dataclass
class Walk:
    """Every route of the pages that takes a form, with what stands in its braces."""

    service: Service
    values: dict[str, list[str]]

    def paths(self) -> list[str]:
        found = []
        for route in self.service.app.routes:
            if not isinstance(route, Route) or "POST" not in (route.methods or ()) or route.path == "/sign-out":
                continue
            paths = [route.path]
            for name in re.findall(r"{(\w+)(?::\w+)?}", route.path):
                values = self.values.get(name, ["nothing"])
                paths = [re.sub(rf"{{{name}(:\w+)?}}", value, path) for path in paths for value in values]
            found += paths
        return found


def test_no_route_takes_or_makes_the_other_states_signature(service, everything):
    """All of Romania's functions in one hand, with statements Thailand has truly signed and with forged ones."""
    reference = made(service, reviewed=True).rsplit("/", 1)[1]
    home, offer = proposed(service)
    ref = home.rsplit("/", 1)[1]

    async def prepare(database: Database) -> tuple[str, bonds.StatementToSign]:
        now = datetime.now(UTC)
        async with database.transaction() as db:
            person = Person(
                owner_state="RO", name="Omnia Popescu", email="all@ro.example", authority_name="Tribunalul București",
                functions=[*StaffFunction],
            )  # fmt: skip
            db.add(person)
            await db.flush()
            _login, secret = await logins.create_login(db, person=person, now=now)
            hearing = await queries.hearing(db, ref, state="TH")
            bond = await bonds.of_hearing(
                db, hearing, await diary_queries.offer(db, offer, hearing=hearing), state="TH"
            )
        return secret, bond

    secret, bond = service.run(prepare)
    client = service.client()
    client.cookies[COOKIE] = secret
    names = [*ACTIONS, "agree", "accept", "sign", "propose"]
    walk = Walk(service, {"reference": [reference], "ref": [ref], "action": names, "step": ["sending"]})

    def stated(act: Act, about: str, body: dict[str, object]) -> dict[str, object]:
        now = datetime.now(UTC)
        return signatures.statement(state="TH", other="RO", act=act, about=about, body=body, now=now)

    said = {"answers": {"domestic_law_confirmed": True}, "reason": ""}  # as its page of what is signed shows it
    accept = stated(Act.accept_request, reference, said)
    agree = stated(Act.agree_hearing, ref, dict(bond.body))
    thai = [signatures.sign(one, seed=service.seed("TH")) for one in (accept, agree)]
    forged = [signatures.sign(one, seed=service.seed("RO")) for one in (accept, agree)]
    token = client.token("/docket")

    def standing() -> tuple[object, ...]:
        rows = service.run(everything)
        return rows["signature"], [row for row in rows["terms_consent"] if "TH" in row]

    before, tried = standing(), set()
    for path in walk.paths():
        for jws in (*thai, *forged):
            service.app.state.parts.buckets.levels.clear()
            answer = client.post(path, {"jws": jws, "offer": offer, "number": "1", "csrf": token})
            tried.add((path, answer.status_code))
    assert standing() == before
    assert len({path for path, _status in tried}) > 80
    service.reports()  # one of the paths is where browsers report: nothing was broken
    doors = (f"/requests/{reference}/act/accept", f"/h/{ref}/times/accept")
    # Romania may sign its own offer there, with its own authority's statement: none of these is one.
    assert {status for path, status in tried if path in doors} <= {401, 403, 409}
    words = client.words(client.get(f"/requests/{reference}")) + client.words(client.get(home))
    assert "Under review" in words and client.words(client.get(home)).count("Time agreed") == 0

    # The same statements are good where Thailand's own officer hands them in.
    authority = service.signed_in("authority")
    token = authority.token("/docket")
    for path, jws in zip(doors, thai, strict=True):
        answer = authority.post(path, {"jws": jws, "offer": offer, "csrf": token})
        assert answer.status_code == 303, authority.words(answer)
