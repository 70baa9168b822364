"""One court's story: a request is accepted, a hearing made ready, its people come, it sits, is recorded, has minutes.

The stages are databases in which the story has come so far: `ready`, `assembled`, `in_session`.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select, true
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import SYSTEM, Actor, participant_actor, person_actor
from hearings.agreement import agreements, sites
from hearings.db import Database
from hearings.hearing import agreed_terms, hearing as diary, links, participants, seats
from hearings.minutes import minutes, passages
from hearings.minutes.revision import How, Writing
from hearings.models import Agreement, Hearing, HearingRequest, Participant, Person, Recording, Sitting
from hearings.moves import move
from hearings.requests import requests
from hearings.roles import CONDUCTING, Role
from hearings.signatures import recipients, signatures, signing_keys
from hearings.sitting import fingerprints, recordings, sittings, sound_checks
from hearings.status import PresenceStatus, RecordingStatus, SittingStatus
from tests.support.databases import UPGRADED, Stage

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
"""08:00 in Bucharest, 13:00 in Bangkok."""
CERTIFICATE = hashlib.sha256(b"the certificate of a media worker").hexdigest()

FIELDS = {
    "case_number": "1234/P/2025",
    "person_name": "Somchai Jaidee",
    "capacity": "witness",
    "offence_summary": "Trafficking in persons by an organised group.",
    "offence_scope": ["untoc_offence"],
    "offence_serious": True,
    "offence_transnational": True,
    "offence_organised": True,
    "reason_no_attendance": "not_possible",
    "reason_text": "The witness cannot travel.",
    "language_of_person": "th",
    "language_of_court": "ro",
    "language_of_request": "en",
    "instruments": ["untoc"],
    "proceeding_nature": "Criminal trial",
    "proceeding_subject": "Trafficking in persons",
    "conducting_authority": "Bucharest Tribunal",
    "conducting_functions": "Trial court",
    "purpose": "To hear the witness on the transport of the victims.",
    "interpreter_mode": "simultaneous",
}

ORDER = {
    "offences": "Trafficking in persons, art. 210 Criminal Code",
    "necessity": "Nobody else saw the transport, and the hearing burdens the person less than a journey.",
    "domestic_equivalent": "A judge may order such a hearing in a domestic case (art. 106 Code of Criminal Procedure).",
    "legal_remedies": "None has been sought; an appeal lies to the court of appeal.",
    "rights_notice_requesting": "You need not say anything, and you may consult a lawyer at any time.",
}
"""What a European Investigation Order has to contain besides."""


def seated(participant: Participant) -> Actor:
    """Somebody of a hearing as from a seat in the room, wherever they are."""
    return replace(participant_actor(participant), presence=PresenceStatus.present)


@dataclass
class Court:
    """One hearing of Romania with Thailand, and steps that bring it forward."""

    database: Database
    people: dict[str, Person]
    request: HearingRequest
    hearing: Hearing
    ids: dict[Role, str]

    @classmethod
    async def load(cls, database: Database, ref: str = "") -> "Court":
        """The court of the only hearing there is, or of one of several."""
        async with database.reading() as db:
            people = {person.functions[0]: person for person in await queries.people(db)}
            hearing = (await db.exec(select(Hearing).where(Hearing.ref == ref if ref else true()))).one()
            request = await queries.get(db, HearingRequest, hearing.request_id)
            ids = {participant.role: participant.id for participant in await queries.participants(db, hearing.id)}
        return cls(database, people, request, hearing, ids)

    def staff(self, function: str) -> Actor:
        """A member of staff outside a hearing: judge, clerk or authority."""
        return person_actor(self.people[function])

    def signed_terms(self, agreement: Agreement, state: str, **changes: Any) -> str:
        """The terms on the table, signed by a State's authority."""
        return signed_terms(self.hearing, agreement, state, **changes)

    async def seat(self, db: AsyncSession, role: Role) -> Participant:
        return await queries.get(db, Participant, self.ids[role])

    async def actor(self, db: AsyncSession, role: Role) -> Actor:
        """Somebody in the hearing."""
        return participant_actor(await self.seat(db, role))

    async def sitting(self, db: AsyncSession) -> tuple[Sitting, Recording]:
        found = await queries.last_sitting(db, self.hearing.id)
        assert found is not None
        return found, await queries.recording_of(db, found.id)

    async def open_lobby(self, at: datetime = NOW) -> None:
        async with self.database.transaction() as db:
            await sittings.open_lobby(
                db,
                hearing=await queries.get(db, Hearing, self.hearing.id),
                court_name="court.example",
                actor=await self.actor(db, Role.presiding_judge),
                now=at,
            )

    async def link(self, role: Role) -> links.Invite:
        async with self.database.transaction() as db:
            return await links.invite(
                db, participant=await self.seat(db, role), actor=await self.actor(db, Role.clerk), now=NOW
            )

    async def come(self, *roles: Role, camera: bool = True, at: datetime = NOW) -> None:
        """These people arrive, check their devices, and are in the lobby, or in the room if they conduct."""
        for role in roles:
            if role in CONDUCTING:
                async with self.database.transaction() as db:
                    await seats.arrive(db, participant=await self.seat(db, role), now=at)
            else:
                made = await self.link(role)
                await links.redeem(self.database, secret=made.secret, pin=made.pin, now=NOW)
            async with self.database.transaction() as db:
                await seats.ready(
                    db,
                    participant=await self.seat(db, role),
                    notice=True,
                    camera=camera,
                    microphone=True,
                    speaker=True,
                    now=at,
                )

    async def admit(self, *roles: Role) -> None:
        for role in roles:
            async with self.database.transaction() as db:
                seat = await self.seat(db, role)
                if seat.needs_identity:
                    await participants.confirm_identity(
                        db,
                        participant=seat,
                        method="document_seen",
                        document="passport",
                        last_four="9876",
                        actor=await self.actor(db, Role.requested_authority),
                        now=NOW,
                    )
                await participants.admit(
                    db, participant=seat, actor=await self.actor(db, Role.presiding_judge), now=NOW
                )

    async def assemble(self) -> None:
        """Lobby open, roll called, everybody in the room."""
        await self.open_lobby()
        await self.come(*self.ids)
        await self.admit(Role.interpreter, Role.witness)
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            await sittings.roll_call(db, sitting=sitting, actor=await self.actor(db, Role.clerk), now=NOW)

    async def has_certificate(self, certificate: str = CERTIFICATE) -> bool:
        """The media worker says which certificate it has; whether a comparison is stale by it."""
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            return await fingerprints.seen(db, sitting=sitting, certificate=certificate, now=NOW)

    async def compare(self, role: Role, matched: bool = True, certificate: str = CERTIFICATE) -> None:
        """Somebody says what reading the codes aloud has shown."""
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            await fingerprints.compare(
                db,
                sitting=sitting,
                matched=matched,
                certificate=certificate,
                actor=await self.actor(db, role),
                now=NOW,
            )

    async def check_sound(self, *, audio_ok: bool = True, no_picture_of: Role | None = None) -> None:
        """Every sound check that is required, run; all pass but a picture that is to be missing. Fingerprints are
        compared before."""
        await self.has_certificate()
        await self.compare(Role.presiding_judge)
        async with self.database.transaction() as db:
            sitting, _ = await self.sitting(db)
            judge = await self.actor(db, Role.presiding_judge)
            for check in await sound_checks.pre_record(db, sitting=sitting, actor=judge, now=NOW):
                seat = await queries.get(db, Participant, check.participant_id)
                await sound_checks.begin_sound_check(
                    db, sitting=sitting, participant=seat, lang=check.lang, actor=judge, now=NOW
                )
                await sound_checks.record_sound_check(
                    db,
                    sitting=sitting,
                    participant_id=seat.id,
                    lang=check.lang,
                    audio_ok=audio_ok,
                    picture=seat.role is not no_picture_of,
                    level=-200 if audio_ok else -900,
                    text="",
                    now=NOW,
                )

    # The short way: nobody but the judge need come, nothing be checked.

    async def begin(self, now: datetime) -> None:
        """The lobby is opened, and the recording runs."""
        await self.open_lobby(now)
        await self.come(Role.presiding_judge, at=now)
        async with self.database.transaction() as db:
            sitting, recording = await self.sitting(db)
            judge = await self.actor(db, Role.presiding_judge)
            await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
            move(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
            move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
            await recordings.opened(db, sitting=sitting, recording=recording, now=now)

    async def end(
        self, now: datetime, *, reason: str = "Heard", part_heard: bool = False, size: int = 9, root: str = "cd" * 32
    ) -> str:
        """The sitting is closed and its recording sealed, half an hour later; the recording's id. `size` and `root`
        are those of the recording's signed head.
        """
        later = now + timedelta(minutes=30)
        async with self.database.transaction() as db:
            sitting, recording = await self.sitting(db)
            judge = await self.actor(db, Role.presiding_judge)
            await sittings.close(db, sitting=sitting, reason=reason, actor=judge, now=now)
            await recordings.closed(db, sitting=sitting, recording=recording, size=size, root=root, now=later)
            await sittings.finish(db, sitting=sitting, now=later, part_heard=part_heard)
            return recording.id

    async def write_minutes(self, now: datetime, text: str) -> None:
        """Every passage is written, and translated by somebody where that is asked."""
        async with self.database.transaction() as db:
            found = await minutes.current(db, await queries.get(db, Hearing, self.hearing.id))
            judge = await self.actor(db, Role.presiding_judge)
            for one in await passages.latest(db, found):
                how = {"how": How.written} if one.open_for else {"how": How.translated, "by": text}
                writings = {
                    lang: Writing(text=text, **how)
                    for lang in passages.minutes_languages(found)
                    if one.open_for or not one.texts.get(lang)
                }
                await passages.revise(
                    db, minutes=found, key=one.key, revision=one.revision, writings=writings, settled=True,
                    actor=judge, now=now,
                )  # fmt: skip


STAFF = {
    "clerk": ("RO", "Ioana Marin", "Bucharest"),
    "judge": ("RO", "Andrei Popa", "Bucharest"),
    "authority": ("TH", "Kanya Srisai", "Bangkok"),
}


async def add_staff(database: Database) -> dict[str, Person]:
    people = {
        function: Person(
            owner_state=state, name=name, email=f"{function}@{state.lower()}.example", functions=[function], city=city
        )
        for function, (state, name, city) in STAFF.items()
    }
    async with database.transaction() as db:
        db.add_all(people.values())
    return people


async def add_accepted(database: Database, people: dict[str, Person]) -> HearingRequest:
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    async with database.transaction() as db:
        request = await requests.draft(db, requested_state="TH", fields=FIELDS, actor=clerk, now=NOW)
        await requests.submit(db, request=request, actor=clerk, now=NOW)
        await requests.acknowledge(db, request=request, actor=authority, now=NOW)
        await requests.accept(db, request=request, actor=authority, now=NOW)
    return request


SITE: dict[str, Any] = {
    "audio_codecs": ["opus-fb", "G.722"],
    "video_codecs": ["vp8"],
    "height": 1080,
    "fps": 30,
    "up_least": 4_000,
    "up_target": 20_000,
    "down_least": 4_000,
    "down_target": 20_000,
    "transports": ["udp_direct"],
    "encryption": ["dtls_srtp"],
    "interpreting": ["consecutive", "simultaneous"],
    "recordings": ["sound_and_picture", "sound_only"],
    "key_holders": ["both_states"],
    "formats": ["webm"],
    "room_view": True,
    "booth": True,
    "microphone_hz": 20_000,
}
SEEDS = {"RO": hashlib.sha256(b"Romania").digest(), "TH": hashlib.sha256(b"Thailand").digest()}
"""Private halves of the two authorities' signing keys, which no part of the program has."""
RECIPIENTS = {
    "RO": "age1qp7hls0jvgqfu0p7x8vh65h8jderkw2dpxeavx7znzx2d0fwe5xszj8sfd",
    "TH": "age1hs6c2ffluz6g7puq8ln8gp88d8vrt8xsgv4teq6g77truq5wmczq0ddedm",
}
"""What the recording is encrypted to, by State."""


PLACES = (("Bucharest", "Europe/Bucharest"), ("Bangkok", "Asia/Bangkok"))
"""City and zone of the requesting and of the requested State."""


def signed_terms(hearing: Hearing, agreement: Agreement, state: str, **changes: Any) -> str:
    """What an authority's own system hands in to sign the terms on the table."""
    stated = signatures.statement(
        state=state,
        other=agreements.other_state(hearing, state),
        act=signatures.Act.sign_agreement,
        about=agreements.about(hearing, agreement),
        body=agreements.body(agreement),
        now=NOW,
    )
    return signatures.sign({**stated, **changes}, seed=SEEDS[state])


async def agree_technically(
    db: AsyncSession,
    hearing: Hearing,
    clerk: Actor,
    authority: Actor,
    *,
    site: dict[str, Any] = SITE,
    needs: dict[str, Any] | None = None,
    places: Sequence[tuple[str, str]] = PLACES,
) -> Agreement:
    """Two sites, their profiles, and a technical agreement that both States have signed."""
    made = []
    for actor, (city, zone) in zip((clerk, authority), places, strict=True):
        key = Ed25519PrivateKey.from_private_bytes(SEEDS[actor.state]).public_key().public_bytes_raw()
        public = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
        await signing_keys.add(db, state=actor.state, authority_name=f"Court of {city}", public_key=public, now=NOW)
        _, profile = await sites.add(
            db, name=f"Room 1, {city}", court=f"Court of {city}", city=city, zone_name=zone, abilities=site,
            actor=actor, now=NOW,
        )  # fmt: skip
        made.append(profile)
        await recipients.add(
            db, state=actor.state, authority_name=f"Court of {city}", kind="requesting",
            recipient=RECIPIENTS[actor.state], now=NOW,
        )  # fmt: skip
    agreement = await agreements.draft(
        db, hearing=hearing, requesting_profile=made[0], requested_profile=made[1], needs=needs, actor=clerk, now=NOW
    )
    await agreements.propose(db, agreement=agreement, actor=clerk, now=NOW)
    for actor in (clerk, authority):
        await agreements.sign(
            db, agreement=agreement, jws=signed_terms(hearing, agreement, actor.state), actor=actor, now=NOW
        )
    return agreement


async def propose(
    db: AsyncSession, request: HearingRequest, clerk: Actor, places: Sequence[tuple[str, str]] = PLACES, day: int = 2
) -> Hearing:
    """A hearing nobody has agreed to, at nine by the clocks of the requesting court: NOW and an hour in Bucharest."""
    (city, zone), (other_city, other_zone) = places
    return await diary.propose(
        db,
        request=await queries.get(db, HearingRequest, request.id),
        wall_start=datetime(2026, 12, day, 9, 0),  # noqa: DTZ001 (a wall time has no zone)
        wall_zone=zone,
        duration=timedelta(hours=2),
        requesting_zone=zone,
        requesting_city=city,
        requested_zone=other_zone,
        requested_city=other_city,
        actor=clerk,
        now=NOW,
    )


PARTS = (
    (Role.presiding_judge, "RO", "Bucharest", "ro", "judge"),
    (Role.clerk, "RO", "Bucharest", "ro", "clerk"),
    (Role.requested_authority, "TH", "Bangkok", "th", "authority"),
    (Role.interpreter, "TH", "Bangkok", "ro", ""),
    (Role.witness, "TH", "Bangkok", "th", ""),
)
"""Role, State, city, language, and the function of the member of staff; a guest has none."""


async def name(
    db: AsyncSession,
    hearing: Hearing,
    people: dict[str, Person],
    parts: Sequence[tuple[Role, str, str, str, str]] = PARTS,
) -> None:
    """Everybody is named, each State's staff by itself."""
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    for role, state, city, speaks, function in parts:
        await participants.add(
            db,
            hearing=hearing,
            role=role,
            display_name=people[function].name if function else f"The {role.value}",
            state=state,
            city=city,
            speaks=speaks,
            person=people.get(function),
            actor=clerk if state == "RO" else authority,
            now=NOW,
        )


async def _ready(database: Database) -> None:
    people = await add_staff(database)
    accepted = await add_accepted(database, people)
    clerk, authority = person_actor(people["clerk"]), person_actor(people["authority"])
    async with database.transaction() as db:
        hearing = await propose(db, accepted, clerk)
        hearing.rights_version = 0  # as one of before the checklist, which tests of the rights begin
        await diary.agree(db, hearing=hearing, actor=authority, now=NOW)
        await agreed_terms.sign_terms(db, hearing=hearing, actor=clerk, now=NOW)
        await name(db, hearing, people)
        await agree_technically(db, hearing, clerk, authority)
        await diary.make_ready(db, hearing=hearing, without_test="The rooms met yesterday.", actor=clerk, now=NOW)


async def _assembled(database: Database) -> None:
    await (await Court.load(database)).assemble()


async def _in_session(database: Database) -> None:
    court = await Court.load(database)
    await court.check_sound()
    async with database.transaction() as db:
        sitting, recording = await court.sitting(db)
        await sittings.start(db, sitting=sitting, actor=await court.actor(db, Role.presiding_judge), now=NOW)
        await recordings.opened(db, sitting=sitting, recording=recording, now=NOW)


READY = Stage("ready", _ready, UPGRADED)
ASSEMBLED = Stage("assembled", _assembled, READY)
IN_SESSION = Stage("in_session", _in_session, ASSEMBLED)
STAGES = {stage.name: stage for stage in (UPGRADED, READY, ASSEMBLED, IN_SESSION)}
