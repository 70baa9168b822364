"""What two sites agree on, line by line, in the language of the page.

The sentences are `hearings`' own; a test compares them.
"""

from collections.abc import Mapping
from typing import Any

from hearings.agreement.outcome import Line
from web.words.i18n import N_, _, listed, ngettext, one_by_one
from web.words.technical import word

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
        "Before the start both courts read the code of the server's certificate to each other: if somebody is in "
        "between, the two differ."
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
    "interpreting.agreed": N_("Both sites have what interpreting of this kind needs: {value}."),
    "interpreting.conflict": N_("Site {side} lacks what interpreting of this kind needs: {value}."),
    "interpreting_none.agreed": N_("Nothing is interpreted."),
    "simultaneous.agreed": N_("Sound passes up to {band} Hz; simultaneous interpreting needs {least} Hz."),
    "simultaneous_band.compromise": N_(
        "Consecutive: sound passes up to {band} Hz only, and simultaneous interpreting is refused below {least} Hz."
    ),
    "simultaneous_band.conflict": N_(
        "Sound passes up to {band} Hz; simultaneous needs {least} Hz and is refused below."
    ),
    "simultaneous_place.compromise": N_("Consecutive: site {side} lacks what simultaneous interpreting needs."),
    "simultaneous_place.conflict": N_("Site {side} lacks what simultaneous interpreting needs."),
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


def breakdown(session: Mapping[str, Any]) -> str:
    """What the terms say is done when the line breaks; empty in terms made before there was such a rule."""
    rule = session.get("breakdown")
    if rule is None:
        return ""
    ways = [word(way) for way in ("second_line", "phone") if rule[way]]
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
