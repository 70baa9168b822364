"""What a refusal of `hearings` says to the person who reads it, in their language.

`hearings` raises errors with a stable code and an English text; pages and the live room show this module's sentence.
"""

from hearings import errors
from web import roles
from web.i18n import N_, _

SENTENCES: dict[str, str] = {
    "not_found": N_("There is no such thing here."),
    "invalid": N_("This input cannot be right. Nothing was changed."),
    "unknown_language": N_("This language is not known."),
    "not_ready": N_("Something else has to happen first. Nothing was changed."),
    "lobby_closed": N_("The lobby of this hearing is not open."),
    "essential_missing": N_("Somebody without whom the sitting cannot begin is not in the room."),
    "sound_check_missing": N_("A required sound check has not passed yet."),
    "recording_not_healthy": N_("The recording is not running. The floor stays closed until it does."),
    "identity_missing": N_("The requested authority has not yet confirmed who this person is."),
    "illegal_move": N_("This is not possible at this point of the hearing. Nothing was changed."),
    "recorder_silent": N_("The recorder did not answer. Nothing was changed; try again."),
    "no_proven_end": N_("This recording has no proven end yet. It can be viewed and copied once it is closed."),
    "no_recipients": N_(
        "No authority has given a key: nobody could open the recording. The administrator adds one (`vivavoce key`)."
    ),
}


def words(error: errors.HearingsError) -> str:
    """One sentence; who could do it instead, where that is known."""
    if isinstance(error, errors.NotAllowed):
        if error.who_can:
            return _("Only {roles} can do this.").format(roles=roles.any_of(error.who_can))
        return _("You may not do this now.")
    return _(SENTENCES.get(error.code, N_("This was refused. Nothing was changed.")))
