"""Notices of States on pages: published by an authority, followed by a clerk abroad, shown beside requests."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from hearings.models import OutboxMessage

BANGKOK = ZoneInfo("Asia/Bangkok")
pytestmark = pytest.mark.beside


def publish(authority, **more):
    given = {
        "topic": "delay",
        "effect": "warn",
        "text": "Answers take four weeks.",
        "first_day": f"{datetime.now(BANGKOK).date()}",
    }
    return authority.post("/notices", given | more, page="/notices/new")


async def _mails(database):
    async with database.reading() as db:
        query = select(OutboxMessage).where(col(OutboxMessage.key).startswith("state_notice:"))
        return (await db.exec(query)).all()


def test_a_notice_is_published_followed_by_mail_and_shown_beside_a_request(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    answer = clerk.post("/notices/follow", {"state": "TH", "on": "yes"}, page="/notices?state=TH")
    assert answer.headers["location"] == "/notices?state=TH&done=followed"
    made = publish(authority, reason="ignored", languages=["en", "th"])
    assert made.status_code == 303, authority.words(made)
    where = made.headers["location"].partition("?")[0]
    assert "Answers take four weeks." in clerk.words(clerk.get(where))
    (mail,) = service.run(_mails)
    assert where in mail.payload["text"] and "four weeks" not in mail.payload["text"]
    shown = clerk.words(clerk.get(re.findall(r"/requests/RO-[0-9]{4}-[0-9]+", clerk.get("/requests").text)[0]))
    assert "Answers take four weeks." in shown
    clerk.post("/notices/follow", {"state": "TH", "on": "no"}, page="/notices?state=TH")
    publish(authority, text="A second notice")
    assert len(service.run(_mails)) == 1


def test_the_feed_has_what_applies_and_a_superseded_notice_stays_in_the_history(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    first = publish(authority).headers["location"].partition("?")[0].rsplit("/", 1)[1]
    second = publish(authority, text="Only a week now.", supersedes=first).headers["location"].partition("?")[0]
    feed = clerk.get("/notices/feed/TH.json")
    assert feed.headers["content-type"] == "application/feed+json"
    texts = [one["content_text"] for one in feed.json()["items"]]
    assert "Only a week now." in texts and feed.json()["version"].endswith("/1.1")
    assert first not in [one["id"] for one in feed.json()["items"]]
    assert f"/notices/{first}" not in clerk.get("/notices?state=TH").text
    assert f"/notices/{first}" in clerk.get("/notices?state=TH&history=1").text
    assert f"/notices/{first}" in clerk.get(second).text
    assert clerk.get("/notices/feed/ZZ.json").status_code == 422


def test_a_block_needs_a_reason_and_a_topic_that_stops_something_and_what_was_typed_stays(service):
    authority = service.signed_in("authority")
    answer = publish(authority, topic="closure", effect="block")
    assert answer.status_code == 422 and "Answers take four weeks." in answer.text
    assert "Reason for blocking" in authority.words(answer)
    answer = publish(authority, effect="block", reason="No staff")
    assert answer.status_code == 422 and "can warn, but stops nothing" in authority.words(answer)
    answer = publish(authority, first_day="next week")
    assert answer.status_code == 422


def test_who_may_not_publish_sees_no_button_and_is_refused(service):
    clerk = service.signed_in("clerk")
    assert "/notices/new" not in clerk.get("/notices").text
    assert clerk.get("/notices/new").status_code == 403
    answer = clerk.post("/notices", {"topic": "delay", "text": "Nothing"}, page="/notices?state=TH")
    assert answer.status_code == 403
    assert clerk.get("/notices/unknown").status_code == 404
