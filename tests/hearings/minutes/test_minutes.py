"""Minutes from the first draft to both signatures, over a real hearing; who may, and what is refused."""

import json
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hearings import queries
from hearings.actors import SYSTEM
from hearings.errors import IllegalMove, Invalid, NotAllowed, NotReady, SignatureRefused, Stale, TermsChanged
from hearings.events import EventKind, record
from hearings.hearing import seats
from hearings.minutes import corrections, minutes, passages, text as minutes_text
from hearings.minutes.facts import SECTIONS
from hearings.minutes.revision import How, Writing
from hearings.models import Hearing, Minutes, MinutesPassage, Participant, Recording
from hearings.models.minutes import ReservationKind
from hearings.overview import worklist
from hearings.roles import Role
from hearings.sentences import Untranslated
from hearings.signatures import jws, signatures, signing_keys
from hearings.signatures.signatures import Act
from hearings.sitting import breaks, floor_turns, recordings, sittings
from hearings.status import MinutesStatus, RecordingStatus

pytestmark = [pytest.mark.beside, pytest.mark.parametrize("stage", ["in_session"])]
"""Both databases only where what is tested is the database's."""
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
M = MinutesStatus


def say(lang: str, text: str) -> str:
    """Romanian is translated, Thai is not."""
    if lang == "th":
        raise Untranslated(lang)
    return f"{lang}:{text}" if lang == "ro" else str(text)


async def hear(court: Any, now: datetime) -> None:
    """Half an hour of a hearing: a break, an intervention, a lost line, a gap; then it is closed and sealed."""

    def at(minutes_: int) -> datetime:
        return now + timedelta(minutes=minutes_)

    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        judge, authority = await court.actor(db, JUDGE), await court.actor(db, AUTHORITY)
        witness = await court.seat(db, Role.witness)
        await sittings.hold(db, sitting=sitting, reason="A short break", actor=judge, now=at(5))
        await sittings.resume(db, sitting=sitting, reason="Go on", actor=judge, now=at(10))
        await sittings.hold(db, sitting=sitting, reason="Not under our law", actor=authority, now=at(12))
        await sittings.resume(db, sitting=sitting, reason="The question is withdrawn", actor=authority, now=at(13))
        await seats.disconnected(db, participant=witness, now=at(15))
        await record(
            db, hearing=court.hearing.id, kind=EventKind.joined, actor=SYSTEM, now=at(16), participant=witness.id
        )
        gap = {"track": "witness_1_mic", "from_ms": 900_000, "until_ms": 960_000, "cause": "network"}
        gap["participant"] = witness.id
        await record(db, hearing=court.hearing.id, kind=EventKind.gap, actor=SYSTEM, now=at(16), **gap)
        await sittings.close(db, sitting=sitting, reason="Heard", actor=judge, now=at(30))
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="ab" * 32, now=at(31))
        await sittings.finish(db, sitting=sitting, now=at(31))


@pytest.fixture
async def heard(court: Any, now: datetime) -> Any:
    await hear(court, now)
    return court


async def act(court: Any, what: Any, by: Role | None, now: datetime, **words: Any) -> Any:
    """Somebody acts on the newest minutes."""
    async with court.database.transaction() as db:
        found = await minutes.current(db, court.hearing)
        actor = SYSTEM if by is None else await court.actor(db, by)
        return await what(db, minutes=found, actor=actor, now=now, **words)


async def begin(court: Any, now: datetime, role: Role = CLERK) -> Minutes:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id)
        actor = await court.actor(db, role)
        return await minutes.begin(db, hearing=hearing, say=say, actor=actor, now=now)


async def texts(court: Any) -> dict[str, MinutesPassage]:
    async with court.database.reading() as db:
        found = await minutes.current(db, court.hearing)
        return {one.key: one for one in await passages.latest(db, found)}


