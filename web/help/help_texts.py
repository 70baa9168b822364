"""Help: for each role what it does and where, and the questions it asks most. Texts are message ids."""

from dataclasses import dataclass

from web.words.i18n import N_


@dataclass(frozen=True)
class RoleHelp:
    """The help of one role: headings with what to do, and the questions asked most. `name`: as in the address."""

    name: str
    label: str
    parts: tuple[tuple[str, str], ...]
    whys: tuple[str, ...] = ()


ROLES: tuple[RoleHelp, ...] = (
    RoleHelp(
        "judge",
        N_("Presiding judge"),
        (
            (
                N_("Before the sitting"),
                N_("The docket shows your hearings with both local times. Open one to see what is still missing."),
            ),
            (
                N_("Opening the sitting"),
                N_(
                    "The room leads you through the roll call, the confirmation of identity, the security code and the "
                    "sound check. You can start when the recording is healthy."
                ),
            ),
            (
                N_("During the sitting"),
                N_(
                    "You admit people from the lobby, can mute anybody, and put the hearing on hold at any time. While "
                    "it is on hold nobody is heard; the log says who ordered it, and why."
                ),
            ),
            (
                N_("After the sitting"),
                N_(
                    "The recording is sealed. The minutes are drafted from the log: complete them, have them read "
                    "back, and sign them for your State."
                ),
            ),
        ),
        ("security_code", "two_signatures"),
    ),
    RoleHelp(
        "clerk",
        N_("Clerk"),
        (
            (
                N_("Asking for a hearing"),
                N_(
                    "Under “Requests”, begin a new request. The legal check says for each instrument what the request "
                    "still lacks."
                ),
            ),
            (
                N_("Fixing the time"),
                N_("When the request is accepted, look for times that suit both courts, and offer them."),
            ),
            (
                N_("Preparing"),
                N_(
                    "The page of the hearing lists what is missing: people, interpreters, rooms, the technical "
                    "agreement, the line test. Issue links and PINs there."
                ),
            ),
            (
                N_("On the day"),
                N_("Open the lobby, watch who has arrived, and keep the log. If a person loses their link, issue one."),
            ),
            (
                N_("After the sitting"),
                N_(
                    "The minutes are drafted from the log. Complete them and have them read back; the judge or you "
                    "sign them for your State."
                ),
            ),
        ),
        ("recording", "pin", "other_state"),
    ),
    RoleHelp(
        "authority",
        N_("Requested authority"),
        (
            (
                N_("Answering a request"),
                N_(
                    "Requests to your State wait under “Requests”. Acknowledge, ask for what is missing, accept with "
                    "or without conditions, or refuse with the legal ground."
                ),
            ),
            (
                N_("Agreeing on time and equipment"),
                N_("Accept one of the times offered, or propose others; then sign the technical agreement."),
            ),
            (
                N_("During the sitting"),
                N_(
                    "You confirm the identity of the person heard, and see that the law of your State is kept. You can "
                    "put the hearing on hold; nobody else may lift your hold."
                ),
            ),
            (
                N_("After the sitting"),
                N_("The minutes are drafted from the log. Complete them, and sign them for your State."),
            ),
        ),
        ("two_signatures", "security_code", "other_state"),
    ),
    RoleHelp(
        "administrator",
        N_("Administrator"),
        (
            (
                N_("What is missing"),
                N_("Under “Administration”, the page “Set-up” lists what is missing before hearings can be held."),
            ),
            (
                N_("People"),
                N_(
                    "Add staff, give them their functions, and issue sign-in links. Whoever has lost every passkey "
                    "needs a recovery, which a second administrator confirms."
                ),
            ),
            (
                N_("Keys"),
                N_(
                    "Register the public keys with which the authorities of your State sign, and those for which "
                    "recordings are encrypted. Compare each by another channel before you do. Private keys never come "
                    "here."
                ),
            ),
            (
                N_("Law and directory"),
                N_(
                    "Keep the data of your State true. What concerns another State waits under “Pending changes” until "
                    "its own administrators have confirmed it."
                ),
            ),
            (
                N_("Looking after the service"),
                N_("“Checks” says what the service finds about itself; “Messages” shows mails that did not arrive."),
            ),
        ),
        ("two_signatures", "pin"),
    ),
    RoleHelp(
        "interpreter",
        N_("Interpreter"),
        (
            (
                N_("Joining"),
                N_(
                    "Open your link and enter your PIN, or the code that is sent to you. Use a headset with a cable, "
                    "in a quiet room."
                ),
            ),
            (
                N_("In the booth"),
                N_("Choose what you hear and into which language you speak; only people of that language hear you."),
            ),
            (
                N_("If you cannot follow"),
                N_("Say so at once. You may put the hearing on hold when a language is lost."),
            ),
        ),
        ("pin", "recording"),
    ),
    RoleHelp(
        "witness",
        N_("Witness"),
        (
            (
                N_("Joining"),
                N_(
                    "Open your link and enter your PIN, or the code that is sent to you. Check your camera and your "
                    "microphone, then wait in the lobby."
                ),
            ),
            (
                N_("Who sees and hears you"),
                N_("The page shows you everybody who will see and hear you, before you are admitted."),
            ),
            (
                N_("Your language"),
                N_("You speak and hear your own language. Speak slowly, and wait until the interpreter has ended."),
            ),
            (
                N_("If something is wrong"),
                N_(
                    "Press “I need help”, also when you need a break. If the line drops, the page connects again by "
                    "itself; if it does not, reload it in the same browser. Your link works only once: for another "
                    "device ask the court for a new one."
                ),
            ),
        ),
        ("pin", "recording"),
    ),
    RoleHelp(
        "expert",
        N_("Expert"),
        (
            (
                N_("Joining"),
                N_(
                    "Open your link and enter your PIN, or the code that is sent to you. Check your camera and your "
                    "microphone, then wait in the lobby."
                ),
            ),
            (
                N_("Documents"),
                N_(
                    "Send the clerk beforehand the documents you want to refer to. The log of the hearing names each "
                    "document that you were shown."
                ),
            ),
            (
                N_("Your language"),
                N_("You speak and hear your own language. Say figures and technical terms slowly."),
            ),
            (
                N_("If something is wrong"),
                N_(
                    "Press “I need help”, also when you need a break. If the line drops, the page connects again by "
                    "itself; if it does not, reload it in the same browser. Your link works only once: for another "
                    "device ask the court for a new one."
                ),
            ),
        ),
        ("pin", "recording"),
    ),
)
"""One row for each role that has a page of help."""


def by_name(name: str) -> RoleHelp | None:
    """The help of a role; None for a name that has none."""
    return next((role for role in ROLES if role.name == name), None)
