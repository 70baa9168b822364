"""Sentences of a negotiation: why a line is as it is, what was given up, what would solve a conflict. English; `web`
translates them. The key is rule and result; the braces are the line's inputs. `A` and `B` are the two sites."""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "endpoint.agreed": "Both sites join by a way the room has.",
    "endpoint.conflict": "Site {side} joins by nothing the room has; it has {able}.",
    "transport.agreed": "Each site reaches the room by a way it offers.",
    "transport.conflict": "Site {side} offers no way by which the room can be reached; it has {able}.",
    "encryption.agreed": "The strongest that both sites offer and the room carries is {value}.",
    "encryption.compromise": "Both sites and the room have {value}; {given_up} was given up.",
    "encryption.conflict": "The sites have no way of encrypting in common.",
    "encryption_not_carried.conflict": "In common the sites have {common}; the room carries {able}.",
    "end_to_end.conflict": "Encryption that the server cannot open is asked for; site {side} does not offer it.",
    "end_to_end_not_carried.conflict": "Encryption that the server cannot open is asked for; the room has none.",
    "srtp_profile.agreed": "The strongest that both sites offer and the room carries is {value}.",
    "srtp_profile.compromise": "Both sites and the room have {value}; {given_up} was given up.",
    "srtp_profile.conflict": "The sites have no way of protecting media (SRTP profile) in common.",
    "srtp_profile_not_carried.conflict": "In common the sites have {common}; the room carries {able}.",
    "fingerprints.agreed": (
        "Before the start both courts read the code of the server's certificate to each other: if somebody is in "
        "between, the two differ."
    ),
    "fingerprints_waived.compromise": (
        "The courts do not compare the server's certificate before the start: somebody in between would not be noticed."
    ),
    "audio_codec.agreed": "The best sound that both sites offer and the room carries is {value}.",
    "audio_codec.compromise": "Both sites have {value}; {given_up} was given up.",
    "audio_codec.conflict": "The sites have no sound format in common.",
    "audio_codec_not_carried.conflict": "In common the sites have {common}; the room carries {able}.",
    "video_codec.agreed": "The first picture format that both sites offer and the room carries is {value}.",
    "video_codec.compromise": "Both sites have {value}; {given_up} was given up.",
    "video_codec.conflict": "The sites have no picture format in common.",
    "video_codec_not_carried.conflict": "In common the sites have {common}; the room carries {able}.",
    "size.agreed": "Both sites can show {value} lines.",
    "size.compromise": "{value} lines: more than that, up to {higher}, is not possible for both sites and lines.",
    "size.conflict": "The smaller picture of the two has {lower} lines; at least {least} are needed.",
    "size.open": "The size follows once the conflicts are solved.",
    "rate.agreed": "Both sites can show {value} pictures a second.",
    "rate.compromise": "{value} pictures a second: more than that, up to {higher}, is not possible for both.",
    "rate.conflict": "The slower site shows {lower} pictures a second; at least {least} are needed.",
    "rate.open": "The rate follows once the conflicts are solved.",
    "bandwidth.agreed": "Each camera takes up to {value} kbit/s, each voice {audio}; {usable} % of every line is used.",
    "bandwidth.compromise": (
        "Each camera is held to {value} kbit/s by {usable} % of the weakest line; with more, {height} lines at {fps} "
        "pictures a second would be possible."
    ),
    "bandwidth.conflict": (
        "The line of site {side} does not carry every camera at {height} lines and {fps} pictures a second with "
        "{usable} % of what is guaranteed."
    ),
    "bandwidth.open": "The bandwidth follows once the conflicts are solved.",
    "interpreting.agreed": "Both sites have what interpreting of this kind needs: {value}.",
    "interpreting.conflict": "Site {side} lacks what interpreting of this kind needs: {value}.",
    "interpreting_none.agreed": "Nothing is interpreted.",
    "simultaneous.agreed": "Sound passes up to {band} Hz; simultaneous interpreting needs {least} Hz.",
    "simultaneous_band.compromise": (
        "Consecutive: sound passes up to {band} Hz only, and simultaneous interpreting is refused below {least} Hz."
    ),
    "simultaneous_band.conflict": "Sound passes up to {band} Hz; simultaneous needs {least} Hz and is refused below.",
    "simultaneous_place.compromise": "Consecutive: site {side} lacks what simultaneous interpreting needs.",
    "simultaneous_place.conflict": "Site {side} lacks what simultaneous interpreting needs.",
    "simultaneous_open.open": "Whether it can be simultaneous follows once the conflicts are solved.",
    "simultaneous_open.compromise": "Consecutive, as long as the sites have no sound format in common.",
    "simultaneous_open.conflict": "Without a sound format in common nothing can be interpreted.",
    "simultaneous_apart.compromise": (
        "Simultaneous without a booth: the interpreters work apart, over a platform for interpreting at a distance "
        "(ISO 24019). Sound passes up to {band} Hz; {least} Hz are needed. Consecutive is advised where they are apart."
    ),
    "simultaneous_booth.compromise": (
        "Consecutive: site {side}, where the interpreters sit, has no booth for simultaneous interpreting."
    ),
    "simultaneous_booth.conflict": (
        "Simultaneous interpreting needs a booth, and site {side}, where the interpreters sit, has none."
    ),
    "relay.agreed": "At site {side} one interpreter can hear the other, to go on from the pivot language.",
    "relay.conflict": (
        "Through a pivot language one interpreter must hear the other; site {side} has no relay with two channels."
    ),
    "relay_apart.agreed": "The room lets an interpreter apart hear the channel of another.",
    "relay_apart.conflict": (
        "Through a pivot language one interpreter must hear the other; apart, the room does not let them."
    ),
    "exhibits.agreed": "Both sites can show exhibits in the room.",
    "exhibits.compromise": (
        "Site {side} has nothing to show exhibits with: it sends them beforehand, and the other site shows them."
    ),
    "exhibits.conflict": "Exhibits are shown, and neither site has a way the room carries: {able}.",
    "recording.agreed": "The law of both sites allows what is asked for.",
    "recording.compromise": "Not all that was asked for is allowed on both sides; allowed is {allowed}.",
    "recording.conflict": "What one side's law allows to be recorded, the other's does not.",
    "recording_not_carried.conflict": "Both sides allow {allowed}; the room always records at least the sound.",
    "key_holders.agreed": "Both sites accept who can open the recording.",
    "key_holders.compromise": "Both sites accept {value}; {given_up} was given up.",
    "key_holders.conflict": "The sites do not agree who may open the recording.",
    "key_holders_not_carried.conflict": "In common the sites accept {common}; the room has {able}.",
    "format.agreed": "Both sites take the recording as {value}.",
    "format.compromise": "Both sites take {value}; {given_up} was given up.",
    "format.conflict": "The sites have no format of recordings in common.",
    "format_not_carried.conflict": "In common the sites have {common}; the recorder writes {able}.",
    "breakdown.agreed": "If the line breaks: pause, redial at most {redial} ×, adjourn after {minutes} minutes.",
    "breakdown.compromise": (
        "If the line breaks: pause, redial at most {redial} ×, adjourn after {minutes} minutes. "
        "The smaller figures count; given up: {given_up}."
    ),
    "breakdown_ways.agreed": (
        "If the line breaks: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} minutes."
    ),
    "breakdown_ways.compromise": (
        "If the line breaks: pause, redial at most {redial} ×, then: {ways}; adjourn after {minutes} minutes. "
        "The smaller figures count; given up: {given_up}."
    ),
    "room_view.agreed": "A camera can show the whole room at site {side}.",
    "room_view.conflict": "Site {side} has no camera that shows the whole room.",
    "true_to_life.agreed": "Site {side} shows people as if they sat opposite.",
    "true_to_life.conflict": "Site {side} cannot show people as if they sat opposite.",
    "lip_sync.agreed": (
        "In the line test sound is at most {ahead} ms ahead of the picture and at most {behind} ms behind it."
    ),
    "private_line.agreed": "The person heard and counsel can speak in private.",
    "private_line.conflict": "Site {side} has no private line between the person heard and counsel.",
    "accessibility.agreed": "Site {side} has what the person heard needs.",
    "accessibility.conflict": "Site {side} lacks what the person heard needs: {missing}.",
}

