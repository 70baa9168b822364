"""Negotiation of two site profiles: against a brute-force oracle, by its symmetry, and by named cases."""

import copy
import itertools
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from hearings.agreement import equipment, negotiation, outcome as outcomes, profiles
from hearings.agreement.negotiation import Interpreting, Needs, NegotiationOutcome, Result
from hearings.agreement.negotiation_words import OPTIONS, SENTENCES
from hearings.agreement.profiles import Profile
from hearings.errors import Invalid
from hearings.models.hearing import RecordingPolicy

CM, GCM_128, GCM_256 = "SRTP_AES128_CM_HMAC_SHA1_80", "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_256_GCM"
SHORT_TAG = "SRTP_AES128_CM_HMAC_SHA1_32"
SITE: dict[str, Any] = {
    "audio_codecs": ["opus-fb", "G.722"],
    "video_codecs": ["vp8", "h264"],
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
    "private_lines": ["phone"],
    "fallbacks": ["phone", "second_line"],
    "room_view": True,
    "booth": True,
    "relay": True,
    "channels": 2,
    "document_camera": True,
}


def site(**changes: Any) -> Profile:
    return profiles.parse({**SITE, **changes})


def everything_carried() -> dict[str, Any]:
    """The table of a room that carries all there is, so that every preference is tried."""
    table = copy.deepcopy(dict(profiles.table()))
    for rows in table.values():
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                row["carried"] = True
    return table


TABLES = {"shipped": dict(profiles.table()), "everything": everything_carried()}


def some(words: tuple[str, ...], least: int = 1) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(words), min_size=least, max_size=3)


@st.composite
def sites(draw: st.DrawFn) -> Profile:
    lines: dict[str, int] = {}
    for way in ("up", "down"):
        lines[f"{way}_least"] = draw(st.sampled_from([200, 700, 2_000, 9_000]))
        lines[f"{way}_target"] = lines[f"{way}_least"] * draw(st.sampled_from([1, 2, 10]))
    return Profile(
        endpoint=draw(st.sampled_from(["webrtc", "webrtc", "webrtc", "sip"])),
        audio_codecs=draw(some(("opus-fb", "opus-wb", "G.722"))),
        video_codecs=draw(some(("vp8", "h264", "av1"))),
        microphone_hz=draw(st.sampled_from([7_000, 20_000])),
        height=draw(st.sampled_from([180, 360, 720, 1080])),
        fps=draw(st.sampled_from([10, 24, 30, 60])),
        transports=draw(some(("udp_direct", "turn_tls"))),
        encryption=draw(some(("dtls_srtp", "e2ee_sframe", "h235"))),
        interpreting=draw(some(profiles.INTERPRETING, 0)),
        recordings=draw(some(tuple(word.value for word in RecordingPolicy))),
        key_holders=draw(some(profiles.ids("key_holders"))),
        formats=draw(some(profiles.ids("formats"))),
        private_lines=draw(some(profiles.PRIVATE_LINES, 0)),
        accessibility=draw(some(profiles.ACCESSIBILITY[:2], 0)),
        fallbacks=draw(some(("phone", "second_line", "adjourn"), 0)),
        redial=draw(st.sampled_from([0, 2, 3])),
        adjourn_after_minutes=draw(st.sampled_from([10, 30])),
        room_view=draw(st.booleans()),
        true_to_life=draw(st.booleans()),
        srtp_profiles=draw(some((GCM_256, CM, SHORT_TAG), 2)),
        booth=draw(st.booleans()),
        relay=draw(st.booleans()),
        channels=draw(st.sampled_from([0, 1, 2, 2])),
        document_camera=draw(st.booleans()),
        content_sharing=draw(some(profiles.CONTENT_SHARING, 0)),
        **lines,
    )


needs_of = st.builds(
    Needs,
    interpreting=st.sampled_from(Interpreting),
    cameras_a=st.integers(1, 4),
    cameras_b=st.integers(1, 4),
    least_height=st.sampled_from([180, 360]),
    least_fps=st.sampled_from([5, 15]),
    most_height=st.sampled_from([360, 1080]),
    recording=st.sampled_from(RecordingPolicy),
    end_to_end=st.booleans(),
    heard=st.sampled_from(["a", "b"]),
    room_view=st.booleans(),
    private_line=st.booleans(),
    accessibility=some(profiles.ACCESSIBILITY[:2], 0),
    interpreter_at=st.sampled_from(outcomes.INTERPRETER_AT),
    pivot=st.sampled_from([False, False, True]),
    exhibits=st.booleans(),
    redial=st.sampled_from([1, 3]),
    phone=st.booleans(),
    adjourn_after_minutes=st.sampled_from([5, 20, 60]),
    fingerprints=st.booleans(),
    true_to_life=st.sampled_from([False, False, True]),
    lip_sync=st.booleans(),
)
tables = st.sampled_from(sorted(TABLES))


