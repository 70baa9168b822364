"""Sentences of a negotiation: reason of a line, what was given up, solutions of a conflict.

The key is rule and result; the braces are the line's inputs. `A` and `B` are the two sites.
"""

from collections.abc import Mapping

from hearings.sentences import N_

SENTENCES: Mapping[str, str] = {
    "endpoint.agreed": N_("Both sites connect by a method the room supports."),
    "endpoint.conflict": N_("Site {side} supports no connection method of the room; the room supports {able}."),
    "transport.agreed": N_("Each site offers a network path to the room."),
    "transport.conflict": N_("Site {side} offers no network path to the room; the room supports {able}."),
    "encryption.agreed": N_("The strongest that both sites offer and the room supports is {value}."),
    "encryption.compromise": N_("Both sites and the room have {value}; {given_up} was given up."),
    "encryption.conflict": N_("The sites have no encryption in common."),
    "encryption_not_carried.conflict": N_("In common the sites have {common}; the room supports {able}."),
    "end_to_end.conflict": N_("End-to-end encryption is required; site {side} does not offer it."),
    "end_to_end_not_carried.conflict": N_("End-to-end encryption is required; the room does not support it."),
    "srtp_profile.agreed": N_("The strongest that both sites offer and the room supports is {value}."),
    "srtp_profile.compromise": N_("Both sites and the room have {value}; {given_up} was given up."),
    "srtp_profile.conflict": N_("The sites have no media protection (SRTP profile) in common."),
    "srtp_profile_not_carried.conflict": N_("In common the sites have {common}; the room supports {able}."),
    "fingerprints.agreed": N_(
        "Before the start both courts read the security code of the server's certificate to each other: if "
        "the connection is intercepted, the codes differ."
    ),
    "fingerprints_waived.compromise": N_(
        "The courts do not compare the server's certificate before the start: an interception would not be noticed."
    ),
    "audio_codec.agreed": N_("The best audio format that both sites offer and the room supports is {value}."),
    "audio_codec.compromise": N_("Both sites have {value}; {given_up} was given up."),
    "audio_codec.conflict": N_("The sites have no audio format in common."),
    "audio_codec_not_carried.conflict": N_("In common the sites have {common}; the room supports {able}."),
    "video_codec.agreed": N_("The first video format that both sites offer and the room supports is {value}."),
    "video_codec.compromise": N_("Both sites have {value}; {given_up} was given up."),
    "video_codec.conflict": N_("The sites have no video format in common."),
    "video_codec_not_carried.conflict": N_("In common the sites have {common}; the room supports {able}."),
    "size.agreed": N_("Both sites can show {value} lines."),
    "size.compromise": N_("{value} lines: more, up to {higher}, is not possible for both sites and connections."),
    "size.conflict": N_("The smaller picture of the two has {lower} lines; at least {least} are needed."),
    "size.open": N_("The resolution follows once the conflicts are resolved."),
    "rate.agreed": N_("Both sites can show {value} frames per second."),
    "rate.compromise": N_("{value} frames per second: more, up to {higher}, is not possible for both."),
    "rate.conflict": N_("The slower site shows {lower} frames per second; at least {least} are needed."),
    "rate.open": N_("The frame rate follows once the conflicts are resolved."),
    "bandwidth.agreed": N_(
        "Each camera takes up to {value} kbit/s, each voice {audio}; {usable} % of every connection is used."
    ),
    "bandwidth.compromise": N_(
        "Each camera is limited to {value} kbit/s by {usable} % of the weakest connection; with more, "
        "{height} lines at {fps} frames per second would be possible."
    ),
    "bandwidth.conflict": N_(
        "The connection of site {side} does not carry every camera at {height} lines and {fps} frames per "
        "second with {usable} % of the guaranteed bandwidth."
    ),
    "bandwidth.open": N_("The bandwidth follows once the conflicts are resolved."),
    "interpreting.agreed": N_("Both sites have what this kind of interpreting needs: {value}."),
    "interpreting.conflict": N_("Site {side} lacks what this kind of interpreting needs: {value}."),
    "interpreting_none.agreed": N_("No interpreting is needed."),
    "simultaneous.agreed": N_("Sound passes up to {band} Hz; simultaneous interpreting needs {least} Hz."),
    "simultaneous_band.compromise": N_(
        "Consecutive: sound passes up to {band} Hz only, and simultaneous interpreting is refused below {least} Hz."
    ),
    "simultaneous_band.conflict": N_(
        "Sound passes up to {band} Hz; simultaneous needs {least} Hz and is refused below."
    ),
    "simultaneous_place.compromise": N_("Consecutive: site {side} lacks what simultaneous interpreting needs."),
    "simultaneous_place.conflict": N_("Site {side} lacks what simultaneous interpreting needs."),
    "simultaneous_open.open": N_("Whether it can be simultaneous follows once the conflicts are resolved."),
    "simultaneous_open.compromise": N_("Consecutive, as long as the sites have no audio format in common."),
    "simultaneous_open.conflict": N_("Without a common audio format no interpreting is possible."),
    "simultaneous_apart.compromise": N_(
        "Simultaneous without a booth: the interpreters work remotely, over a platform for distance "
        "interpreting (ISO 24019). Sound passes up to {band} Hz; {least} Hz are needed. Consecutive is "
        "recommended for remote interpreters."
    ),
    "simultaneous_booth.compromise": N_(
        "Consecutive: site {side}, where the interpreters sit, has no booth for simultaneous interpreting."
    ),
    "simultaneous_booth.conflict": N_(
        "Simultaneous interpreting needs a booth, and site {side}, where the interpreters sit, has none."
    ),
    "relay.agreed": N_("At site {side} one interpreter can hear the other, to relay from the pivot language."),
    "relay.conflict": N_(
        "With a pivot language one interpreter must hear the other; site {side} has no relay with two channels."
    ),
    "relay_apart.agreed": N_("The room lets a remote interpreter hear the channel of another."),
    "relay_apart.conflict": N_(
        "With a pivot language one interpreter must hear the other; the room does not allow this for remote "
        "interpreters."
    ),
    "exhibits.agreed": N_("Both sites can show exhibits in the room."),
    "exhibits.compromise": N_(
        "Site {side} has no means of showing exhibits: it sends them beforehand, and the other site shows them."
    ),
    "exhibits.conflict": N_("Exhibits are to be shown, but neither site has a means the room supports: {able}."),
    "recording.agreed": N_("The law of both sites allows what is requested."),
    "recording.compromise": N_("Not everything requested is allowed on both sides; allowed: {allowed}."),
    "recording.conflict": N_("What the law of one side allows to be recorded, the law of the other does not."),
    "recording_not_carried.conflict": N_("Both sides allow {allowed}; the room always records at least the sound."),
    "key_holders.agreed": N_("Both sites accept the access to the recording."),
    "key_holders.compromise": N_("Both sites accept {value}; {given_up} was given up."),
    "key_holders.conflict": N_("The sites do not agree on access to the recording."),
    "key_holders_not_carried.conflict": N_("In common the sites accept {common}; the room supports {able}."),
    "format.agreed": N_("Both sites accept {value} as the recording format."),
    "format.compromise": N_("Both sites accept {value}; {given_up} was given up."),
    "format.conflict": N_("The sites have no recording format in common."),
    "format_not_carried.conflict": N_("In common the sites have {common}; the recorder supports {able}."),
    "breakdown.agreed": N_(
        "If the connection drops: pause, redial at most {redial} ×, adjourn after {minutes} minutes."
    ),
    "breakdown.compromise": N_(
        "If the connection drops: pause, redial at most {redial} ×, adjourn after {minutes} minutes. The "
        "lower figures apply; given up: {given_up}."
    ),
    "breakdown_ways.agreed": N_(
        "If the connection drops: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} minutes."
    ),
    "breakdown_ways.compromise": N_(
        "If the connection drops: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} "
        "minutes. The lower figures apply; given up: {given_up}."
    ),
    "room_view.agreed": N_("A camera can show the whole room at site {side}."),
    "room_view.conflict": N_("Site {side} has no camera that shows the whole room."),
    "true_to_life.agreed": N_("Site {side} shows people at eye level and about life-size."),
    "true_to_life.conflict": N_("Site {side} cannot show people at eye level and about life-size."),
    "lip_sync.agreed": N_(
        "In the line test sound is at most {ahead} ms ahead of the picture and at most {behind} ms behind it."
    ),
    "private_line.agreed": N_("The person heard and counsel can speak in private."),
    "private_line.conflict": N_("Site {side} has no private line between the person heard and counsel."),
    "accessibility.agreed": N_("Site {side} meets the needs of the person heard."),
    "accessibility.conflict": N_("Site {side} does not meet these needs of the person heard: {missing}."),
}
OPTIONS: Mapping[str, str] = {
    "offer_endpoint": N_("Site {side} joins with a browser."),
    "offer_transport": N_("Site {side} opens its network for one of: {able}."),
    "offer_encryption": N_("One of the sites adds one of: {able}."),
    "offer_end_to_end": N_("Site {side} joins with equipment that encrypts end to end."),
    "accept_hop_by_hop": N_("The State that asks for it accepts encryption between each site and the server."),
    "offer_srtp_profile": N_("One of the sites adds one of: {able}."),
    "offer_true_to_life": N_("Site {side} installs a camera at eye level and shows the picture about life-size."),
    "offer_audio_codec": N_("One of the sites adds one of: {able}."),
    "offer_video_codec": N_("One of the sites adds one of: {able}."),
    "larger_picture": N_("The site with the smaller picture uses other equipment."),
    "accept_smaller": N_("Both States accept a lower resolution."),
    "more_frames": N_("The slower site uses other equipment."),
    "accept_fewer_frames": N_("Both States accept a lower frame rate."),
    "more_bandwidth": N_("Site {side} gets a better connection."),
    "fewer_cameras": N_("Fewer cameras are used."),
    "offer_interpreting": N_("Site {side} provides interpreting."),
    "wider_audio": N_("The sites use microphones and an audio format that carry {least} Hz."),
    "offer_simultaneous": N_("Site {side} provides simultaneous interpreting."),
    "offer_booth": N_("Site {side} sets up a booth."),
    "interpreter_apart": N_("The interpreters work remotely, over a platform for distance interpreting (ISO 24019)."),
    "offer_relay": N_("Site {side} provides relay with two channels."),
    "interpreter_at_site": N_("The interpreters sit together at a site that has relay."),
    "direct_interpreter": N_("An interpreter is found who needs no third language."),
    "offer_exhibits": N_("One of these is installed at site {side}: {able}."),
    "accept_consecutive": N_("Both States accept consecutive interpreting."),
    "change_recording": N_("The States request another kind of recording that both laws allow."),
    "record_by_law": N_("The authority whose law prevents it grants an exemption and states this in its profile."),
    "other_place": N_("The person is heard elsewhere."),
    "offer_key_holders": N_("One of the sites accepts one of: {able}."),
    "offer_format": N_("One of the sites takes one of: {able}."),
    "offer_fallback": N_("The site without it provides a second line or a telephone."),
    "offer_room_view": N_("Site {side} installs a camera that shows the whole room."),
    "offer_private_line": N_("Site {side} provides a room or a telephone for counsel."),
    "offer_accessibility": N_("Site {side} provides: {missing}."),
}
