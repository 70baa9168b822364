"""Site profiles, negotiations and line tests in the language of the page. The sentences are `hearings`' own; a test
compares them."""

from collections.abc import Mapping
from typing import Any

from hearings.outcomes import Line
from web.i18n import N_, _, listed, ngettext, one_by_one

SENTENCES: dict[str, str] = {
    "endpoint.agreed": N_("Both sites join by a way the room has."),
    "endpoint.conflict": N_("Site {side} joins by nothing the room has; it has {able}."),
    "transport.agreed": N_("Each site reaches the room by a way it offers."),
    "transport.conflict": N_("Site {side} offers no way by which the room can be reached; it has {able}."),
    "encryption.agreed": N_("The strongest that both sites offer and the room carries is {value}."),
    "encryption.compromise": N_("Both sites and the room have {value}; {given_up} was given up."),
    "encryption.conflict": N_("The sites have no way of encrypting in common."),
    "encryption_not_carried.conflict": N_("In common the sites have {common}; the room carries {able}."),
    "end_to_end.conflict": N_("Encryption that the server cannot open is asked for; site {side} does not offer it."),
    "end_to_end_not_carried.conflict": N_("Encryption that the server cannot open is asked for; the room has none."),
    "srtp_profile.agreed": N_("The strongest that both sites offer and the room carries is {value}."),
    "srtp_profile.compromise": N_("Both sites and the room have {value}; {given_up} was given up."),
    "srtp_profile.conflict": N_("The sites have no way of protecting media (SRTP profile) in common."),
    "srtp_profile_not_carried.conflict": N_("In common the sites have {common}; the room carries {able}."),
    "fingerprints.agreed": N_(
        "Before the start both courts read the code of the server's certificate to each other, by whose difference "
        "somebody in between is noticed."
    ),
    "fingerprints_waived.compromise": N_(
        "The courts do not compare the server's certificate before the start: somebody in between would not be noticed."
    ),
    "audio_codec.agreed": N_("The best sound that both sites offer and the room carries is {value}."),
    "audio_codec.compromise": N_("Both sites have {value}; {given_up} was given up."),
    "audio_codec.conflict": N_("The sites have no sound format in common."),
    "audio_codec_not_carried.conflict": N_("In common the sites have {common}; the room carries {able}."),
    "video_codec.agreed": N_("The first picture format that both sites offer and the room carries is {value}."),
    "video_codec.compromise": N_("Both sites have {value}; {given_up} was given up."),
    "video_codec.conflict": N_("The sites have no picture format in common."),
    "video_codec_not_carried.conflict": N_("In common the sites have {common}; the room carries {able}."),
    "size.agreed": N_("Both sites can show {value} lines."),
    "size.compromise": N_("{value} lines: more than that, up to {higher}, is not possible for both sites and lines."),
    "size.conflict": N_("The smaller picture of the two has {lower} lines; at least {least} are needed."),
    "size.open": N_("The size follows once the conflicts are solved."),
    "rate.agreed": N_("Both sites can show {value} pictures a second."),
    "rate.compromise": N_("{value} pictures a second: more than that, up to {higher}, is not possible for both."),
    "rate.conflict": N_("The slower site shows {lower} pictures a second; at least {least} are needed."),
    "rate.open": N_("The rate follows once the conflicts are solved."),
    "bandwidth.agreed": N_(
        "Each camera takes up to {value} kbit/s, each voice {audio}; {usable} % of every line is used."
    ),
    "bandwidth.compromise": N_(
        "Each camera is held to {value} kbit/s by {usable} % of the weakest line; with more, {height} "
        "lines at {fps} pictures a second would be possible."
    ),
    "bandwidth.conflict": N_(
        "The line of site {side} does not carry every camera at {height} lines and {fps} pictures a "
        "second with {usable} % of what is guaranteed."
    ),
    "bandwidth.open": N_("The bandwidth follows once the conflicts are solved."),
    "interpreting.agreed": N_("Both sites have what {value} interpreting needs."),
    "interpreting.conflict": N_("Site {side} has not what {value} interpreting needs."),
    "interpreting_none.agreed": N_("Nothing is interpreted."),
    "simultaneous.agreed": N_("Sound passes up to {band} Hz; simultaneous interpreting needs {least} Hz."),
    "simultaneous_band.compromise": N_(
        "Consecutive: sound passes up to {band} Hz only, and simultaneous interpreting is refused below {least} Hz."
    ),
    "simultaneous_band.conflict": N_(
        "Sound passes up to {band} Hz; simultaneous needs {least} Hz and is refused below."
    ),
    "simultaneous_place.compromise": N_("Consecutive: site {side} has not what simultaneous interpreting needs."),
    "simultaneous_place.conflict": N_("Site {side} has not what simultaneous interpreting needs."),
    "simultaneous_open.open": N_("Whether it can be simultaneous follows once the conflicts are solved."),
    "simultaneous_open.compromise": N_("Consecutive, as long as the sites have no sound format in common."),
    "simultaneous_open.conflict": N_("Without a sound format in common nothing can be interpreted."),
    "simultaneous_apart.compromise": N_(
        "Simultaneous without a booth: the interpreters work apart, over a platform for interpreting at a distance "
        "(ISO 24019). Sound passes up to {band} Hz; {least} Hz are needed. Consecutive is advised where they are apart."
    ),
    "simultaneous_booth.compromise": N_(
        "Consecutive: site {side}, where the interpreters sit, has no booth for simultaneous interpreting."
    ),
    "simultaneous_booth.conflict": N_(
        "Simultaneous interpreting needs a booth, and site {side}, where the interpreters sit, has none."
    ),
    "relay.agreed": N_("At site {side} one interpreter can hear the other, to go on from the pivot language."),
    "relay.conflict": N_(
        "Through a pivot language one interpreter must hear the other; site {side} has no relay with two channels."
    ),
    "relay_apart.agreed": N_("The room lets an interpreter apart hear the channel of another."),
    "relay_apart.conflict": N_(
        "Through a pivot language one interpreter must hear the other; apart, the room does not let them."
    ),
    "exhibits.agreed": N_("Both sites can show exhibits in the room."),
    "exhibits.compromise": N_(
        "Site {side} has nothing to show exhibits with: it sends them beforehand, and the other site shows them."
    ),
    "exhibits.conflict": N_("Exhibits are shown, and neither site has a way the room carries: {able}."),
    "recording.agreed": N_("The law of both sites allows what is asked for."),
    "recording.compromise": N_("Not all that was asked for is allowed on both sides; allowed is {allowed}."),
    "recording.conflict": N_("What one side's law allows to be recorded, the other's does not."),
    "recording_not_carried.conflict": N_("Both sides allow {allowed}; the room always records at least the sound."),
    "key_holders.agreed": N_("Both sites accept who can open the recording."),
    "key_holders.compromise": N_("Both sites accept {value}; {given_up} was given up."),
    "key_holders.conflict": N_("The sites do not agree who may open the recording."),
    "key_holders_not_carried.conflict": N_("In common the sites accept {common}; the room has {able}."),
    "format.agreed": N_("Both sites take the recording as {value}."),
    "format.compromise": N_("Both sites take {value}; {given_up} was given up."),
    "format.conflict": N_("The sites have no format of recordings in common."),
    "format_not_carried.conflict": N_("In common the sites have {common}; the recorder writes {able}."),
    "breakdown.agreed": N_("If the line breaks: pause, redial at most {redial} ×, adjourn after {minutes} minutes."),
    "breakdown.compromise": N_(
        "If the line breaks: pause, redial at most {redial} ×, adjourn after {minutes} minutes. "
        "The smaller figures count; given up: {given_up}."
    ),
    "breakdown_ways.agreed": N_(
        "If the line breaks: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} minutes."
    ),
    "breakdown_ways.compromise": N_(
        "If the line breaks: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} minutes. "
        "The smaller figures count; given up: {given_up}."
    ),
    "room_view.agreed": N_("A camera can show the whole room at site {side}."),
    "room_view.conflict": N_("Site {side} has no camera that shows the whole room."),
    "true_to_life.agreed": N_("Site {side} shows people as if they sat opposite."),
    "true_to_life.conflict": N_("Site {side} cannot show people as if they sat opposite."),
    "lip_sync.agreed": N_(
        "In the line test sound is at most {ahead} ms ahead of the picture and at most {behind} ms behind it."
    ),
    "private_line.agreed": N_("The person heard and counsel can speak in private."),
    "private_line.conflict": N_("Site {side} has no private line between the person heard and counsel."),
    "accessibility.agreed": N_("Site {side} has what the person heard needs."),
    "accessibility.conflict": N_("Site {side} lacks what the person heard needs: {missing}."),
}
OPTIONS: dict[str, str] = {
    "offer_endpoint": N_("Site {side} joins with a browser."),
    "offer_transport": N_("Site {side} opens its network for one of: {able}."),
    "offer_encryption": N_("One of the sites adds one of: {able}."),
    "offer_end_to_end": N_("Site {side} joins with equipment that encrypts end to end."),
    "accept_hop_by_hop": N_("The State that asks for it accepts encryption between each site and the server."),
    "offer_srtp_profile": N_("One of the sites adds one of: {able}."),
    "offer_true_to_life": N_("Site {side} puts up a camera at eye level and shows the picture about life-size."),
    "offer_audio_codec": N_("One of the sites adds one of: {able}."),
    "offer_video_codec": N_("One of the sites adds one of: {able}."),
    "larger_picture": N_("The site with the smaller picture uses other equipment."),
    "accept_smaller": N_("Both States accept a smaller picture."),
    "more_frames": N_("The slower site uses other equipment."),
    "accept_fewer_frames": N_("Both States accept fewer pictures a second."),
    "more_bandwidth": N_("Site {side} gets a better line."),
    "fewer_cameras": N_("Fewer cameras take part."),
    "offer_interpreting": N_("Site {side} provides for interpreting."),
    "wider_audio": N_("The sites use microphones and a sound format that carry {least} Hz."),
    "offer_simultaneous": N_("Site {side} provides for simultaneous interpreting."),
    "offer_booth": N_("Site {side} sets up a booth."),
    "interpreter_apart": N_("The interpreters work apart, over a platform for interpreting at a distance (ISO 24019)."),
    "offer_relay": N_("Site {side} provides relay with two channels."),
    "interpreter_at_site": N_("The interpreters sit together at a site that has relay."),
    "direct_interpreter": N_("An interpreter is found who needs no third language."),
    "offer_exhibits": N_("One of these is put up at site {side}: {able}."),
    "accept_consecutive": N_("Both States accept consecutive interpreting."),
    "change_recording": N_("The States ask for another kind of recording that both laws allow."),
    "record_by_law": N_("The authority whose law stands in the way gives a dispensation, and its profile says so."),
    "other_place": N_("The person is heard at another place."),
    "offer_key_holders": N_("One of the sites accepts one of: {able}."),
    "offer_format": N_("One of the sites takes one of: {able}."),
    "offer_fallback": N_("The site without it provides a second line or a telephone."),
    "offer_room_view": N_("Site {side} puts up a camera that shows the whole room."),
    "offer_private_line": N_("Site {side} provides a room or a telephone for counsel."),
    "offer_accessibility": N_("Site {side} provides: {missing}."),
}
ITEMS: dict[str, str] = {
    "endpoint": N_("Way of joining"),
    "transport": N_("Network"),
    "encryption": N_("Encryption"),
    "srtp_profile": N_("Protection of media (SRTP)"),
    "fingerprints": N_("Fingerprints compared aloud"),
    "audio_codec": N_("Sound format"),
    "video_codec": N_("Picture format"),
    "size": N_("Picture size (lines)"),
    "rate": N_("Pictures a second"),
    "bandwidth": N_("Bandwidth (kbit/s)"),
    "interpreting": N_("Interpreting"),
    "relay": N_("Relay interpreting"),
    "exhibits": N_("Showing exhibits"),
    "recording": N_("Recording"),
    "key_holders": N_("Who can open the recording"),
    "format": N_("Format of the recording"),
    "breakdown": N_("When the line breaks"),
    "lip_sync": N_("Sound and picture together"),
    "room_view": N_("View of the whole room"),
    "true_to_life": N_("People shown as if they sat opposite"),
    "private_line": N_("Private line to counsel"),
    "accessibility": N_("Accessibility"),
}
RESULTS: dict[str, tuple[str, str]] = {
    "agreed": ("ok", N_("Agreed")),
    "compromise": ("warn", N_("Compromise")),
    "conflict": ("rec", N_("Conflict")),
    "open": ("plain", N_("Not decided yet")),
}
NEEDS: dict[str, str] = {
    "interpreting": N_("Interpreting"),
    "cameras_a": N_("Cameras at the requesting site"),
    "cameras_b": N_("Cameras at the requested site"),
    "least_height": N_("Least picture size (lines)"),
    "least_fps": N_("Least pictures a second"),
    "most_height": N_("Largest picture size (lines)"),
    "most_fps": N_("Most pictures a second"),
    "recording": N_("Recording"),
    "end_to_end": N_("Encryption the server cannot open"),
    "heard": N_("Where the person is heard"),
    "room_view": N_("View of the whole room"),
    "private_line": N_("Private line to counsel"),
    "accessibility": N_("Accessibility"),
    "interpreter_at": N_("Where the interpreters sit"),
    "pivot": N_("Interpreting through a third language"),
    "exhibits": N_("Exhibits are shown"),
    "redial": N_("How often a broken line is redialled"),
    "phone": N_("The telephone may be used when the line breaks"),
    "adjourn_after_minutes": N_("Adjourn after how many minutes without a line"),
    "fingerprints": N_("Both courts compare fingerprints aloud before the start"),
    "true_to_life": N_("The person heard is shown as if they sat opposite"),
    "lip_sync": N_("The line test measures whether sound and picture keep together"),
}
ABILITIES: dict[str, str] = {
    "endpoint": N_("Way of joining"),
    "audio_codecs": N_("Sound formats"),
    "video_codecs": N_("Picture formats"),
    "microphone_hz": N_("Highest frequency of the microphones (Hz)"),
    "height": N_("Largest picture size (lines)"),
    "fps": N_("Most pictures a second"),
    "up_least": N_("Upward, guaranteed (kbit/s)"),
    "up_target": N_("Upward, usual (kbit/s)"),
    "down_least": N_("Downward, guaranteed (kbit/s)"),
    "down_target": N_("Downward, usual (kbit/s)"),
    "transports": N_("Network"),
    "encryption": N_("Encryption"),
    "srtp_profiles": N_("Protection of media (SRTP profiles)"),
    "interpreting": N_("Interpreting"),
    "booth": N_("Interpreter's booth"),
    "relay": N_("Relay interpreting"),
    "channels": N_("Language channels that can be heard, besides the floor"),
    "recordings": N_("What the law allows to be recorded"),
    "key_holders": N_("Who may open the recording"),
    "formats": N_("Formats of recordings"),
    "private_lines": N_("Private line to counsel"),
    "accessibility": N_("Accessibility"),
    "fallbacks": N_("When the line breaks"),
    "redial": N_("How often a broken line is redialled"),
    "adjourn_after_minutes": N_("Adjourn after how many minutes without a line"),
    "room_view": N_("A camera can show the whole room (360 degrees)"),
    "true_to_life": N_("People are shown as if they sat opposite: upright, at eye level, about life-size"),
    "document_camera": N_("Document camera"),
    "content_sharing": N_("Sharing of content"),
}
DETAILS: dict[str, str] = {
    "address": N_("Address"),
    "room_phone": N_("Telephone in the room"),
    "technician_name": N_("Technician"),
    "technician_phone": N_("Technician's telephone"),
    "technician_email": N_("Technician's e-mail"),
    "technician_languages": N_("Technician's languages (tags such as en, th)"),
    "deputy": N_("Deputy"),
    "judicial_contact": N_("Contact of the court"),
    "who_dials": N_("Who dials"),
    "dial_number": N_("Number to dial (E.164)"),
    "sip_uri": N_("SIP address"),
    "h323_alias": N_("H.323 alias"),
    "dial_host": N_("Host name or IP address"),
    "gatekeeper": N_("Gatekeeper or conference bridge"),
    "signalling": N_("Signalling"),
    "ports": N_("Ports"),
    "pin_told_by": N_("How the PIN is told"),
    "microphones": N_("Microphones"),
    "cameras": N_("Cameras"),
    "room_layout": N_("Layout of the room"),
    "interpreter_place": N_("Where the interpreter sits"),
    "public_access": N_("Access of the public"),
    "recording_law": N_("Law on recording"),
    "recording_storage": N_("Where the recording is kept"),
    "note": N_("Note"),
}
OLDER_DETAILS: dict[str, str] = {"dial_address": N_("Address to dial")}
"""What versions of a profile from before say, and new ones do not."""
HINTS: dict[str, str] = {
    "dial_number": N_("With + and country code, and nothing after it."),
    "sip_uri": N_("Such as sip:room4@court.example, without password or parameters."),
    "h323_alias": N_("Such as room4 or room4@court.example."),
    "ports": N_("Such as 443/tcp, 50000-50100/udp."),
    "room_layout": N_("Who sits where, doors and windows, where cameras and screens stand."),
    "pin_told_by": N_("The PIN itself is never written into a profile."),
}
WORDS: dict[str, str] = {
    "webrtc": N_("Browser"),
    "sip": "SIP",
    "h323": "H.323",
    "isdn": "ISDN",
    "udp_direct": N_("UDP, direct"),
    "turn_udp": N_("UDP by a TURN relay"),
    "turn_tcp": N_("TCP by a TURN relay"),
    "turn_tls": N_("TLS by a TURN relay"),
    "dtls_srtp": "DTLS-SRTP",
    "e2ee_sframe": N_("End to end (SFrame)"),
    "h235": "H.235",
    "SRTP_AEAD_AES_256_GCM": "AES-256-GCM",
    "SRTP_AEAD_AES_128_GCM": "AES-128-GCM",
    "SRTP_AES128_CM_HMAC_SHA1_80": "AES-128-CM, HMAC-SHA1-80",
    "SRTP_AES128_CM_HMAC_SHA1_32": "AES-128-CM, HMAC-SHA1-32",
    "measured": N_("Measured in the line test"),
    "compared_aloud": N_("Compared aloud"),
    "not_compared": N_("Not compared"),
    "opus-fb": "Opus, 20 kHz",
    "opus-swb": "Opus, 12 kHz",
    "opus-wb": "Opus, 8 kHz",
    "vp8": "VP8",
    "vp9": "VP9",
    "h264": "H.264",
    "av1": "AV1",
    "none": N_("None"),
    "consecutive": N_("Consecutive"),
    "simultaneous": N_("Simultaneous"),
    "simultaneous_only": N_("Simultaneous, and nothing else"),
    "sound_and_picture": N_("Sound and picture"),
    "sound_only": N_("Sound only"),
    "not_recorded": N_("Nothing"),
    "both_states": N_("Authorities of both States"),
    "requesting_state": N_("Only the requesting State"),
    "requested_state": N_("Only the requested State"),
    "webm": "WebM",
    "mp4": "MP4",
    "second_line": N_("Second line"),
    "phone": N_("Telephone"),
    "adjourn": N_("Pause and adjourn"),
    "each_dials_room": N_("Each site dials the room"),
    "this_site": N_("This site dials"),
    "other_site": N_("The other site dials"),
    "https": N_("HTTPS, by the browser"),
    "sip_tls": N_("SIP over TLS"),
    "no_pin": N_("There is no PIN"),
    "in_person": N_("In person"),
    "encrypted_mail": N_("By encrypted mail"),
    "sealed_letter": N_("By sealed letter"),
    "room_beside": N_("Room beside"),
    "separate_video": N_("Separate video call"),
    "wheelchair": N_("Wheelchair access"),
    "hearing_loop": N_("Hearing loop"),
    "captions": N_("Captions"),
    "sign_language_screen": N_("Screen for sign language"),
    "quiet_room": N_("Quiet room"),
    "child_friendly": N_("Room for children"),
    "room_view": N_("View of the whole room"),
    "true_to_life": N_("As if they sat opposite"),
    "booth": N_("Interpreter's booth"),
    "relay": N_("Relay interpreting"),
    "screen": N_("Screen in the browser"),
    "h239": "H.239",
    "bfcp": "BFCP",
    "document_camera": N_("Document camera"),
    "a": N_("At the requesting site"),
    "b": N_("At the requested site"),
    "apart": N_("At a place of their own"),
}
FINDINGS: dict[str, str] = {
    "rtt_ms": N_("Round trip between the sites (ms)"),
    "loss_percent": N_("Loss (%)"),
    "jitter_ms": N_("Jitter (ms)"),
    "mos": N_("Quality of speech, estimated (MOS, at most 4.5)"),
    "sound_ahead_ms": N_("Sound ahead of the picture (ms; behind: negative)"),
    "band_hz": N_("Sound passes up to (Hz)"),
    "up_kbps": N_("Upward bandwidth (kbit/s)"),
    "down_kbps": N_("Downward, as received (kbit/s)"),
}
SIDES = {
    "requesting": N_("At the requesting site"),
    "requested": N_("At the requested site"),
    "both": N_("Both sites"),
}


