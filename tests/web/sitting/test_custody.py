"""The journal of a recording in words."""

import json

from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey
from web.sitting import custody
from web.words import i18n, roles

AT = 1_764_831_600_000_000_000


def told(*lines: dict[str, object]) -> list[str]:
    """What is said of each line, in French."""
    with i18n.speaking("fr"):
        return [
            one["text"] for one in custody.entries_of(tuple(json.dumps(line | {"at": AT}).encode() for line in lines))
        ]


def test_a_notice_is_told_by_its_code_with_the_journals_own_english_beside():
    known, unknown = ({"type": "notice", "code": code, "text": "<x> of judge_1_mic"} for code in ("clock_step", "new"))
    english = '<bdi lang="en" dir="ltr">&lt;x&gt; of judge_1_mic</bdi>'
    with i18n.speaking("fr"):
        words = i18n._(custody.NOTICES["clock_step"])
    assert told(known, unknown) == [f"{words} ({english})", english]


def test_the_recorders_own_reason_is_told_and_what_people_wrote_stays_as_it_is():
    again, other = ({"type": "reopen", "reason": reason} for reason in (custody.AGAIN, "<Power>"))
    with i18n.speaking("fr"):
        words = i18n._(custody.AGAIN)
    assert told(again, other) == [words, "<bdi>&lt;Power&gt;</bdi>"]


def test_who_sits_where_the_log_and_the_clock_are_told_with_their_hashes():
    person: dict[str, object] = {
        "type": "person",
        "seat": "witness_1",
        "role": "witness",
        "state": "TH",
        "sha256": "ab" * 32,
    }
    muted = {"type": "event", "entry": 7, "kind": "muted", "t": 1500, "who": "presiding_judge", "seat": "witness_1"}
    held = {"type": "event", "entry": 8, "kind": "of a later version", "t": 0, "who": "", "seat": ""}
    clock = {"type": "clock", "source": "chrony 192.0.2.1", "synchronised": True, "offset": "-1500000", "error": ""}
    unknown = {"type": "clock", "source": "unknown", "synchronised": False, "offset": "", "error": "", "stratum": ""}
    lines: list[dict[str, object]] = [
        person,
        muted | {"sha256": "cd" * 32},
        held | {"sha256": "ef" * 32},
        clock | {"stratum": "3"},
        unknown,
    ]
    lines.insert(0, {"type": "open", "zero": str(AT), "software": "x"})
    with i18n.speaking("en"):
        rows = list(custody.entries_of(tuple(json.dumps(line | {"at": str(AT)}).encode() for line in lines)))
    assert [row["text"] for row in rows[1:]] == [
        f'<bdi>witness_1</bdi> · Witness, Thailand · <bdi dir="ltr">{"ab" * 8}</bdi>',
        f'7 · Muted by the court · <bdi>witness_1</bdi> · Presiding judge · <bdi dir="ltr">{"cd" * 8}</bdi>',
        f'8 · of a later version · The system · <bdi dir="ltr">{"ef" * 8}</bdi>',
        "<bdi>chrony 192.0.2.1</bdi> · in sync · off by -1.500 ms · stratum 3",
        "<bdi>source not known</bdi> · not known to be in sync",
    ]
    assert (rows[2]["at"] - rows[0]["at"]).total_seconds() == 1


def test_a_key_of_a_closed_session_is_told_with_whom_it_is_for() -> None:
    about = {"recipient": "age1x", "recipients": ["requesting RO", "<x>"]}
    lines: list[dict[str, object]] = [{"type": "open", "zero": str(AT), "software": "x"}]
    lines += [{"type": "rekey", "key": key, "t": 2000, **about} for key in (1, 0)]
    with i18n.speaking("en"):
        rows = list(custody.entries_of(tuple(json.dumps(line | {"at": str(AT)}).encode() for line in lines)))
    assert [row["text"] for row in rows[1:]] == [
        "Key 1, of a closed session · <bdi>authority of Romania, &lt;x&gt;</bdi>",
        "The key of the recording again",
    ]
    assert rows[1]["at"].timestamp() == AT // 10**9 + 2


def test_heads_that_were_cosigned_one_after_another_are_one_row_with_who_signed():
    origin = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
    texts = [tlog.checkpoint_text(origin, size, bytes(32)) for size in (4, 9)]
    notes = [SealKey(bytes(32)).sign(text, origin) for text in texts]
    signed = [
        tlog.with_signatures(note, [tlog.cosign_line(text, name, name.encode().ljust(32), 1) for name in ("ro", "th")])
        for note, text in zip(notes, texts, strict=True)
    ]
    lines = [{"type": "head", "note": note.decode(), "at": str(AT)} for note in signed]
    lines.append({"type": "head", "note": "nonsense", "at": str(AT)})
    with i18n.speaking("en"):
        (row,) = custody.entries_of(tuple(json.dumps(line).encode() for line in lines))
        (spoilt,) = custody.entries_of((json.dumps(lines[-1]).encode(),))
    assert (row["kind"], row["text"], row["more"]) == (
        "Cosigned",
        '<bdi dir="ltr">4</bdi> · <bdi>ro, th</bdi>',
        2,
    )
    assert spoilt["text"] == ""


