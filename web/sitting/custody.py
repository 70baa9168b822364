"""The lines of a recording's journal and custody log in words: openings, keys, clock, people, events, gaps,
accesses."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from markupsafe import Markup, escape

from hearings.custody.signed_papers import CORRECTION_SIGNED, MINUTES_SIGNED
from hearings.events import EventKind
from media.evidence.log import tlog
from web.sitting import course
from web.words import event_log, gaps, i18n, roles
from web.words.i18n import N_, _
from web.words.sentences import english

WHY = {
    "deliberation": N_("To prepare the judgment"),
    "minutes": N_("To draw up or check the minutes"),
    "interpretation": N_("To check the interpretation"),
    "party": N_("At the request of a party"),
    "authority": N_("At the request of the other State's authority"),
    "integrity": N_("To check that the recording is complete"),
    "copy": N_("To hand over a copy"),
}
"""The purposes of viewing or exporting a recording: the code goes into the custody log, the text is for the page."""
ENTRY_KINDS = {
    "open": N_("Opened"),
    "keywrap": N_("Key sealed for the authorities"),
    "rekey": N_("Recorded to another key"),
    "gap": N_("Gap"),
    "clock": N_("Clock of the server"),
    "person": N_("Seat"),
    "event": N_("Log of the hearing"),
    "close": N_("Closed and sealed"),
    "reopen": N_("Opened again"),
    "closed": N_("Frozen at the close"),
    "access": N_("Access"),
    "keyuse": N_("Key used"),
    "released": N_("Released to the other State"),
    "received": N_("Receipt of the other State"),
    "notice": N_("Notice"),
    "archive": N_("Archived"),
    "hold": N_("Legal hold"),
    "destroyed": N_("Keys destroyed"),
    "derive": N_("Made from the recording"),
    "sealkey": N_("Sealing key changed"),
    "head": N_("Cosigned"),
    "stamp": N_("Time-stamped"),
}
RECEIPT_VERDICTS = {"verified": N_("verified"), "gaps": N_("verified with declared gaps")}
"""What the check of a copy came to at the State that received it, as its receipt says."""
NOTICES = {
    "disk_low": N_("the disk is 90 per cent full"),
    "disk_full": N_("there is no room on the disk"),
    "disk_room": N_("there is room on the disk again"),
    "unknown_track": N_("frames of an unplanned track arrived and were not recorded"),
    "clock_step": N_("the system clock was adjusted"),
    "file_damaged": N_("a file is missing or was altered"),
    "file_removed": N_("a file that belonged to nothing was removed"),
    MINUTES_SIGNED: N_("both authorities have signed the minutes"),
    CORRECTION_SIGNED: N_("both authorities have signed a correction of the minutes"),
}
"""Notices in words, by code. The text in the log is English and names the file or track, or the minutes by hash."""
DERIVED = {"transcript": N_("Transcript, corrected by a person, kept with the recording")}
"""What was made from a recording and is kept with it, by the word of its `derive` line."""
CAPACITIES = {"judge": N_("Judge"), "authority": N_("Authority"), "recipient": N_("Recipient")}
"""What somebody is called who acts by a function of staff, or receives a copy, and has no role in the hearing."""
AGAIN = N_("the recorder was started again")
"""The recorder's reason for reopening a recording, as in the journal."""
DID = {
    "view": N_("Viewing"),
    "view_continued": N_("Viewing, continued"),
    "export": N_("Copy taken (bag)"),
    "excerpt": N_("Excerpt taken (bag)"),
    "render": N_("Copy to look at made"),
    "restored": N_("Put back from an archive"),
    "rewrap_proposed": N_("New recipients proposed"),
    "rewrap_confirmed": N_("New recipients confirmed"),
    "rewrap": N_("Re-wrapped keys taken in"),
    "rewrap_put_back": N_("Former keys put back"),
    "rewrap_former_deleted": N_("Former keys deleted"),
}


def _clock(line: dict[str, Any]) -> str:
    """The row of a `clock` line: the source of the clock, and its possible error."""
    parts = [_("in sync") if line["synchronised"] else _("not known to be in sync")]
    if line["offset"]:
        parts.append(_("off by {ms} ms").format(ms=_milliseconds(line["offset"])))
    if line["error"]:
        parts.append(_("wrong by {ms} ms at most").format(ms=_milliseconds(line["error"])))
    if line["stratum"]:
        parts.append(_("stratum {n}").format(n=line["stratum"]))
    source = _("source not known") if line["source"] == "unknown" else line["source"]
    return Markup("<bdi>{}</bdi> · {}").format(source, " · ".join(parts))


