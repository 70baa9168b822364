"""The system of a foreign authority, as small as it can be: it is told of a request and does what is its to do.

It is told by webhook, checks who says so, and reads. It checks the other authority's signature for itself, takes the
request up, puts the consents on record that the law asks for, and accepts it, signed; it agrees to a time in its own
office hours, signed, or asks for one that is; it signs the technical agreement when nothing in it is a conflict, and
minutes that were read back. What it will not decide by itself it leaves to a person (`left`).
Run: `python foreign_authority.py settings.json`. docs/client.md walks through it.
"""

import base64
import hashlib
import hmac
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from vivavoce_client import (
    Agreement,
    Key,
    KeyAuthority,
    Offer,
    Problem,
    Request,
    Search,
    Slot,
    Time,
    Vivavoce,
    verified,
)

EVENTS = [
    "request.submitted",
    "hearing.proposed",
    "agreement.proposed",
    "agreement.countered",
    "minutes.read_back",
]
OLDEST = 300
"""Seconds a message may be old."""


# --- being told --------------------------------------------------------------------------------------------------


@dataclass
class Inbox:
    """Messages that are genuine, each once. In a real system `seen` and `waiting` are tables."""

    secret: str = ""
    seen: set[str] = field(default_factory=set)
    waiting: "queue.Queue[dict[str, Any]]" = field(default_factory=queue.Queue)

    def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """The status to answer with (docs/webhooks.md). A repeat is answered 204 and not kept again."""
        name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        made = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        wanted = "v1," + base64.b64encode(made).decode()
        told = headers.get("webhook-signature", "").split()
        if not key or not any(hmac.compare_digest(wanted, one) for one in told):
            return 401
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > OLDEST:
            return 400
        if name not in self.seen:
            self.seen.add(name)
            self.waiting.put(json.loads(body))
        return 204