def test_an_access_tells_the_times_the_tracks_the_masked_seats_and_the_hash_that_its_line_has():
    by = {"person": "<Ana Popa>", "role": "operator", "state": "RO", "why": "minutes"}
    copy = {"t0": 299_877, "t1": 3_723_004, "masked": ["witness_1", "<x>"], "sha256": "ab" * 32}
    part, other = {"t0": 0, "t1": 4_000}, {"t0": "0", "masked": 7, "sha256": None, "tracks": "judge_1_mic"}
    extents = ({}, part, copy, copy | {"masked": []}, other, part | {"tracks": ["judge_1_cam", "judge_1_mic"]})
    lines = [{"type": "access", "what": "render", **by, **extent, "at": str(AT)} for extent in extents]
    with i18n.speaking("en"):
        rows = [row["text"] for row in custody.entries_of(tuple(json.dumps(line).encode() for line in lines))]
        who = f"<bdi>&lt;Ana Popa&gt;</bdi> ({roles.label('operator')}, Romania)"
    told = f"Copy to look at made · {who} · To draw up or check the minutes"
    span = ' · from <bdi dir="ltr">0:04:59.877</bdi> to <bdi dir="ltr">1:02:03.004</bdi> of the recording'
    digest = f' · SHA-256 <bdi dir="ltr"><code>{"ab" * 32}</code></bdi>'
    beginning = f'{told} · from <bdi dir="ltr">0:00:00.000</bdi> to <bdi dir="ltr">0:00:04.000</bdi> of the recording'
    assert rows == [
        told,
        beginning,
        f"{told}{span} · masked: <bdi>witness_1, &lt;x&gt;</bdi>{digest}",
        f"{told}{span}{digest}",
        told,
        f'{beginning} · tracks: <bdi dir="ltr">judge_1_cam judge_1_mic</bdi>',
    ]


def test_what_was_archived_is_told_with_its_hash_where_the_line_has_one():
    line = {"type": "archive", "file": "x/keys-1.tar", "bucket": "near", "version": "1", "until": "2036-01-01"}
    with i18n.speaking("en"):
        bare, whole = (
            row["text"]
            for row in custody.entries_of(
                tuple(json.dumps(line | more | {"at": str(AT)}).encode() for more in ({}, {"sha256": "cd" * 32}))
            )
        )
    assert "keys-1.tar" in bare
    assert whole == f'{bare} · SHA-256 <bdi dir="ltr"><code>{"cd" * 32}</code></bdi>'


def test_a_release_names_both_persons_and_every_limit_and_a_receipt_the_verdict():
    released: dict[str, object] = {
        "type": "released",
        "release": "r",
        "what": "whole",
        "to": "<S. Srisai>",
        "state": "TH",
    }
    released |= {"purpose": "the trial", "by": ["Ioana Marin", "Ana Popa"], "limits": ["UNTOC art. 18(19): <only>"]}
    received: dict[str, object] = {
        "type": "received",
        "release": "r",
        "by": "S. Srisai",
        "state": "TH",
        "verdict": "gaps",
    }
    older: list[dict[str, object]] = [released | {"statement": "ab" * 32}, received | {"receipt": "cd" * 32}]
    newer: list[dict[str, object]] = [
        {"roles": ["clerk", "presiding_judge"], "from": "RO"},
        {"role": "recipient", "why": "the trial"},
    ]
    lines = [*older, *(line | more for line, more in zip(older, newer, strict=True))]
    with i18n.speaking("en"):
        rows = list(custody.entries_of(tuple(json.dumps(line | {"at": str(AT)}).encode() for line in lines)))
    assert [str(row["text"]) for row in rows] == [
        "<bdi>&lt;S. Srisai&gt;</bdi> (Thailand) · <bdi>the trial</bdi> · released by <bdi>Ioana Marin</bdi> "
        'and <bdi>Ana Popa</bdi> · <bdi dir="ltr">abababababababab</bdi> · '
        "<bdi>UNTOC art. 18(19): &lt;only&gt;</bdi>",
        '<bdi>S. Srisai</bdi> (Thailand) · verified with declared gaps · <bdi dir="ltr">cdcdcdcdcdcdcdcd</bdi>',
        "<bdi>&lt;S. Srisai&gt;</bdi> (Thailand) · <bdi>the trial</bdi> · released by <bdi>Ioana Marin</bdi> (Clerk) "
        'and <bdi>Ana Popa</bdi> (Presiding judge) · <bdi dir="ltr">abababababababab</bdi> · '
        "<bdi>UNTOC art. 18(19): &lt;only&gt;</bdi>",
        "<bdi>S. Srisai</bdi> (Recipient, Thailand) · verified with declared gaps · <bdi>the trial</bdi> · "
        '<bdi dir="ltr">cdcdcdcdcdcdcdcd</bdi>',
    ]
