"""The demonstration's technical agreement: two sites, and both authorities sign."""

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import agreements, sites
from hearings.models import Agreement, Hearing, SiteProfile
from hearings.signatures import signatures
from web.demo import keys as demo_keys
from web.server.signed_acts import StatementToSign

WITHOUT_TEST = "Demonstration: both sites are on this machine, so there is no line to test."

ABILITIES: dict[str, Any] = {
    "endpoint": "webrtc",
    "audio_codecs": ["opus-fb", "G.722"],
    "video_codecs": ["vp8", "h264"],
    "microphone_hz": 20_000,
    "height": 1080,
    "fps": 30,
    "up_least": 5_000,
    "up_target": 20_000,
    "down_least": 5_000,
    "down_target": 50_000,
    "transports": ["udp_direct"],
    "encryption": ["dtls_srtp"],
    "interpreting": ["consecutive", "simultaneous"],
    "recordings": ["sound_and_picture", "sound_only"],
    "key_holders": ["both_states"],
    "formats": ["webm"],
    "private_lines": ["phone"],
    "accessibility": ["wheelchair"],
    "fallbacks": ["second_line", "phone"],
    "room_view": True,
    "document_camera": True,
    "booth": True,
    "channels": 2,
}
SITES: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "RO": (
        {"name": "Sala 4", "court": "Tribunalul București", "city": "București", "zone_name": "Europe/Bucharest"},
        ABILITIES,
        {"room_phone": {"value": "+40 21 555 0104", "confidential": True}},
    ),
    "TH": (
        {"name": "Room 12", "court": "Criminal Court", "city": "Bangkok", "zone_name": "Asia/Bangkok"},
        {**ABILITIES, "height": 720, "fps": 25, "fallbacks": ["phone"]},
        {"room_phone": {"value": "+66 2 555 0112", "confidential": True}},
    ),
}
"""Where, abilities and details by State. Invented."""


async def agree(
    db: AsyncSession, *, hearing: Hearing, clerk: Actor, authority: Actor, key_folder: Path, now: datetime
) -> Agreement:
    """Make the sites if they are not there, negotiate, propose, and have both States sign.

    Effects: those of `sites.add` and of the steps of `hearings.agreement.agreements`.
    """
    profiles = [await _profile(db, actor, now) for actor in (clerk, authority)]
    agreement = await agreements.draft(
        db, hearing=hearing, requesting_profile=profiles[0], requested_profile=profiles[1], actor=clerk, now=now
    )
    await agreements.propose(db, agreement=agreement, actor=clerk, now=now)
    for actor in (clerk, authority):
        bond = StatementToSign(
            act=signatures.Act.sign_agreement,
            state=actor.state,
            other=agreements.other_state(hearing, actor.state),
            about=agreements.about(hearing, agreement),
            subject=agreement,
            body=agreements.body(agreement),
        )
        jws = await demo_keys.sign(db, bond, key_folder=key_folder, now=now)
        await agreements.sign(db, agreement=agreement, jws=jws, actor=actor, now=now)
    return agreement


async def _profile(db: AsyncSession, actor: Actor, now: datetime) -> SiteProfile:
    words, abilities, details = SITES[actor.state]
    for site in (await sites.sites(db, state=actor.state)).rows:
        if site.name == words["name"]:
            return await sites.newest(db, site.id)
    _site, profile = await sites.add(db, **words, abilities=abilities, details=details, actor=actor, now=now)
    return profile