def listen(inbox: Inbox, host: str = "localhost", port: int = 0) -> ThreadingHTTPServer:
    """Receive messages, in a thread of their own. Put this behind your TLS proxy."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(inbox.receive(headers, self.rfile.read(min(length, 65_536))))
            self.end_headers()

        def log_message(self, *_told: object) -> None:
            """Nothing: what comes in is counted elsewhere."""

    server = ThreadingHTTPServer((host, port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


# --- doing what is ours to do ------------------------------------------------------------------------------------


@dataclass
class ForeignAuthority:
    """What this authority does by itself, and what it leaves to a person."""

    api: Vivavoce
    state: str
    zone: str
    keys: Mapping[str, set[str]]
    """Of each State, the public keys of the authorities we trust: agreed with them, not read from the service."""
    left: list[str] = field(default_factory=list)

    def handle(self, event: Mapping[str, Any]) -> None:
        """Deal with one message. It only says that something has changed: how things stand is read anew."""
        reference = str(event["data"]["reference"])
        acts: Mapping[str, Callable[[str], None]] = {
            "request.submitted": self.request,
            "hearing.proposed": self.hearing,
            "agreement.proposed": self.agreement,
            "agreement.countered": self.agreement,
            "minutes.read_back": self.minutes,
        }
        try:
            acts[event["type"]](reference)
        except Problem as problem:
            self.leave(reference, str(problem))

    def leave(self, reference: str, why: str) -> None:
        """For a person."""
        self.left.append(f"{reference}: {why}")

    def request(self, reference: str) -> None:
        """Take a request up and accept it, if an authority we know has signed it, a text can bear it, and nothing is
        missing. What the person has to consent to is put on record, and a person asks them.
        """
        found = self.api.request(reference)
        if found["requested_state"] != self.state or found["status"] not in ("received", "under_review"):
            return
        why = self.unsigned(found)
        if why:
            self.leave(reference, why)
            return
        if found["status"] == "received":
            self.api.acknowledge(found["id"])
        lacks = [one["asks"] for one in self.api.completeness(found["id"])["demands"] if one["found"] == "missing"]
        if lacks:
            self.api.ask(found["id"], "Please tell us: " + "; ".join(lacks))
            return
        if not self.api.legal_bases(found["id"])["usable"]:
            self.leave(reference, "no text between the two States can bear it")
            return
        if self.api.consents(found["id"])["expected"]:
            asked = self.api.expect_consents(found["id"])
            self.leave(reference, "to be asked for consent: " + ", ".join(one["provision"] for one in asked["items"]))
        self.api.accept(found["id"])

    def unsigned(self, found: Request) -> str:
        """Why the submission is not what an authority of the requesting State has signed; empty if it is."""
        trusted = self.keys.get(found["requesting_state"], set())
        for one in self.api.signatures(f"/requests/{found['id']}"):
            if one["act"] != "submit_request" or one["public_key"] not in trusted:
                continue
            try:
                said = verified(one["jws"], one["public_key"])
            except (InvalidSignature, ValueError):
                return "the signature does not hold"
            meant = (said["iss"], said["aud"], said["act"], said["about"])
            if meant != (found["requesting_state"], self.state, "submit_request", found["reference"]):
                return "the signature is about something else"
            return "" if said["body"]["content"] == found["content"] else "the request is not what was signed"
        return "no authority we know has signed it"

    def hearing(self, ref: str) -> None:
        """Agree to the first time on the table that is in our office hours; if there is none, ask for one that is."""
        open_ = [one for one in self.api.offers(ref) if one["status"] == "offered" and one["by_state"] != self.state]
        fits = [one for one in open_ if self.in_hours(one)]
        if fits:
            self.api.accept_offer(ref, min(fits, key=lambda one: one["starts_at"])["id"])
        elif open_:
            self.counter(ref, open_[0])

    def counter(self, ref: str, offer: Offer) -> None:
        """Ask for the first time within three weeks of the one that was offered that suits both courts and us."""
        start, end = (datetime.fromisoformat(offer[name]) for name in ("starts_at", "ends_at"))
        minutes = int((end - start).total_seconds()) // 60
        until = (start + timedelta(weeks=3)).isoformat()
        search = Search(hearing=ref, since=offer["starts_at"], until=until, duration_minutes=minutes)
        slots = self.api.find_times(search)["slots"]
        fits = sorted((one for one in slots if self.in_hours(one)), key=lambda one: one["starts_at"])
        if not fits:
            self.leave(ref, "no time that is offered, and none that suits both courts, is within office hours")
            return
        self.api.counter(ref, Time.of(fits[0], minutes), "None of the times is within our office hours.")
        for one in self.api.offers(ref):  # both States sign a time: ours is signed as it is offered
            if one["status"] == "offered" and one["by_state"] == self.state:
                self.api.sign_offer(ref, one["id"])

    def in_hours(self, offer: Offer | Slot) -> bool:
        """Monday to Friday, nine to half past four on our clocks."""
        start, end = (datetime.fromisoformat(offer[name]) for name in ("starts_at", "ends_at"))
        start, end = (at.astimezone(ZoneInfo(self.zone)) for at in (start, end))
        day = start.replace(hour=0, minute=0)
        return (
            start.weekday() < 5 and day + timedelta(hours=9) <= start and end <= day + timedelta(hours=16, minutes=30)
        )

    def agreement(self, reference: str) -> None:
        """Sign the terms the other State has put on the table, when both sites can hold them."""
        ref = reference.partition("/")[0]
        for one in self.api.agreements(ref):
            if one["status"] not in ("proposed", "countered") or self.state in one["signed_by"]:
                continue
            why = self.unacceptable(one)
            if why:
                self.leave(ref, why)
            else:
                self.api.sign_agreement(ref, one["number"])

    def unacceptable(self, found: Agreement) -> str:
        """Why we do not sign by ourselves."""
        if found["by_state"] == self.state:
            return "the terms are our own: the other State is to sign first"
        if found["session"] is None:
            return "the sites cannot hold it: " + ", ".join(
                line["item"] for line in found["lines"] if line["result"] == "conflict"
            )
        return ""

    def minutes(self, reference: str) -> None:
        """Sign minutes that were read back, if each passage stands in every language."""
        ref = reference.partition("/")[0]
        for summary in self.api.list_minutes(ref):
            if summary["status"] != "read_back":
                continue
            found = self.api.minutes(ref, summary["number"])
            if found["obstacles"]:
                self.leave(ref, "the minutes are not whole")
            elif self.state not in found["signed_by"]:
                self.api.sign_minutes(ref, found["number"])

    def work(self, inbox: Inbox, *, until: Callable[[], bool] = lambda: False) -> None:
        """Deal with messages as they come."""
        while not until():
            try:
                self.handle(inbox.waiting.get(timeout=0.2))
            except queue.Empty:
                continue


def main(path: str) -> None:
    """Settings: base, client_id, client_key and authority_key (PEM files), state, zone, keys, receive_at, port."""
    said = json.loads(Path(path).read_text(encoding="utf-8"))
    api = Vivavoce(
        base=said["base"],
        client_id=said["client_id"],
        key=Key.read(Path(said["client_key"]).read_bytes()),
        authority=KeyAuthority(Key.read(Path(said["authority_key"]).read_bytes())),
    )
    inbox = Inbox()
    listen(inbox, port=said["port"])
    inbox.secret = api.subscribe(said["receive_at"], EVENTS)["secret"]
    keys = {state: set(known) for state, known in said["keys"].items()}
    ForeignAuthority(api, said["state"], said["zone"], keys).work(inbox)


if __name__ == "__main__":
    main(sys.argv[1])