def oracle(a: Profile, b: Profile, needs: Needs, table: dict[str, Any]) -> dict[str, Any] | None:
    """Every combination there is, those that hold, and of them the one preferred: written without `negotiation`."""
    at = {"a": a, "b": b}
    place = at[needs.heard]
    if needs.room_view and not place.room_view:
        return None
    if needs.private_line and not place.private_lines:
        return None
    if needs.true_to_life and not place.true_to_life:
        return None
    if needs.accessibility - place.accessibility:
        return None

    def carried(kind: str) -> list[str]:
        return [row["id"] for row in table[kind] if row["carried"]]

    protected = [one for one in carried("srtp_profiles") if one in a.srtp_profiles and one in b.srtp_profiles]
    if not protected:
        return None
    interpreters = at.get(needs.interpreter_at)
    if needs.pivot and needs.interpreting is not Interpreting.none:
        if interpreters is None and "pivot_channel" not in carried("relay"):
            return None
        if interpreters is not None and not (interpreters.relay and interpreters.channels > 1):
            return None
    shown = "none"
    if needs.exhibits:
        ways = [{*one.content_sharing, *(["document_camera"] if one.document_camera else [])} for one in (a, b)]
        usable = [way for way in carried("exhibits") if way in ways[0] or way in ways[1]]
        if not usable:
            return None
        shown = min(usable, key=lambda way: (not all(way in one for one in ways), usable.index(way)))
    hz = profiles.audio_hz()
    modes = {
        Interpreting.none: ["none"],
        Interpreting.consecutive: ["consecutive"],
        Interpreting.simultaneous: ["simultaneous", "consecutive"],
        Interpreting.simultaneous_only: ["simultaneous"],
    }[needs.interpreting]
    policies = ["sound_and_picture", "sound_only", "not_recorded"]
    ranked: dict[str, list[Any]] = {
        "audio": [one for one in carried("audio_codecs") if one in a.audio_codecs and one in b.audio_codecs],
        "video": [one for one in carried("video_codecs") if one in a.video_codecs and one in b.video_codecs],
        "height": [one for one in (1080, 720, 540, 360, 180) if needs.least_height <= one <= needs.most_height],
        "fps": [one for one in table["rates"] if needs.least_fps <= one <= needs.most_fps],
    }
    interpreted = needs.interpreting is not Interpreting.none

    def lines_hold(audio: str, video: str, height: int, fps: int, which: str) -> bool:
        sound = next(row["kbps"] for row in table["audio_codecs"] if row["id"] == audio)
        bits = next(row["bits"] for row in table["video_codecs"] if row["id"] == video)
        picture = -(-height * table["sizes"][height] * fps * bits // 10**6)
        for own, sent, received in ((a, needs.cameras_a, needs.cameras_b), (b, needs.cameras_b, needs.cameras_a)):
            for cameras, line in ((sent, f"up_{which}"), (received, f"down_{which}")):
                wanted = cameras * (sound + picture) + (sound if interpreted else 0)
                if wanted * 110 > getattr(own, line) * 80:
                    return False
        return True

    able = []
    for audio, video, height, fps in itertools.product(*ranked.values()):
        if height > a.height or height > b.height or fps > a.fps or fps > b.fps:
            continue
        smallest = min(one for one in ranked["height"] if one <= min(a.height, b.height))
        slowest = min(one for one in ranked["fps"] if one <= min(a.fps, b.fps))
        if lines_hold(audio, video, height, fps, "target") and lines_hold(audio, video, smallest, slowest, "least"):
            able.append((audio, video, height, fps))
    if not able:
        return None
    key = {name: {one: rank for rank, one in enumerate(values)} for name, values in ranked.items()}
    audio, video, height, fps = min(
        able, key=lambda one: [key[name][value] for name, value in zip(key, one, strict=True)]
    )
    band = min(hz[audio], a.microphone_hz, b.microphone_hz)
    rest = []
    for endpoint_a, endpoint_b, transport_a, transport_b in itertools.product(
        [a.endpoint], [b.endpoint], a.transports, b.transports
    ):
        for encryption, mode, recording, keys, kept in itertools.product(
            a.encryption & b.encryption,
            modes,
            a.recordings & b.recordings,
            a.key_holders & b.key_holders,
            a.formats & b.formats,
        ):
            able_to = {endpoint_a, endpoint_b} <= set(carried("endpoints"))
            able_to = able_to and {transport_a, transport_b} <= set(carried("transports"))
            able_to = able_to and encryption in carried("encryption") and keys in carried("key_holders")
            able_to = able_to and kept in carried("formats") and recording in carried("recordings")
            if not able_to or policies.index(recording) < policies.index(needs.recording):
                continue
            if needs.end_to_end and encryption != "e2ee_sframe":
                continue
            if mode != "none" and not (mode in a.interpreting and mode in b.interpreting):
                continue
            if mode == "simultaneous" and (band < 15_000 or not a.channels or not b.channels):
                continue
            if mode == "simultaneous" and interpreters is not None and not interpreters.booth:
                continue
            rest.append(
                (
                    carried("encryption").index(encryption), modes.index(mode), policies.index(recording),
                    carried("key_holders").index(keys), carried("formats").index(kept),
                    encryption, mode, recording, keys, kept,
                )
            )  # fmt: skip
    # Simultaneous alone does for those who have only that equipment, when nothing less was asked for.
    if not rest:
        return None
    encryption, mode, recording, keys, kept = min(rest)[5:]
    # Of all rules for a broken line that nobody refuses, the one that goes furthest.
    rules = itertools.product(range(11), (False, True), (False, True), range(1, 241))
    redial, second_line, phone, minutes = max(
        (tries, line, call, limit)
        for tries, line, call, limit in rules
        if tries <= a.redial and tries <= b.redial and tries <= needs.redial
        and limit <= a.adjourn_after_minutes and limit <= b.adjourn_after_minutes
        and limit <= needs.adjourn_after_minutes
        and (not line or ("second_line" in a.fallbacks and "second_line" in b.fallbacks))
        and (not call or (needs.phone and "phone" in a.fallbacks and "phone" in b.fallbacks))
    )  # fmt: skip
    return {
        "audio_codec": audio, "video_codec": video, "height": height, "fps": fps, "audio_hz": band,
        "encryption": encryption, "interpreting": mode, "recording": recording, "key_holders": keys, "format": kept,
        "exhibits": shown, "srtp_profiles": tuple(protected),
        "fingerprints": needs.fingerprints, "lip_sync": needs.lip_sync,
        "breakdown": {
            "redial": redial, "second_line": second_line, "phone": phone, "adjourn_after_minutes": minutes,
        },
    }  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(sites(), sites(), needs_of, tables)
def test_the_outcome_is_the_best_of_all_combinations_and_a_conflict_only_where_none_holds(
    a: Profile, b: Profile, needs: Needs, name: str
) -> None:
    found = negotiation.negotiate(a, b, needs, table=TABLES[name])
    best = oracle(a, b, needs, TABLES[name])
    if best is None:
        assert found.session is None
        assert found.conflicts
    else:
        assert found.conflicts == ()
        assert found.session is not None
        assert {key: value for key, value in asdict(found.session).items() if key in best} == best


@settings(max_examples=40, deadline=None)
@given(sites(), sites(), needs_of, tables)
def test_swapping_the_sides_gives_the_mirrored_outcome(a: Profile, b: Profile, needs: Needs, name: str) -> None:
    one = negotiation.negotiate(a, b, needs, table=TABLES[name])
    other = negotiation.negotiate(b, a, needs.mirrored(), table=TABLES[name])
    assert other == NegotiationOutcome(lines=tuple(line.mirrored() for line in one.lines), session=one.session)


@settings(max_examples=40, deadline=None)
@given(sites(), sites(), needs_of, st.randoms(use_true_random=False))
def test_the_order_in_which_a_profile_lists_things_changes_nothing(
    a: Profile, b: Profile, needs: Needs, by: Any
) -> None:
    def shuffled(profile: Profile) -> Profile:
        read = profiles.as_json(profile)
        for value in read.values():
            if isinstance(value, list):
                by.shuffle(value)
        return profiles.parse(dict(sorted(read.items(), key=lambda _: by.random())))

    assert negotiation.negotiate(shuffled(a), shuffled(b), needs) == negotiation.negotiate(a, b, needs)


@settings(max_examples=40, deadline=None)
@given(sites(), sites(), needs_of, tables)
def test_every_line_has_a_sentence_and_every_conflict_says_what_would_solve_it(
    a: Profile, b: Profile, needs: Needs, name: str
) -> None:
    for line in negotiation.negotiate(a, b, needs, table=TABLES[name]).lines:
        assert "{" not in line.text
        assert line.text
        assert (line.result is Result.conflict) <= bool(line.advice)
        assert (line.value == "") == (line.result in (Result.conflict, Result.open))


def test_two_good_sites_agree_on_everything() -> None:
    found = negotiation.negotiate(
        site(), site(), Needs(interpreting=Interpreting.simultaneous, cameras_a=1, cameras_b=1)
    )
    assert {line.item: (line.result, line.value) for line in found.lines} == {
        "endpoint": (Result.agreed, "webrtc"),
        "transport": (Result.agreed, "udp_direct"),
        "encryption": (Result.agreed, "dtls_srtp"),
        "srtp_profile": (
            Result.agreed,
            "SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_HMAC_SHA1_80",
        ),
        "fingerprints": (Result.agreed, "compared_aloud"),
        "audio_codec": (Result.agreed, "opus-fb"),
        "video_codec": (Result.agreed, "vp8"),
        "size": (Result.agreed, "1080"),
        "rate": (Result.agreed, "30"),
        "bandwidth": (Result.agreed, "4355"),
        "interpreting": (Result.agreed, "simultaneous"),
        "recording": (Result.agreed, "sound_and_picture"),
        "key_holders": (Result.agreed, "both_states"),
        "format": (Result.agreed, "webm"),
        "breakdown": (Result.agreed, "second_line, phone, adjourn"),
    }


def line_of(found: NegotiationOutcome, item: str) -> negotiation.NegotiatedLine:
    return next(line for line in found.lines if line.item == item)


@pytest.mark.parametrize("wanted", [Interpreting.simultaneous, Interpreting.simultaneous_only])
def test_simultaneous_interpreting_needs_a_booth_where_the_interpreters_sit(wanted: Interpreting) -> None:
    needs = Needs(interpreting=wanted, interpreter_at="b")
    line = line_of(negotiation.negotiate(site(booth=False), site(), needs), "interpreting")
    assert (line.result, line.value) == (Result.agreed, "simultaneous")
    line = line_of(negotiation.negotiate(site(), site(booth=False), needs), "interpreting")
    insists = wanted is Interpreting.simultaneous_only
    assert (line.rule, line.result, line.value) == (
        "simultaneous_booth",
        Result.conflict if insists else Result.compromise,
        "" if insists else "consecutive",
    )
    assert "site B, where the interpreters sit, has n" in line.text
    assert line.advice[:2] == (
        "Site B sets up a booth.",
        "The interpreters work remotely, over a platform for distance interpreting (ISO 24019).",
    )


def test_interpreters_apart_need_no_booth_and_the_line_says_what_is_advised() -> None:
    needs = Needs(interpreting=Interpreting.simultaneous_only, interpreter_at="apart")
    found = negotiation.negotiate(site(booth=False), site(booth=False), needs)
    line = line_of(found, "interpreting")
    assert (line.result, line.value, line.text) == (
        Result.compromise,
        "simultaneous",
        "Simultaneous without a booth: the interpreters work remotely, over a platform for distance "
        "interpreting (ISO 24019). Sound passes up to 20000 Hz; 15000 Hz are needed. Consecutive is "
        "recommended for remote interpreters.",
    )
    narrow = negotiation.negotiate(site(microphone_hz=14_999), site(), needs)
    assert [line.rule for line in narrow.conflicts] == ["simultaneous_band"]


def test_a_site_whose_people_hear_no_channel_cannot_be_interpreted_for_simultaneously() -> None:
    needs = Needs(interpreting=Interpreting.simultaneous)
    line = line_of(negotiation.negotiate(site(channels=0), site(), needs), "interpreting")
    assert (line.rule, line.value, dict(line.inputs)["side"]) == ("simultaneous_place", "consecutive", "A")


@pytest.mark.parametrize("lacking", [{"relay": False}, {"channels": 1}])
def test_a_pivot_language_needs_relay_with_two_channels_where_the_interpreters_sit(lacking: dict[str, Any]) -> None:
    needs = Needs(pivot=True, interpreter_at="a")
    assert line_of(negotiation.negotiate(site(), site(**lacking), needs), "relay").result is Result.agreed
    (line,) = negotiation.negotiate(site(**lacking), site(), needs).conflicts
    assert (line.item, line.text, line.advice) == (
        "relay",
        "With a pivot language one interpreter must hear the other; site A has no relay with two channels.",
        ("Site A provides relay with two channels.", "An interpreter is found who needs no third language."),
    )
    (line,) = negotiation.negotiate(site(), site(), replace(needs, interpreter_at="apart")).conflicts
    assert line.text == (
        "With a pivot language one interpreter must hear the other; the room does not allow this for remote "
        "interpreters."
    )


def test_exhibits_need_a_document_camera_and_one_site_that_has_it_shows_them_for_both() -> None:
    needs, bare = Needs(exhibits=True), site(document_camera=False)
    found = negotiation.negotiate(site(), site(), needs)
    assert line_of(found, "exhibits").result is Result.agreed
    assert found.session is not None
    assert found.session.exhibits == "document_camera"
    line = line_of(negotiation.negotiate(bare, site(), needs), "exhibits")
    assert (line.result, line.text) == (
        Result.compromise,
        "Site A has no means of showing exhibits: it sends them beforehand, and the other site shows them.",
    )
    sharing = site(document_camera=False, content_sharing=["screen"])
    (line,) = negotiation.negotiate(bare, sharing, needs).conflicts
    assert (line.offered_b, line.text, line.advice) == (
        ("screen",),
        "Exhibits are to be shown, but neither site has a means the room supports: document_camera.",
        ("One of these is installed at site A and B: document_camera.",),
    )
    line = line_of(negotiation.negotiate(bare, sharing, needs, table=TABLES["everything"]), "exhibits")
    assert (line.result, line.value) == (Result.compromise, "screen")


def test_the_rule_for_a_broken_line_is_told_in_a_sentence_and_takes_the_smaller_figures() -> None:
    line = line_of(negotiation.negotiate(site(), site(), Needs()), "breakdown")
    assert (line.result, line.text) == (
        Result.agreed,
        "If the connection drops: pause, redial at most 3 ×, then: second_line, phone; adjourn after 30 minutes.",
    )
    patient = site(redial=5, adjourn_after_minutes=60)
    hasty = site(redial=1, adjourn_after_minutes=15, fallbacks=["phone"])
    found = negotiation.negotiate(patient, hasty, Needs(redial=4))
    line = line_of(found, "breakdown")
    assert (line.result, line.offered_a, line.offered_b, line.options, line.text) == (
        Result.compromise,
        ("5 ×", "second_line", "phone", "60 min"),
        ("1 ×", "phone", "15 min"),
        ("offer_fallback",),
        "If the connection drops: pause, redial at most 1 ×, then: phone; adjourn after 15 minutes. The "
        "lower figures apply; given up: second_line.",
    )
    assert found.session is not None
    assert outcomes.as_json(found.session)["breakdown"] == {
        "redial": 1,
        "second_line": False,
        "phone": True,
        "adjourn_after_minutes": 15,
    }
    line = line_of(negotiation.negotiate(site(), site(fallbacks=["adjourn"]), Needs(phone=False)), "breakdown")
    assert (line.rule, line.value) == ("breakdown", "adjourn")


def test_needs_and_profiles_from_before_are_read_with_what_has_come_since() -> None:
    new = ("redial", "adjourn_after_minutes", "content_sharing")
    older = {name: value for name, value in profiles.as_json(site()).items() if name not in new}
    assert profiles.parse(older) == site()
    kept = {
        name: value
        for name, value in outcomes.as_json(Needs()).items()
        if name not in (*new, "phone", "interpreter_at")
    }
    assert outcomes.completed(kept) == outcomes.as_json(Needs())


@pytest.mark.parametrize(("hz", "mode"), [(14_999, "consecutive"), (15_000, "simultaneous")])
def test_simultaneous_interpreting_needs_15_khz_and_consecutive_does_not(hz: int, mode: str) -> None:
    found = negotiation.negotiate(site(), site(microphone_hz=hz), Needs(interpreting=Interpreting.simultaneous))
    assert line_of(found, "interpreting").value == mode
    insisting = negotiation.negotiate(
        site(), site(microphone_hz=hz), Needs(interpreting=Interpreting.simultaneous_only)
    )
    assert (insisting.session is None) == (mode == "consecutive")


def test_a_narrow_codec_refuses_simultaneous_interpreting_with_the_figures() -> None:
    needs = Needs(interpreting=Interpreting.simultaneous)
    line = line_of(negotiation.negotiate(site(), site(audio_codecs=["opus-swb"]), needs), "audio_codec")
    assert line.result is Result.conflict
    found = negotiation.negotiate(site(audio_codecs=["opus-swb", "opus-fb"]), site(audio_codecs=["opus-swb"]), needs)
    line = line_of(found, "interpreting")
    assert (line.result, line.rule, line.text) == (
        Result.compromise,
        "simultaneous_band",
        "Consecutive: sound passes up to 12000 Hz only, and simultaneous interpreting is refused below 15000 Hz.",
    )


def test_a_weak_line_makes_the_picture_smaller_and_says_what_was_given_up() -> None:
    needs = Needs(cameras_a=1, cameras_b=1)
    found = negotiation.negotiate(site(), site(up_least=1_000, up_target=2_500), needs)
    line = line_of(found, "bandwidth")
    assert (line.result, line.text) == (
        Result.compromise,
        "Each camera is limited to 1613 kbit/s by 80 % of the weakest connection; with more, 1080 lines at "
        "30 frames per second would be possible.",
    )
    assert (line_of(found, "size").value, line_of(found, "rate").value) == ("720", "25")


def test_a_line_that_does_not_guarantee_the_least_picture_is_a_conflict_that_names_the_site() -> None:
    found = negotiation.negotiate(site(), site(up_least=300, up_target=20_000), Needs())
    (line,) = found.conflicts
    assert (line.item, line.advice[0]) == ("bandwidth", "Site B gets a better connection.")
    assert line.text == (
        "The connection of site B does not carry every camera at 360 lines and 15 frames per second with 80 "
        "% of the guaranteed bandwidth."
    )


def test_recording_laws_that_exclude_one_another_are_a_conflict_with_what_would_solve_it() -> None:
    found = negotiation.negotiate(site(recordings=["sound_and_picture"]), site(recordings=["sound_only"]), Needs())
    (line,) = found.conflicts
    assert (line.item, line.options) == ("recording", ("change_recording", "record_by_law"))
    line = line_of(negotiation.negotiate(site(), site(recordings=["sound_only"]), Needs()), "recording")
    assert (line.result, line.value) == (Result.compromise, "sound_only")


def test_nothing_above_what_was_asked_is_recorded() -> None:
    needs = Needs(recording=RecordingPolicy.sound_only)
    assert line_of(negotiation.negotiate(site(), site(), needs), "recording").value == "sound_only"
    (line,) = negotiation.negotiate(site(recordings=["sound_and_picture"]), site(), needs).conflicts
    assert line.item == "recording"


def test_a_gateway_is_told_that_it_cannot_join() -> None:
    (line,) = negotiation.negotiate(site(endpoint="h323"), site(), Needs()).conflicts
    assert (line.text, line.advice) == (
        "Site A supports no connection method of the room; the room supports webrtc.",
        ("Site A joins with a browser.",),
    )


def test_end_to_end_encryption_the_room_does_not_carry_is_said_so() -> None:
    both = site(encryption=["dtls_srtp", "e2ee_sframe"])
    (line,) = negotiation.negotiate(both, both, Needs(end_to_end=True)).conflicts
    assert (line.rule, line.options) == ("end_to_end_not_carried", ("accept_hop_by_hop",))
    assert line_of(negotiation.negotiate(both, both, Needs()), "encryption").result is Result.compromise


def test_needs_and_profiles_go_through_json_and_back() -> None:
    needs = Needs(heard="a", accessibility=frozenset({"captions"}), recording=RecordingPolicy.sound_only)
    assert outcomes.needs_from(outcomes.as_json(needs)) == needs
    profile = replace(site(), accessibility=frozenset({"captions"}))
    assert profiles.parse(profiles.as_json(profile)) == profile


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"height": 721}, "height"),
        ({"fps": 0}, "fps"),
        ({"fps": True}, "fps"),
        ({"up_target": 100}, "up_target"),
        ({"audio_codecs": ["mp3"]}, "audio_codecs"),
        ({"audio_codecs": []}, "audio_codecs"),
        ({"audio_codecs": "opus-fb"}, "audio_codecs"),
        ({"room_view": "yes"}, "room_view"),
        ({"redial": 11}, "redial"),
        ({"channels": 9}, "channels"),
        ({"content_sharing": ["fax"]}, "content_sharing"),
        ({"adjourn_after_minutes": 0}, "adjourn_after_minutes"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_profile_that_cannot_be_right_is_refused_with_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        site(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("needs", "field"),
    [
        ({"heard": "c"}, "heard"),
        ({"most_height": 180}, "most_height"),
        ({"cameras_a": 13}, "cameras_a"),
        ({"redial": -1}, "redial"),
        ({"phone": "yes"}, "phone"),
        ({"interpreter_at": "c"}, "interpreter_at"),
        ({"pivot": 1}, "pivot"),
        ({"adjourn_after_minutes": 241}, "adjourn_after_minutes"),
        ({"x": 1}, "x"),
    ],
)
def test_needs_that_cannot_be_right_are_refused_with_their_field(needs: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        outcomes.needs_from(needs)
    assert caught.value.field == field


def test_sentences_and_options_are_all_of_use() -> None:
    assert {key.rpartition(".")[2] for key in SENTENCES} == set(Result)
    source = "".join(Path(module.__file__).read_text("utf-8") for module in (negotiation, equipment))
    unused = [key for key in OPTIONS if key not in source and not key.startswith("offer_")]
    assert unused == []


# --- SRTP, framing, sound and picture ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "result", "value", "rule"),
    [
        ({GCM_256, CM}, {GCM_256, CM}, Result.agreed, f"{GCM_256}, {CM}", "srtp_profile"),
        ({GCM_256, CM}, {GCM_128, CM}, Result.compromise, CM, "srtp_profile"),
        ({GCM_256}, {CM}, Result.conflict, "", "srtp_profile"),
        ({SHORT_TAG}, {SHORT_TAG}, Result.conflict, "", "srtp_profile_not_carried"),
        ({SHORT_TAG, CM}, {SHORT_TAG, CM}, Result.agreed, CM, "srtp_profile"),
    ],
)
def test_media_are_protected_by_what_both_sites_and_the_room_have(
    a: set[str], b: set[str], result: Result, value: str, rule: str
) -> None:
    found = negotiation.negotiate(site(srtp_profiles=frozenset(a)), site(srtp_profiles=frozenset(b)), Needs())
    line = line_of(found, "srtp_profile")
    assert (line.result, line.value, line.rule, found.session is None) == (
        result,
        value,
        rule,
        result is Result.conflict,
    )
    if found.session is not None:
        assert found.session.srtp_profiles == tuple(value.split(", "))
    else:
        assert line.advice[0].startswith("One of the sites adds one of: SRTP_AEAD_AES_256_GCM, ")


def test_a_profile_from_before_srtp_was_asked_for_counts_as_a_browser() -> None:
    old = {
        name: value for name, value in profiles.as_json(site()).items() if name not in ("srtp_profiles", "true_to_life")
    }
    assert profiles.parse(old).srtp_profiles == {CM, GCM_128, GCM_256}


def test_the_person_heard_is_shown_as_if_they_sat_opposite_where_it_is_asked_for() -> None:
    asked = Needs(true_to_life=True, heard="b")
    able, unable = site(true_to_life=True), site()
    assert line_of(negotiation.negotiate(unable, able, asked), "true_to_life").result is Result.agreed
    line = line_of(negotiation.negotiate(able, unable, asked), "true_to_life")
    assert (line.result, line.text) == (Result.conflict, "Site B cannot show people at eye level and about life-size.")
    assert "true_to_life" not in {one.item for one in negotiation.negotiate(unable, unable, Needs()).lines}


def test_what_the_line_test_must_show_is_a_line_with_its_limits() -> None:
    found = negotiation.negotiate(site(), site(), Needs(lip_sync=True))
    assert line_of(found, "lip_sync").text == (
        "In the line test sound is at most 45 ms ahead of the picture and at most 125 ms behind it."
    )
    assert found.session is not None
    assert found.session.lip_sync is True


def test_a_waived_comparison_says_what_is_given_up() -> None:
    found = negotiation.negotiate(site(), site(), Needs(fingerprints=False))
    line = line_of(found, "fingerprints")
    assert (line.result, line.value) == (Result.compromise, "not_compared")
    assert line.text.endswith("an interception would not be noticed.")
    assert found.session is not None
    assert found.session.fingerprints is False