def _person(line: dict[str, Any]) -> str:
    """The row of a `person` line: seat, role and State, and the hash by which an exported case names the person."""
    named = i18n.one_by_one((roles.label(line["role"]), i18n.state_name(line["state"])))
    return Markup('<bdi>{}</bdi> · {} · <bdi dir="ltr">{}</bdi>').format(line["seat"], named, line["sha256"][:16])


def _event(line: dict[str, Any]) -> str:
    """The row of an `event` line: number, kind, seat, role of the actor, and hash."""
    kind = line["kind"]
    what = _(event_log.WORDS[EventKind(kind)]) if kind in EventKind else kind
    by = roles.label(line["who"]) if line["who"] else _("The system")
    about = Markup(" · <bdi>{}</bdi>").format(line["seat"]) if line["seat"] else ""
    template = Markup('{} · {}{} · {} · <bdi dir="ltr">{}</bdi>')
    return template.format(line["entry"], what, about, by, line["sha256"][:16])


def _rekey(line: dict[str, Any]) -> str:
    """The row of a `rekey` line: from then on what is recorded has a key of its own, or that of the recording again."""
    if not line["key"]:
        return _("The key of the recording again")
    told = _("Key {n}, of a closed session").format(n=line["key"])
    return Markup("{} · <bdi>{}</bdi>").format(told, course.readers(line["recipients"]))


def _milliseconds(ns: str) -> str:
    return f"{int(ns) / 1e6:.3f}"


def _head(line: dict[str, Any]) -> str:
    """The row of a `head` line: size of the head, and who has cosigned it."""
    try:
        note = tlog.parse_note(line["note"].encode())
        head = tlog.parse_checkpoint(note.text)
    except tlog.NoteError:
        return ""
    names = i18n.one_by_one([one.name for one in note.signatures if one.name != tlog.key_name(head.origin)])
    return Markup('<bdi dir="ltr">{}</bdi> · <bdi>{}</bdi>').format(head.size, names)


def _stamp(line: dict[str, Any]) -> str:
    """The row of a `stamp` line: which head was stamped, and its size."""
    try:
        head = tlog.parse_checkpoint(tlog.parse_note(line["note"].encode()).text)
    except tlog.NoteError:
        return ""
    of = _("Custody log") if head.origin.endswith(tlog.CUSTODY) else _("Recording")
    return Markup('{} · <bdi dir="ltr">{}</bdi>').format(of, head.size)


def _elapsed(ms: int) -> str:
    """A time of the recording, `0:04:59.877`."""
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _hash(sha256: str) -> Markup:
    """A hash whole, to be compared with that of a file at hand."""
    return Markup('SHA-256 <bdi dir="ltr"><code>{}</code></bdi>').format(sha256)