async def test_a_break_an_intervention_in_it_and_a_hold_in_a_turn_are_counted_once(court: Any, now: datetime) -> None:
    def at(minutes_: int) -> datetime:
        return now + timedelta(minutes=minutes_)

    async with court.database.transaction() as db:
        sitting, recording = await court.sitting(db)
        judge, authority = await court.actor(db, JUDGE), await court.actor(db, AUTHORITY)
        witness = await court.seat(db, Role.witness)
        await breaks.order(db, sitting=sitting, purpose="rest", minutes=10, actor=judge, now=at(5))
        await sittings.hold(db, sitting=sitting, reason="Not under our law", actor=authority, now=at(8))
        assert not await sittings.resume(db, sitting=sitting, reason="Rested", actor=judge, now=at(15))
        assert await sittings.resume(db, sitting=sitting, reason="Withdrawn", actor=authority, now=at(20))
        await floor_turns.set_mode(db, sitting=sitting, mode="by_turn", actor=judge, now=at(22))
        await floor_turns.give(db, participant=witness, actor=judge, now=at(23))
        await sittings.hold(db, sitting=sitting, reason="A noise", actor=judge, now=at(25))
        await sittings.resume(db, sitting=sitting, reason="Go on", actor=judge, now=at(27))
        await sittings.close(db, sitting=sitting, reason="Heard", actor=judge, now=at(30))
        await recordings.closed(db, sitting=sitting, recording=recording, size=120, root="ab" * 32, now=at(31))
        await sittings.finish(db, sitting=sitting, now=at(31))
    await begin(court, at(32))
    found = {key: one.texts["en"] for key, one in (await texts(court)).items()}
    assert "2 breaks or interruptions, 17 minutes in all." in found["summary.all"].splitlines()
    lengths = [line for line in found["course.sitting_1"].splitlines() if line.startswith("    It lasted")]
    assert lengths == [f"    It lasted {n} minutes." for n in (10, 15, 2)], "the break, all of it, the hold"
    assert "lifted a hold; the floor stayed closed (intervention of the requested authority)." in str(found)
    assert found["course.turns_1"].endswith(": The witness (1 turn, 5 minutes).")


# --- drafting ----------------------------------------------------------------------------------------------------


async def test_every_passage_of_a_draft_says_where_it_is_from_and_what_is_unknown(heard: Any, now: datetime) -> None:
    made = await begin(heard, now)
    found = await texts(heard)
    assert (made.number, made.status, made.after_seq) == (1, M.drafted, 0)
    assert [key for key, one in found.items() if not one.sources] == []
    assert list(dict.fromkeys(key.split(".")[0] for key in found)) == list(SECTIONS)
    break_ = found["course.sitting_1"].texts["en"]
    assert "08:05 (Bucharest), 13:05 (Bangkok): Andrei Popa closed the floor." in break_
    assert found["interventions.all"].texts["en"].splitlines() == [
        "08:12 (Bucharest), 13:12 (Bangkok): Kanya Srisai intervened: “Not under our law”",
        "08:13 (Bucharest), 13:13 (Bangkok): Kanya Srisai lifted it: “The question is withdrawn”",
    ]
    assert "for 60 seconds: the line of The witness was lost." in found["interruptions.all"].texts["en"]
    assert "ab" * 32 in found["recording.sitting_1"].texts["en"]
    assert found["recording.gaps"].texts["en"] == (
        "No sound of The witness 08:15–08:16 (Bucharest), 13:15–13:16 (Bangkok) (from 0:15:00 "
        "to 0:16:00 of the recording): nothing was received on the line."
    )
    assert found["languages.booked"].texts["en"].endswith("Interpreting by the technical agreement: simultaneous.")
    assert found["languages.booked"].sources[-1] == "row:agreement.1"
    assert found["oath.all"].texts["en"] == (
        "Oath, affirmation or caution, its text and the answer: not recorded, to be completed by: Requested authority."
    )
    assert (found["oath.all"].open_for, found["oath.all"].sources) == (
        "requested_authority",
        ["human:requested_authority"],
    )
    assert "Document: passport, ending in 9876." in found["identity.witness_1"].texts["en"]
    assert {key for key, one in found.items() if one.required and one.open_for} == {"oath.all"}
    assert "Technical agreement no. 1, between the two sites:" in found["technical.agreement"].texts["en"]


async def test_a_draft_is_in_every_language_it_has_words_for(heard: Any, now: datetime) -> None:
    await begin(heard, now)
    public = (await texts(heard))["public.all"]
    assert public.texts.keys() == {"en", "ro"}
    assert public.texts["ro"] == "ro:Not recorded: to be completed by: Presiding judge."