def word(value: object) -> str:
    """A word of a profile or need for people; lists joined; the word itself where it is a name of its own."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, (list, tuple)):
        return one_by_one(word(one) for one in value) or "–"
    text = str(value)
    return _(WORDS[text]) if text in WORDS else text


def named(table: Mapping[str, str], code: str) -> str:
    """What a code of one of the tables above means, in words."""
    return _(table[code])


def breakdown(session: Mapping[str, Any]) -> str:
    """What the terms say is done when the line breaks; empty in terms made before there was such a rule."""
    rule = session.get("breakdown")
    if rule is None:
        return ""
    ways = [_(WORDS[way]) for way in ("second_line", "phone") if rule[way]]
    text = SENTENCES["breakdown_ways.agreed" if ways else "breakdown.agreed"]
    return _(text).format(redial=rule["redial"], ways=one_by_one(ways), minutes=rule["adjourn_after_minutes"])


def words(value: str) -> str:
    """Several words, joined with commas, for people."""
    return one_by_one(word(one) for one in value.split(", "))


def sentence(line: Line, sites: Mapping[str, str]) -> str:
    """Why a line is as it is, with the names of the sites."""
    return _(SENTENCES[f"{line.rule}.{line.result}"]).format(**_inputs(line, sites))


def advice(line: Line, sites: Mapping[str, str]) -> list[str]:
    """What would solve a conflict."""
    return [_(OPTIONS[option]).format(**_inputs(line, sites)) for option in line.options]


def _inputs(line: Line, sites: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in line.inputs:
        if name == "side":
            found[name] = listed(sites[side] for side in value.split(" and ") if side)
        else:
            found[name] = words(value)
    return found


def tally(lines: tuple[Line, ...]) -> str:
    """How many conflicts, compromises and agreed lines, in words."""
    counts = {kind: sum(line.result == kind for line in lines) for kind in RESULTS}
    return " · ".join(
        (
            ngettext("{n} conflict", "{n} conflicts", counts["conflict"]).format(n=counts["conflict"]),
            ngettext("{n} compromise", "{n} compromises", counts["compromise"]).format(n=counts["compromise"]),
            ngettext("{n} line agreed", "{n} lines agreed", counts["agreed"]).format(n=counts["agreed"]),
        )
    )