OPTIONS: Mapping[str, str] = {
    "offer_endpoint": "Site {side} joins with a browser.",
    "offer_transport": "Site {side} opens its network for one of: {able}.",
    "offer_encryption": "One of the sites adds one of: {able}.",
    "offer_end_to_end": "Site {side} joins with equipment that encrypts end to end.",
    "accept_hop_by_hop": "The State that asks for it accepts encryption between each site and the server.",
    "offer_srtp_profile": "One of the sites adds one of: {able}.",
    "offer_true_to_life": "Site {side} puts up a camera at eye level and shows the picture about life-size.",
    "offer_audio_codec": "One of the sites adds one of: {able}.",
    "offer_video_codec": "One of the sites adds one of: {able}.",
    "larger_picture": "The site with the smaller picture uses other equipment.",
    "accept_smaller": "Both States accept a smaller picture.",
    "more_frames": "The slower site uses other equipment.",
    "accept_fewer_frames": "Both States accept fewer pictures a second.",
    "more_bandwidth": "Site {side} gets a better line.",
    "fewer_cameras": "Fewer cameras take part.",
    "offer_interpreting": "Site {side} provides for interpreting.",
    "wider_audio": "The sites use microphones and a sound format that carry {least} Hz.",
    "offer_simultaneous": "Site {side} provides for simultaneous interpreting.",
    "offer_booth": "Site {side} sets up a booth.",
    "interpreter_apart": "The interpreters work apart, over a platform for interpreting at a distance (ISO 24019).",
    "offer_relay": "Site {side} provides relay with two channels.",
    "interpreter_at_site": "The interpreters sit together at a site that has relay.",
    "direct_interpreter": "An interpreter is found who needs no third language.",
    "offer_exhibits": "One of these is put up at site {side}: {able}.",
    "accept_consecutive": "Both States accept consecutive interpreting.",
    "change_recording": "The States ask for another kind of recording that both laws allow.",
    "record_by_law": "The authority whose law stands in the way gives a dispensation, and its profile says so.",
    "other_place": "The person is heard at another place.",
    "offer_key_holders": "One of the sites accepts one of: {able}.",
    "offer_format": "One of the sites takes one of: {able}.",
    "offer_fallback": "The site without it provides a second line or a telephone.",
    "offer_room_view": "Site {side} puts up a camera that shows the whole room.",
    "offer_private_line": "Site {side} provides a room or a telephone for counsel.",
    "offer_accessibility": "Site {side} provides: {missing}.",
}