async def test_minutes_wait_for_the_sitting_and_for_the_earlier_ones(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        sitting.started_at = None
        db.add(sitting)
    with pytest.raises(NotReady, match="once the sitting has begun"):
        await begin(court, now)
    async with court.database.transaction() as db:
        sitting, _ = await court.sitting(db)
        sitting.started_at = now
        db.add(sitting)
    await begin(court, now)
    with pytest.raises(NotReady, match="not signed yet"):
        await begin(court, now)


async def test_drafting_again_adds_what_happened_and_leaves_what_people_wrote(court: Any, now: datetime) -> None:
    await begin(court, now)
    await rewrite(court, now, "times.sitting_1", ro="De la ora opt.")
    with pytest.raises(NotReady, match="not closed yet"):
        await act(court, minutes.submit, CLERK, now)
    await hear(court, now)
    with pytest.raises(NotReady, match="draft the minutes again"):
        await act(court, minutes.submit, CLERK, now)
    done = await act(court, minutes.refresh, CLERK, now, say=say)
    assert done.left == ("times.sitting_1",)
    assert {"course.sitting_1", "interventions.all", "recording.sitting_1"} <= set(done.anew)
    found = await texts(court)
    assert found["times.sitting_1"].texts["ro"] == "De la ora opt."
    assert (found["course.sitting_1"].revision, found["case.references"].revision) == (2, 1)
    await act(court, minutes.submit, CLERK, now)
    with pytest.raises(NotReady, match="before their review"):
        await act(court, minutes.refresh, CLERK, now, say=say)


# --- passages ----------------------------------------------------------------------------------------------------


async def rewrite(
    court: Any, now: datetime, key: str, role: Role = CLERK, *, settled: bool = False, **said: str
) -> MinutesPassage:
    """Give a passage new texts, all written."""
    revision = (await texts(court))[key].revision
    writings = {lang: Writing(text=text, how=How.written) for lang, text in said.items()}
    return await act(court, passages.revise, role, now, key=key, revision=revision, writings=writings, settled=settled)


async def test_a_change_is_a_version_and_makes_the_other_language_stale(heard: Any, now: datetime) -> None:
    await begin(heard, now)
    await rewrite(heard, now, "public.all", settled=True, ro="Ședința a fost publică.", th="การพิจารณาเปิดเผย")
    changed = await rewrite(heard, now, "public.all", JUDGE, ro="Ședința nu a fost publică.")
    assert changed.marks["th"] == {"how": "written", "by": "", "stale": True}
    assert (changed.revision, changed.open_for, changed.author_label) == (3, "", "Andrei Popa")
    translated = {"th": Writing(text="การพิจารณาลับ", how=How.translated, by="Somsri")}
    done = await act(heard, passages.revise, CLERK, now, key="public.all", revision=3, writings=translated)
    assert done.marks == {
        "en": {"how": "drafted", "by": "", "open": ["Not recorded: to be completed by: Presiding judge."]},
        "ro": {"how": "written", "by": "", "open": ["ro:Not recorded: to be completed by: Presiding judge."]},
        "th": {"how": "translated", "by": "Somsri"},
    }
    async with heard.database.reading() as db:
        found = await passages.revisions(db, await minutes.current(db, heard.hearing), "public.all")
    assert [one.texts.get("ro", "")[:14] for one in found] == [
        "ro:Not recorde",
        "Ședința a fost",
        "Ședința nu a f",
        "Ședința nu a f",
    ]
    assert await act(heard, passages.revise, CLERK, now, key="public.all", revision=4, writings={}) == done


@pytest.mark.parametrize(
    ("writing", "field"),
    [
        (Writing(text="x", how=How.translated), "by_th"),
        (Writing(text="", how=How.written), "text_th"),
        (Writing(text="a\u202eb", how=How.written), "text_th"),
        (Writing(text="x", how=How.drafted), "text_th"),
    ],
)
async def test_a_text_that_cannot_stand_is_refused(heard: Any, now: datetime, writing: Writing, field: str) -> None:
    await begin(heard, now)
    with pytest.raises(Invalid) as refusal:
        await act(heard, passages.revise, CLERK, now, key="public.all", revision=1, writings={"th": writing})
    assert refusal.value.field == field
    assert (await texts(heard))["public.all"].revision == 1


async def test_a_change_to_an_older_version_or_in_a_foreign_language_is_refused(heard: Any, now: datetime) -> None:
    await begin(heard, now)
    await rewrite(heard, now, "public.all", ro="Publică.")
    fresh = {"ro": Writing(text="Secretă.", how=How.written)}
    with pytest.raises(Stale):
        await act(heard, passages.revise, CLERK, now, key="public.all", revision=1, writings=fresh)
    with pytest.raises(Invalid):
        await act(heard, passages.revise, CLERK, now, key="public.all", revision=2, writings={"fr": fresh["ro"]})
    assert (await texts(heard))["public.all"].texts["ro"] == "Publică."


async def test_only_judge_clerk_and_requested_authority_edit(heard: Any, now: datetime) -> None:
    for role in (Role.interpreter, Role.witness):
        with pytest.raises(NotAllowed):
            await begin(heard, now, role)
    await begin(heard, now, AUTHORITY)
    with pytest.raises(NotAllowed):
        await rewrite(heard, now, "public.all", Role.interpreter, ro="Publică.")


def test_a_comparison_shows_words(stage: str) -> None:
    assert passages.compared("The sitting was public.", "The sitting was not public.") == [
        ("same", "The sitting was "),
        ("new", "not "),
        ("same", "public."),
    ]


# --- protected persons -------------------------------------------------------------------------------------------


async def test_a_protected_person_is_named_nowhere(court: Any, now: datetime) -> None:
    async with court.database.transaction() as db:
        witness = await queries.get(db, Participant, court.ids[Role.witness])
        witness.display_name, witness.identity_method = "Malee Protected", "protected_identity"
        db.add(witness)
        sitting, _ = await court.sitting(db)
        judge = await court.actor(db, JUDGE)
        await sittings.hold(
            db, sitting=sitting, reason="malee protected and Somchai Jaidee are tired", actor=judge, now=now
        )
        await sittings.resume(db, sitting=sitting, reason="Go on", actor=judge, now=now)
    await hear(court, now)
    await begin(court, now)
    found = await texts(court)
    everything = " ".join(text for one in found.values() for text in one.texts.values()).casefold()
    assert "malee" not in everything and "somchai" not in everything
    assert "Reason given: “Witness 1 and Witness 1 are tired”" in found["course.sitting_1"].texts["en"]
    assert found["people.witness_1"].texts["en"].startswith("Witness 1, Witness, in – (Thailand).")
    assert found["protection.annex"].texts["en"] == (
        "Witness 1 is not named here.\n"
        "Where the identity of Witness 1 is kept: not recorded, to be completed by: Requested authority."
    )
    assert found["protection.annex"].open_for == "requested_authority"
    with pytest.raises(Invalid, match="protected"):
        await rewrite(court, now, "public.all", ro="MALEE Protected a vorbit.")
    with pytest.raises(Invalid, match="protected"):
        await act(court, corrections.reserve, CLERK, now, made_by="Defence", role="", lang="ro", text="Somchai Jaidee")


# --- reading back, signing ---------------------------------------------------------------------------------------


async def complete(court: Any, now: datetime) -> None:
    """Every passage has both texts, and nothing that is required is open."""
    async with court.database.transaction() as db:
        found, clerk = await minutes.current(db, court.hearing), await court.actor(db, CLERK)
        for one in await passages.latest(db, found):
            said = {"th": Writing(text=f"ไทย {one.key}", how=How.machine, by="a machine")}
            if one.open_for or "ro" not in one.texts:
                said["ro"] = Writing(text=f"Scris: {one.key}", how=How.written)
            await passages.revise(
                db, minutes=found, key=one.key, revision=one.revision, writings=said, settled=True,
                actor=clerk, now=now,
            )  # fmt: skip


READ: dict[str, Any] = {"read_by": "Ioana Marin", "languages": ["ro", "th"], "heard_by": ["The witness"]}


async def test_what_is_missing_stale_or_open_keeps_minutes_from_being_read_back(heard: Any, now: datetime) -> None:
    await begin(heard, now)
    with pytest.raises(NotReady, match="at the end of their review"):
        await act(heard, minutes.read_back, CLERK, now, **READ)
    await act(heard, minutes.submit, CLERK, now)
    with pytest.raises(NotReady) as refusal:
        await act(heard, minutes.read_back, CLERK, now, **READ)
    assert {"public.all: missing th", "oath.all: open requested_authority"} <= set(refusal.value.missing)
    await complete(heard, now)
    await rewrite(heard, now, "public.all", ro="Alt text.")
    with pytest.raises(NotReady) as refusal:
        await act(heard, minutes.read_back, CLERK, now, **READ)
    assert refusal.value.missing == ("public.all: stale th",)


@pytest.mark.parametrize(
    ("field", "value"), [("heard_by", []), ("languages", []), ("languages", ["fr"]), ("read_by", "")]
)
async def test_a_reading_says_who_read_to_whom_and_in_what(heard: Any, now: datetime, field: str, value: Any) -> None:
    await begin(heard, now)
    await act(heard, minutes.submit, CLERK, now)
    await complete(heard, now)
    with pytest.raises(Invalid) as refusal:
        await act(heard, minutes.read_back, CLERK, now, **(READ | {field: value}))
    assert refusal.value.field == field


async def keys(court: Any, now: datetime) -> dict[str, bytes]:
    """A signing key of each authority, in our table; their seeds."""
    seeds = {"RO": secrets.token_bytes(32), "TH": secrets.token_bytes(32)}
    async with court.database.transaction() as db:
        for state, seed in seeds.items():
            public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
            await signing_keys.add(
                db, state=state, authority_name=f"Court of {state}", public_key=jws.encode(public), now=now
            )
    return seeds


async def statement(court: Any, state: str, now: datetime) -> dict[str, Any]:
    async with court.database.reading() as db:
        found = await minutes.current(db, court.hearing)
        body = minutes_text.body(found, await minutes.recordings(db, found))
        about = minutes_text.about(court.hearing, found)
    other = {"RO": "TH", "TH": "RO"}[state]
    return signatures.statement(state=state, other=other, act=Act.sign_minutes, about=about, body=body, now=now)


async def read(court: Any, now: datetime) -> None:
    """Drafted, complete, reviewed and read back."""
    await begin(court, now)
    await act(court, minutes.submit, CLERK, now)
    await complete(court, now)
    await act(court, minutes.read_back, CLERK, now, **READ)


async def sign(court: Any, role: Role, seed: bytes, now: datetime, **changed: Any) -> Any:
    state = "TH" if role is AUTHORITY else "RO"
    stated = await statement(court, state, now) | changed
    return await act(court, minutes.sign, role, now, jws=signatures.sign(stated, seed=seed))


def test_what_is_signed_is_as_the_page_of_minutes_shows_it(stage: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "minutes.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r'`(\{"text_sha256": .*\})` as act `sign_minutes`', page)
    signed = Minutes(text_sha256="HASH")
    sealed = Recording(id="ID", size=120, root="ab" * 32, status=RecordingStatus.sealed)
    assert minutes_text.body(signed, [sealed]) == json.loads(shown.replace("SIZE:ROOT", "120:" + "ab" * 32))


@pytest.mark.both_databases
async def test_both_authorities_sign_the_text_and_the_head(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)
    await sign(heard, AUTHORITY, seeds["TH"], now)
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
        assert (found.status, sorted(await minutes.signed_by(db, found))) == (M.read_back, ["TH"])
    await sign(heard, JUDGE, seeds["RO"], now)
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
        kept = await minutes.recordings(db, found)
        both = await minutes.signed_by(db, found)
        on_recording = await minutes.signatures_on(db, heard.hearing, found.sittings[0])
        assert [signature.owner_state for signature in on_recording] == ["TH", "RO"]
        assert await minutes.signatures_on(db, heard.hearing, "another sitting") == []
        said = minutes_text.text(
            heard.hearing, found, await passages.latest(db, found), await minutes.reading_in_force(db, found)
        )
        history = [change.after for change in await queries.history(db, found)]
    assert (found.status, found.signed_at, sorted(both)) == (M.signed, now, ["RO", "TH"])
    assert minutes_text.digest(said) == found.text_sha256
    assert signatures.read(both["TH"])["body"] == {
        "text_sha256": found.text_sha256,
        "recordings": {kept[0].id: "120:" + "ab" * 32},
    }
    assert history == ["drafted", "in_review", "read_back", "signed"]
    for change in (minutes.reopen, minutes.send_back):
        with pytest.raises(IllegalMove):
            await act(heard, change, JUDGE, now, reason="Edit")
    with pytest.raises(NotReady):
        await rewrite(heard, now, "public.all", ro="Altfel.")


async def test_opening_the_text_again_voids_the_signature_and_the_older_hash(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)
    old = signatures.sign(await statement(heard, "RO", now), seed=seeds["RO"])
    await sign(heard, AUTHORITY, seeds["TH"], now)
    await act(heard, minutes.reopen, JUDGE, now, reason="A wrong time")
    with pytest.raises(NotReady):
        await act(heard, minutes.sign, JUDGE, now, jws=old)
    await rewrite(heard, now, "public.all", ro="Alt text.", th="อื่น")
    await act(heard, minutes.read_back, CLERK, now, **READ)
    async with heard.database.reading() as db:
        assert await minutes.signed_by(db, await minutes.current(db, heard.hearing)) == {}
    with pytest.raises(TermsChanged):
        await act(heard, minutes.sign, JUDGE, now, jws=old)
    await sign(heard, JUDGE, seeds["RO"], now)
    await sign(heard, AUTHORITY, seeds["TH"], now + timedelta(seconds=1))
    async with heard.database.reading() as db:
        assert (await minutes.current(db, heard.hearing)).status is M.signed


async def test_a_state_signs_for_itself_only_and_once(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)
    for role in (Role.interpreter, Role.witness):
        with pytest.raises(NotAllowed):
            await sign(heard, role, seeds["RO"], now)
    with pytest.raises(SignatureRefused):
        await sign(heard, JUDGE, seeds["TH"], now)
    with pytest.raises(SignatureRefused):
        await sign(heard, JUDGE, seeds["TH"], now, iss="TH", aud="RO")
    await sign(heard, JUDGE, seeds["RO"], now)
    with pytest.raises(TermsChanged):
        await sign(heard, CLERK, seeds["RO"], now + timedelta(seconds=1))


async def test_corrections_keep_the_review_going(heard: Any, now: datetime) -> None:
    await begin(heard, now)
    await act(heard, minutes.submit, CLERK, now)
    await complete(heard, now)
    done = await act(heard, minutes.read_back, CLERK, now, corrections="It was nine, not eight.", **READ)
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
    assert (done.outcome.value, found.status, found.text_sha256) == ("corrections", M.in_review, "")
    with pytest.raises(NotReady):
        await act(heard, minutes.read_back, CLERK, now, **READ)
    await rewrite(heard, now, "times.sitting_1", ro="De la ora nouă.", th="เก้าโมง")
    again = await act(heard, minutes.read_back, CLERK, now, **READ)
    assert (again.number, again.outcome.value) == (2, "accepted")


@pytest.mark.both_databases
async def test_reservations_stand_beside_the_text_even_when_it_is_signed(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)
    first = {"made_by": "Maître Roux", "role": "defence", "lang": "fr", "text": "La question 3 n'est pas rendue."}
    await act(heard, corrections.reserve, CLERK, now, **first)
    await sign(heard, AUTHORITY, seeds["TH"], now)
    await sign(heard, CLERK, seeds["RO"], now)
    refusal = first | {"kind": ReservationKind.refusal_to_sign, "text": "I do not sign."}
    await act(heard, corrections.reserve, AUTHORITY, now, **refusal)
    with pytest.raises(NotAllowed):
        await act(heard, corrections.reserve, Role.witness, now, **first)
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
        beside = await corrections.reservations_to(db, found)
        assert sorted(await minutes.signed_by(db, found)) == ["RO", "TH"]
    assert [(one.number, one.kind.value, one.text_sha256 == found.text_sha256) for one in beside] == [
        (1, "reservation", True),
        (2, "refusal_to_sign", True),
    ]
    for row in (beside[0], (await texts(heard))["public.all"]):
        with pytest.raises(DBAPIError, match="only grows"):
            async with heard.database.transaction() as db:
                await db.exec(text(f"UPDATE {row.__tablename__} SET at = at WHERE id = '{row.id}'"))


async def test_the_requesting_state_acknowledges_what_it_has_received(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)

    async def acknowledge(function: str) -> None:
        async with heard.database.transaction() as db:
            found = await minutes.current(db, heard.hearing)
            await minutes.acknowledge(db, minutes=found, hearing=heard.hearing, actor=heard.staff(function), now=now)

    with pytest.raises(NotReady):
        await acknowledge("clerk")
    await sign(heard, AUTHORITY, seeds["TH"], now)
    await sign(heard, CLERK, seeds["RO"], now)
    with pytest.raises(NotAllowed):
        await acknowledge("authority")
    await acknowledge("clerk")
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
    assert (found.received_at, found.received_by) == (now, "Ioana Marin")


@pytest.mark.both_databases
async def test_each_step_of_the_minutes_waits_for_who_may_take_it_until_it_is_taken(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    whole, part = ["clerk", "judge", "authority"], ["clerk", "judge"]

    async def waiting() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        async with heard.database.reading() as db:
            for who in whole:
                for row in (await worklist.waiting(db, person=heard.people[who], now=now)).rows:
                    if row.step == "close":  # that of the request, which has been executed
                        continue
                    assert (row.subject.id, row.due, row.late) == (heard.hearing.id, None, False)
                    found.setdefault(row.step, []).append(who)
        return found

    assert await waiting() == {}
    await begin(heard, now)
    assert await waiting() == {"complete_minutes": whole}
    await act(heard, minutes.submit, CLERK, now)
    assert await waiting() == {"read_minutes_back": whole}
    await act(heard, minutes.send_back, AUTHORITY, now, reason="The oath is missing")
    assert await waiting() == {"complete_minutes": whole}
    await act(heard, minutes.submit, CLERK, now)
    await complete(heard, now)
    await act(heard, minutes.read_back, CLERK, now, **READ)
    assert await waiting() == {"sign_minutes": whole}
    await sign(heard, AUTHORITY, seeds["TH"], now)
    assert await waiting() == {"sign_minutes": part}
    await act(heard, minutes.reopen, CLERK, now, reason="A word is wrong")
    assert await waiting() == {"read_minutes_back": whole}
    await act(heard, minutes.read_back, CLERK, now + timedelta(minutes=1), **READ)
    assert await waiting() == {"sign_minutes": whole}  # the signature was over the text before
    for role, state in ((JUDGE, "RO"), (AUTHORITY, "TH")):
        await sign(heard, role, seeds[state], now)
    assert await waiting() == {"acknowledge_minutes": part}
    async with heard.database.transaction() as db:
        found = await minutes.current(db, heard.hearing)
        await minutes.acknowledge(db, minutes=found, hearing=heard.hearing, actor=heard.staff("clerk"), now=now)
    assert await waiting() == {}


async def test_the_whole_is_canonical_and_carries_signatures_as_received(heard: Any, now: datetime) -> None:
    seeds = await keys(heard, now)
    await read(heard, now)
    signed = await sign(heard, AUTHORITY, seeds["TH"], now)
    async with heard.database.reading() as db:
        found = await minutes.current(db, heard.hearing)
        whole = minutes_text.whole(
            heard.hearing,
            found,
            passages=await passages.latest(db, found),
            reading=await minutes.reading_in_force(db, found),
            corrections=await corrections.of_minutes(db, found),
            recordings=await minutes.recordings(db, found),
            reservations=await corrections.reservations_to(db, found),
            signatures=await signatures.signatures_of(db, found),
        )
    assert (whole["signatures"], whole["text_sha256"]) == ([signed.jws], found.text_sha256)
    assert json.loads(rfc8785.dumps(whole)) == whole
    assert whole["text"]["reading"]["heard_by"] == ["The witness"]
    assert {one["key"]: one["by"]["th"] for one in whole["text"]["passages"]}["oath.all"] == {
        "how": "machine",
        "by": "a machine",
    }
