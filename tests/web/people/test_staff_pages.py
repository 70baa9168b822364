"""The pages of the staff: an administrator's, and everybody's own sign-ins; and the same by command."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlmodel import col, select, update

from hearings import queries
from hearings.models import OutboxMessage, Passkey, StaffRecovery
from hearings.people import credentials, logins
from hearings.people.logins import Way
from tests.support.page_client import found
from web import cli
from web.server.sign_in import COOKIE

NEW = {"name": "Dan Ilie", "email": "dan@ro.example", "authority_name": "Court", "city": "Cluj", "functions": "clerk"}


@pytest.fixture
def admin(service):
    return service.signed_in("administrator")


def page_of(admin, email):
    shown = r'href="(/admin/staff/[0-9a-f-]{36})".*?<bdi dir="ltr">([^<]*)</bdi>'
    rows = re.findall(shown, admin.get("/admin/staff").text, re.DOTALL)
    return next(page for page, address in rows if address == email)


def seen(admin, page):
    return found(r'name="seen" value="(\d+)"', admin.get(page).text)[1]


def test_a_person_is_added_signs_in_by_a_link_and_both_see_who_made_it(service, admin):
    wrong = admin.post("/admin/staff", NEW | {"email": "nobody"}, page="/admin/staff")
    assert (wrong.status_code, 'href="#email"' in wrong.text, 'value="Dan Ilie"' in wrong.text) == (422, True, True)
    page = admin.post("/admin/staff", NEW, page="/admin/staff").headers["location"].partition("?")[0]
    assert page == page_of(admin, "dan@ro.example")
    made = admin.post(f"{page}/link", page=page)
    secret = found(r"/s#([\w-]+)", unescape(made.text))[1]
    client = service.client()
    assert client.post("/s", {"secret": secret}).headers["location"] == "/docket"
    words = client.words(client.get("/sign-ins"))
    assert "Elena Stan" in words and "A link created by an administrator" in words and "Signed in" in words
    assert "Elena Stan" in admin.words(admin.get(page)) and "Used" in admin.words(admin.get(page))
    assert secret not in client.get("/sign-ins").text + admin.get(page).text

    async def mails(database):
        async with database.reading() as db:
            rows = (await db.exec(select(OutboxMessage).where(OutboxMessage.address == "dan@ro.example"))).all()
            return [row.payload for row in rows]

    (mail,) = service.run(mails)
    assert "/sign-ins" in mail["text"] and secret not in str(mail)
    # Deactivated after being asked, signed out at once, and reactivated.
    assert "Deactivate this account?" not in admin.words(admin.get(page))
    assert "Deactivate this account?" in admin.words(admin.get(f"{page}?deactivate"))
    late = admin.post(f"{page}/deactivate", {"seen": "0"}, page=page)
    assert (late.status_code, "Nothing was changed" in admin.words(late)) == (409, True)
    assert client.get("/docket").status_code == 200
    off = admin.post(f"{page}/deactivate", {"seen": seen(admin, page), "reason": "Left"}, page=page)
    assert off.headers["location"] == f"{page}?done=deactivate"
    assert client.get("/docket").status_code == 401
    assert "The account was deactivated" in admin.words(admin.get(page))
    assert admin.post(f"{page}/link", page=page).status_code == 409
    back = admin.post(f"{page}/reactivate", {"seen": seen(admin, page)}, page=page)
    assert back.headers["location"] == f"{page}?done=reactivate"
    assert "Deactivated Left" in admin.words(admin.get(page))


def test_a_link_is_withdrawn_by_the_person_it_is_for(service, admin):
    clerk = service.signed_in("clerk")
    page = page_of(admin, "clerk@demo.ro.example")
    secret = found(r"/s#([\w-]+)", unescape(admin.post(f"{page}/link", page=page).text))[1]
    link = found(r'name="link" value="([^"]+)"', clerk.get("/sign-ins").text)[1]
    assert clerk.post("/sign-ins", {"link": link}, page="/sign-ins").status_code == 303
    answer = service.client().post("/s", {"secret": secret})
    assert answer.headers["location"] == "/sign-in?why=old"
    assert "Withdrawn" in admin.words(admin.get(page))
    thai = service.signed_in("authority")
    assert thai.post("/sign-ins", {"link": link}, page="/sign-ins").status_code == 404


def test_the_last_administrator_is_not_taken_away_and_others_see_nothing(service, admin):
    page = page_of(admin, "administrator@demo.ro.example")
    refused = admin.post(f"{page}/deactivate", {"seen": seen(admin, page)}, page=page)
    assert (refused.status_code, "last administrator" in admin.words(refused)) == (409, True)
    clerk = service.signed_in("clerk")
    assert clerk.get("/admin/staff").status_code == 403
    assert "Niran Srisai" not in admin.get("/admin/staff").text
    empty = admin.get("/admin/staff?q=nobody+at+all")
    assert "Nobody here." in admin.words(empty)

    async def thai(database):
        async with database.reading() as db:
            return (await queries.people(db, state="TH"))[0].id

    assert admin.get(f"/admin/staff/{service.run(thai)}").status_code == 404


def test_the_same_is_done_by_command(service, capsys, monkeypatch):
    monkeypatch.setenv("VIVAVOCE_DATA", str(service.settings.data))

    def vivavoce(*words):
        code = cli.main(["staff", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    who = ("--state", "RO", "--name", "Eva", "--authority", "C", "--function", "clerk")
    assert vivavoce("add", "eva@ro.example", *who)[0] == 0
    assert cli.main(["link", "eva@ro.example"]) == 0
    assert vivavoce("change", "eva@ro.example", "--city", "Cluj")[0] == 0
    code, text = vivavoce("links", "eva@ro.example")
    assert (code, "Operator (account" in text, "can be used" in text) == (0, True, True)
    link = found(r"([0-9a-f-]{36})", text)[1]
    assert vivavoce("withdraw", "eva@ro.example", link)[0] == 0
    assert "withdrawn" in vivavoce("links", "eva@ro.example")[1]
    assert vivavoce("deactivate", "eva@ro.example", "--why", "Left")[0] == 0
    assert "eva@ro.example" in vivavoce("list", "--state", "RO")[1]
    assert vivavoce("reactivate", "eva@ro.example")[0] == 0
    code, text = vivavoce("deactivate", "administrator@demo.ro.example")
    assert (code, "last administrator" in text) == (2, True)
    assert vivavoce("change", "nobody@ro.example", "--city", "X")[0] == 2


async def give_passkeys(database):
    """Everybody of Romania has had a passkey for more than a week, whatever it opens."""
    async with database.transaction() as db:
        for person in await queries.people(db, state="RO"):
            since = datetime.now(UTC) - timedelta(days=8)
            how = {"owner_state": "RO", "person_id": person.id, "name": "Key", "public_key": "k", "created_at": since}
            db.add(Passkey(credential_id=f"of {person.id}", **how))


def by_passkey(service, email):
    """A login of somebody that a passkey has just made."""

    async def work(database):
        async with database.transaction() as db:
            person = await queries.person_by_email(db, email)
            passkeys, _ = await credentials.in_use(db, person_id=person.id)
            how = {"way": Way.passkey, "credential_id": passkeys[0].id, "now": datetime.now(UTC)}
            return (await logins.create_login(db, person=person, **how))[1]

    client = service.client()
    client.cookies[COOKIE] = service.run(work)
    return client


async def mails(database):
    async with database.reading() as db:
        rows = (await db.exec(select(OutboxMessage).order_by(col(OutboxMessage.id)))).all()
        return [(row.address, row.payload["text"]) for row in rows]


async def waited(database):
    """The waiting time of every recovery is over."""
    async with database.transaction() as db:
        await db.exec(update(StaffRecovery).values(opens_at=datetime.now(UTC)))


def test_a_new_way_in_is_asked_for_stopped_asked_again_and_confirmed_by_another(prepared, tmp_path, serving, capsys):
    with serving(tmp_path) as service:
        admin = service.signed_in("administrator")
        new = NEW | {"name": "Second Admin", "email": "second@ro.example", "functions": "administrator"}
        admin.post("/admin/staff", new, page="/admin/staff")
        clerk_page = page_of(admin, "clerk@demo.ro.example")
        assert "Create a sign-in link" in admin.words(admin.get(clerk_page))
        service.run(give_passkeys)
        admin, clerk = by_passkey(service, new["email"]), by_passkey(service, "clerk@demo.ro.example")
        words = admin.words(admin.get(clerk_page))
        assert "Everything is lost" in words and "Create a sign-in link" not in words
        form = f"{clerk_page}/recovery"
        empty = admin.post(form, page=form)
        assert (empty.status_code, 'href="#reason"' in empty.text) == (422, True)
        assert admin.post(form, {"reason": "Phone"}, page=form).headers["location"] == "/admin/recoveries?done=asked"
        assert ">Confirm<" not in admin.get("/admin/recoveries").text
        stop = found(r'action="(/sign-ins/recoveries/[^"]+)"', clerk.get("/sign-ins").text)[1]
        assert clerk.post(stop, page="/sign-ins").headers["location"] == "/sign-ins?done=recovery_stopped"
        # Asked again, it is stopped by the link in the mail, without a sign-in.
        admin.post(form, {"reason": "Phone lost"}, page=form)
        links = re.findall(r"/sign-in/stop-recovery#([\w-]+)", str(service.run(mails)))
        stranger = service.client()
        assert "Stop it" in stranger.words(stranger.get("/sign-in/stop-recovery"))
        answers = [stranger.post("/sign-in/stop-recovery", {"secret": secret}) for secret in (*links, links[1], "x")]
        assert [answer.status_code for answer in answers] == [409, 200, 409, 409]
        assert "It is stopped" in stranger.words(answers[1])
        # And again: confirmed once it has waited.
        assert admin.post(form, {"reason": "Phone lost"}, page=form).status_code == 303
        other = by_passkey(service, "administrator@demo.ro.example")
        waiting = other.get("/admin/recoveries")
        assert ("Can be confirmed from:" in waiting.text, ">Confirm<" in waiting.text) == (True, False)
        refused = other.post(found(r'"(/admin/recoveries/[^"]+)/refuse"', waiting.text)[1] + "/confirm", page=form)
        assert (refused.status_code, "This can be confirmed from" in other.words(refused)) == (409, True)
        service.run(waited)
        act = found(r'action="(/admin/recoveries/[^"]+/confirm)"', other.get("/admin/recoveries").text)[1]
        made = other.post(act, page="/admin/recoveries")
        secret = found(r"/s#([\w-]+)", unescape(made.text))[1]
        assert clerk.get("/docket").status_code == 401
        assert service.client().post("/s", {"secret": secret}).headers["location"] == "/docket"
        assert "Confirmed" in other.words(other.get("/admin/recoveries"))
        told = service.run(mails)
        assert sum("asked for a new way to sign in as you" in text for _to, text in told) == 3
        assert {to for to, text in told if "for a member of your staff" in text} == {"administrator@demo.ro.example"}
        assert [to for to, text in told if "You were given a new way" in text] == ["clerk@demo.ro.example"]
        assert secret not in str(told)
        # The operator alone, by command.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VIVAVOCE_DATA", str(service.settings.data))
            assert cli.main(["link", new["email"]]) == 2
            assert "staff recover" in capsys.readouterr().err
            assert cli.main(["staff", "recover", new["email"]]) == 0
        printed = found(r"/s#([\w-]+)", capsys.readouterr().out)[1]
        assert admin.get("/docket").status_code == 401
        assert service.client().post("/s", {"secret": printed}).headers["location"] == "/docket"