def _names(value: object) -> list[str]:
    """The names in a field that lines may have and verifiers do not look at; none where it has another form."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


def _extent(line: dict[str, Any]) -> Iterator[Markup]:
    """What an `access` line says of a part or a copy: from when to when, its tracks, who is masked in it, its hash."""
    start, end = line.get("t0"), line.get("t1")
    if isinstance(start, int) and isinstance(end, int):
        times = {"start": _elapsed(start), "end": _elapsed(end)}
        ltr = {name: Markup('<bdi dir="ltr">{}</bdi>').format(time) for name, time in times.items()}
        yield escape(_("from {start} to {end} of the recording")).format(**ltr)
    if tracks := _names(line.get("tracks")):
        yield escape(_("tracks: {names}")).format(names=Markup('<bdi dir="ltr">{}</bdi>').format(" ".join(tracks)))
    if masked := _names(line.get("masked")):
        yield escape(_("masked: {seats}")).format(seats=Markup("<bdi>{}</bdi>").format(i18n.one_by_one(masked)))
    if isinstance(line.get("sha256"), str):
        yield _hash(line["sha256"])


def _access(line: dict[str, Any]) -> str:
    """The row of an `access` line: what was done, by whom, why, and, of a part or a copy, what it is."""
    did = _(DID.get(str(line["what"]), str(line["what"])))
    why = _(WHY.get(str(line["why"]), str(line["why"])))
    role, state = roles.label(line["role"]), line["state"]
    named = i18n.one_by_one((role, i18n.state_name(state))) if state else role
    row = Markup("{} · <bdi>{}</bdi> ({}) · {}").format(did, line["person"], named, why)
    return Markup(" · ").join([row, *_extent(line)])


def _keyuse(line: dict[str, Any]) -> str:
    """The row of a `keyuse` line: which key of the recording was opened, by whom, and why."""
    key = _("Key {n}, of a closed session").format(n=line["key"]) if line["key"] else _("The key of the recording")
    why = _(WHY.get(str(line["why"]), str(line["why"])))
    role, state = roles.label(line["role"]), line["state"]
    named = i18n.one_by_one((role, i18n.state_name(state))) if state else role
    return Markup("{} · <bdi>{}</bdi> ({}) · {}").format(key, line["person"], named, why)


def _derive(line: dict[str, Any]) -> str:
    """The row of a `derive` line: what was made, its file, and, where the line says it, by whom and why."""
    row = Markup('{} · <bdi dir="ltr">{}</bdi>').format(_(DERIVED.get(line["what"], line["what"])), line["file"])
    if not isinstance(line.get("person"), str):
        return row
    named = i18n.one_by_one((roles.label(str(line.get("role"))), i18n.state_name(str(line.get("state")))))
    row = Markup("{} · <bdi>{}</bdi> ({})").format(row, line["person"], named)
    if not isinstance(line.get("why"), str):
        return row
    return Markup("{} · {}").format(row, _(WHY.get(line["why"], line["why"])))


def _keywrap(line: dict[str, Any]) -> str:
    """The row of a `keywrap` line: which key, and, where it was wrapped anew, the fingerprints of the recipients."""
    named = line.get("recipients")
    told = [line["file"], *map(str, named if isinstance(named, list) else ())]
    return Markup(" · ").join(Markup('<bdi dir="ltr">{}</bdi>').format(one) for one in told)


def _archive(line: dict[str, Any]) -> str:
    """The row of an `archive` line: which file, in which archive, until when it is locked there, and its hash where the
    line says it."""
    row = Markup('<bdi>{}</bdi> · <bdi dir="ltr">{}</bdi> · {}')
    until = i18n.day(date.fromisoformat(line["until"]))
    told = row.format(line["bucket"], line["file"].rpartition("/")[2], _("locked until {day}").format(day=until))
    return Markup(" · ").join([told, _hash(line["sha256"])]) if isinstance(line.get("sha256"), str) else told


def _capacity(role: str, state: str) -> str:
    """In which role, and for which State, somebody acted; either may not be known of older lines."""
    return i18n.one_by_one([word for word in (_role(role), i18n.state_name(state) if state else "") if word])


def _role(role: str) -> str:
    """A role in the hearing, or another capacity in which somebody is named by a line."""
    return _(CAPACITIES[role]) if role in CAPACITIES else roles.label(role) if role else ""


def _two(names: Sequence[str], line: dict[str, Any]) -> list[Markup]:
    """Two people who acted together, each with their role where the line says it."""
    named = zip(names, line.get("roles", ("", "")), strict=True)
    said = [(Markup("<bdi>{}</bdi>").format(name), _role(role)) for name, role in named]
    return [Markup("{} ({})").format(name, role) if role else name for name, role in said]


def _hold(line: dict[str, Any]) -> str:
    """The row of a `hold` line: whether it was placed or lifted, by whom, and why."""
    done = _("Placed") if line["in_force"] else _("Lifted")
    row = Markup("{} · <bdi>{}</bdi> ({}) · <bdi>{}</bdi>")
    return row.format(done, line["person"], _capacity(line.get("role", ""), line["state"]), line["why"])


def _destroyed(line: dict[str, Any]) -> str:
    """The row of a `destroyed` line: nobody can open the recording any more; by whom, and why."""
    row = Markup("{} · {}, {} ({}) · <bdi>{}</bdi>{}")
    told, state = _("Nobody can open what was recorded to them"), i18n.state_name(line["state"])
    who = _two((line["proposed"], line["decided"]), line)
    hashes = [one[:16] for one in line.get("hashes", ())]
    keys = Markup(' · <bdi dir="ltr">{}</bdi>').format(" ".join(hashes)) if hashes else ""
    return row.format(told, *who, state, line["why"], keys)


def _digest(sha256: str) -> Markup:
    """How a hash begins, which is enough to find what it is of."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(sha256[:16])


