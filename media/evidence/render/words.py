"""What a copy says: of people, gaps, entries of the log, languages. In English, as `vivavoce verify` does."""

import re

from babel import Locale, UnknownLocaleError

from media.evidence.check.gaps import CAUSES
from media.evidence.log.course import Course, Entry, Seated
from media.evidence.render.material import LOCKED

MARK = "Copy to look at \N{EM DASH} not the record"
COVERED = "Picture covered and voice left out"
NOTHING = "nothing was recorded"
"""Where a track has neither media nor a gap: before its beginning and behind its end."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_ISO_639 = """
aa aar ab abk ae ave af afr ak aka am amh an arg ar ara as asm av ava ay aym az aze ba bak be bel bg bul bi bis
bm bam bn ben bo bod br bre bs bos ca cat ce che ch cha co cos cr cre cs ces cu chu cv chv cy cym da dan de deu
dv div dz dzo ee ewe el ell en eng eo epo es spa et est eu eus fa fas ff ful fi fin fj fij fo fao fr fra fy fry
ga gle gd gla gl glg gn grn gu guj gv glv ha hau he heb hi hin ho hmo hr hrv ht hat hu hun hy hye hz her ia ina
id ind ie ile ig ibo ii iii ik ipk io ido is isl it ita iu iku ja jpn jv jav ka kat kg kon ki kik kj kua kk kaz
kl kal km khm kn kan ko kor kr kau ks kas ku kur kv kom kw cor ky kir la lat lb ltz lg lug li lim ln lin lo lao
lt lit lu lub lv lav mg mlg mh mah mi mri mk mkd ml mal mn mon mr mar ms msa mt mlt my mya na nau nb nob nd nde
ne nep ng ndo nl nld nn nno no nor nr nbl nv nav ny nya oc oci oj oji om orm or ori os oss pa pan pi pli pl pol
ps pus pt por qu que rm roh rn run ro ron ru rus rw kin sa san sc srd sd snd se sme sg sag si sin sk slk sl slv
sm smo sn sna so som sq sqi sr srp ss ssw st sot su sun sv swe sw swa ta tam te tel tg tgk th tha ti tir tk tuk
tl tgl tn tsn to ton tr tur ts tso tt tat tw twi ty tah ug uig uk ukr ur urd uz uzb ve ven vi vie vo vol wa wln
wo wol xh xho yi yid yo yor za zha zh zho zu zul
"""
ISO_639 = dict(zip(_ISO_639.split()[::2], _ISO_639.split()[1::2], strict=True))
"""Code of ISO 639-1 → code of ISO 639-2/T, which containers of sound and pictures name languages by."""
FLOOR = "mul"
"""ISO 639-2 of several languages: what is spoken on the floor."""


def plain(text: str) -> str:
    """A text of one line, without control characters."""
    return _CONTROL.sub(" ", text).strip()


def primary(tag: str) -> str:
    """The language of a BCP 47 tag, without script and region: `pt` of `pt-BR`."""
    return tag.split("-")[0].lower()


def languages(text: str) -> frozenset[str]:
    """The languages of a list of BCP 47 tags, such as `ro,th`, without script and region; none of an empty one."""
    return frozenset(primary(tag.strip()) for tag in text.split(",") if tag.strip())


def iso_639_2(tag: str) -> str:
    """The three letters of a language given as BCP 47; `und` for what has none."""
    first = primary(tag)
    return first if len(first) == 3 else ISO_639.get(first, "und")


def language(tag: str) -> str:
    """The English name of a language given as BCP 47; the tag itself where none is known."""
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


def seat_of(track: str) -> str:
    """`witness_1` of `witness_1_cam`."""
    return track.rpartition("_")[0]


def role(name: str) -> str:
    """`presiding judge` of `presiding_judge`."""
    return plain(name.replace("_", " "))


def person(seated: Seated) -> str:
    """Role and State: no names are in a journal."""
    return ", ".join(plain(part) for part in (role(seated.role), seated.state) if part)


def label(sitting: Course, track: str, at: int) -> str:
    """Whose track it is, by role and State; else the role of the track itself."""
    seated = sitting.seated(track, at)
    found = person(seated) if seated else role(sitting.tracks[track].role)
    return f"{found} (screen)" if sitting.tracks[track].kind == "screen" else found


def why(cause: str) -> str:
    """Why nothing is to be seen or heard."""
    if cause == LOCKED:
        return "closed session: this key file does not open it"
    return CAUSES.get(cause, cause) if cause else NOTHING


def entry(sitting: Course, one: Entry) -> str:
    """An entry of the hearing's log: kind, who did it, whom it is about."""
    seated = sitting.seated(f"{one.seat}_", one.t) if one.seat else None
    about = f", about {person(seated)}" if seated else ""
    return f"{role(one.kind).capitalize()} ({role(one.who) or 'the system'}{about})"


def clock(t: int) -> str:
    """A time of the recording, `0:00:24`."""
    return f"{t // 3_600_000}:{t // 60_000 % 60:02d}:{t // 1000 % 60:02d}"