def _released(line: dict[str, Any]) -> str:
    """The row of a `released` line: to whom, what for, by which two persons, and within which limits."""
    to = Markup("<bdi>{}</bdi> ({})").format(line["to"], i18n.state_name(line["state"]))
    first, second = _two(line["by"], line)
    by = escape(_("released by {first} and {second}")).format(first=first, second=second)
    limits = Markup("; ").join(Markup("<bdi>{}</bdi>").format(limit) for limit in line["limits"])
    statement = _digest(line["statement"])
    parts = [to, Markup("<bdi>{}</bdi>").format(line["purpose"]), by, statement]
    return Markup(" · ").join([*parts, limits] if limits else parts)


def _received(line: dict[str, Any]) -> str:
    """The row of a `received` line: who has it now, and what their check came to."""
    found = _(RECEIPT_VERDICTS.get(line["verdict"], line["verdict"]))
    who = _capacity(line.get("role", ""), line["state"])
    why = Markup(" · <bdi>{}</bdi>").format(line["why"]) if isinstance(line.get("why"), str) else ""
    row = Markup("<bdi>{}</bdi> ({}) · {}{} · {}")
    return row.format(line["by"], who, found, why, _digest(line["receipt"]))


COMPOSED = {
    "access": _access,
    "derive": _derive,
    "keywrap": _keywrap,
    "keyuse": _keyuse,
    "hold": _hold,
    "destroyed": _destroyed,
    "archive": _archive,
    "released": _released,
    "received": _received,
    "clock": _clock,
    "person": _person,
    "event": _event,
    "rekey": _rekey,
    "head": _head,
    "stamp": _stamp,
}
"""Types of lines whose row is made from several of their fields."""
OF_THE_OTHER_STATE = frozenset({"released"})
"""Types whose `state` is not that of who did it: a release names the State that the copy went to; the one that released
it stands in `from`, which older lines lack."""
GROUPED = frozenset({"notice", "head", "stamp"})
"""Types of which consecutive lines are one row; of notices, those of one code."""


def entries_of(lines: tuple[bytes, ...]) -> Iterator[dict[str, Any]]:
    """The rows of the custody page; `state` is that of who did it, where a line says it. Consecutive notices of one
    code are one row, but for those on signed papers, and so are consecutive cosigned heads."""
    zero = 0
    notice: dict[str, Any] | None = None
    for number, raw in enumerate(lines):
        line = json.loads(raw)
        kind = line.get("type")
        if kind == "open":
            zero = int(line["zero"])
        if kind not in ENTRY_KINDS:
            continue
        alone = line.get("code") in (MINUTES_SIGNED, CORRECTION_SIGNED)
        if notice and kind == notice["type"] and notice["code"] == line.get("code") and not alone:
            notice["more"] += 1
            continue
        if notice:
            yield notice
        entry = {"line": number, "kind": _(ENTRY_KINDS[kind]), "at": _instant(int(line["at"])), "until": None}
        entry |= {"code": line.get("code"), "more": 0, "text": _said(kind, line)}
        state = line.get("from" if kind in OF_THE_OTHER_STATE else "state", "")
        entry |= {"type": kind, "state": state, "file": line.get("what") in ("export", "excerpt")}
        if kind == "event" and line["t"]:
            entry["at"] = _instant(zero + line["t"] * 1_000_000)
        if kind == "rekey":
            entry["at"] = _instant(zero + line["t"] * 1_000_000)
        if kind == "gap":
            entry["at"] = _instant(zero + line["t0"] * 1_000_000)
            entry["until"] = _instant(zero + line["t1"] * 1_000_000)
        notice = entry if kind in GROUPED else None
        if notice is None:
            yield entry
    if notice:
        yield notice


def _instant(ns: int) -> datetime:
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC)


def _said(kind: str, line: dict[str, Any]) -> str:
    if kind == "closed":
        head = Markup('<bdi dir="ltr"><code>{}:{}</code></bdi>')
        return head.format(line["size"], line["root"])
    if kind in COMPOSED:
        return COMPOSED[kind](line)
    if kind == "gap":
        return i18n.about(line["track"], gaps.cause(line))
    if kind == "notice":
        text, known = english(line["text"]), NOTICES.get(line["code"])
        return Markup("{} ({})").format(_(known), text) if known else text
    if line.get("reason") == AGAIN:
        return _(AGAIN)
    for name in ("reason", "software", "bucket", "what"):
        if isinstance(line.get(name), str):
            return Markup("<bdi>{}</bdi>").format(line[name])
    return ""
