"""Roots of journal and custody log, hash of every file, time it answers for. Usage: python3 tree.py data"""

import base64
import hashlib
import json
import re
import sys
import time
from itertools import chain
from pathlib import Path

data = Path(sys.argv[1])
files = {"journal.jsonl": "", "checkpoint": "", "custody.jsonl": "", "custody-checkpoint": ""}
removable = {"checkpoint.tsr": ""}  # may have been removed, with no harm to the rest
spans, people, missing, close, frozen, zero, logged = {}, {}, [], None, False, 0, 0
rekeys, rekeyed, ended = [], 0, 0  # changes of the key, the time of the latest, and up to when segments go so far
kept, pauses = [], []  # what segments (as "recovered") and gaps answer for; "pause" and "resume" with their times
CONCERNED = ("access", "derive", "keyuse", "hold", "destroyed", "released", "received")  # name the head of the close
CAUSES = {
    "network": "nothing came over the line",
    "sender_off": "switched off by the person",
    "order": "switched off by order of the court",
    "pause": "paused by order of the court",
    "server": "the court's server stood still",
    "worker": "the media server had failed",
    "recorder": "the recorder had failed",
    "disk": "it could not be stored",
    "recovered": "pieces found after a failure, of unknown time",
    "late": "it came too late to be kept",
    "other": "another cause",
}


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def read(name, checkpoint):
    """The lines of a log; at its end, their root must be the one in the checkpoint."""
    stack, size = [], 0  # (number of leaves, hash) of complete subtrees, the largest first
    with (data / name).open("rb") as lines:
        for line in lines:
            size += 1
            if not line.endswith(b"\n"):
                sys.exit(f"FAILED: the last line of {name} is cut off")
            stack.append((1, hashlib.sha256(b"\x00" + line[:-1]).digest()))
            while len(stack) > 1 and stack[-2][0] == stack[-1][0]:
                (count, left), (_, right) = stack[-2:]
                stack[-2:] = [(2 * count, node(left, right))]
            removable.update(
                (f"blob/{digest}.age", digest) for digest in re.findall(r'\{"blob":"([0-9a-f]{64})"\}', line.decode())
            )
            yield json.loads(line)
    root = stack.pop()[1] if stack else hashlib.sha256().digest()
    while stack:
        root = node(stack.pop()[1], root)
    signed = (data / checkpoint).read_text(encoding="utf-8").split("\n")[:3]
    if [str(size), base64.b64encode(root).decode()] != signed[1:]:
        sys.exit(f"FAILED: {name} ({size} lines) is not the one signed ({signed[1]} lines)")
    roots.append((signed[0], size, root.hex()))


def clock(ms):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03}"


roots = []
for entry in chain(read("journal.jsonl", "checkpoint"), read("custody.jsonl", "custody-checkpoint")):
    kind, track = entry["type"], entry.get("track")
    custody = ("access", "keyuse", "released", "received")
    if not roots and (kind in custody or (close is not None and kind != "reopen")):
        sys.exit(f"FAILED: a line ({kind}) stands in the journal and has no place there")
    if kind == "open":
        zero = int(entry["zero"]) // 1000000
    if kind in ("keywrap", "init", "segment", "recovered_segment"):
        files[entry["file"]] = entry["sha256"]
    if kind == "destroyed":
        removable.update((name, files.pop(name)) for name in entry["files"] if name in files)
        who = f"{entry['proposed']} and {entry['decided']} ({', '.join([*entry.get('roles', []), entry['state']])})"
        print(f"DESTROYED by {who}, so that nobody can open it: {', '.join(entry['files'])}: {entry['why']}")
    if kind == "derive":
        removable[entry["file"]] = entry["sha256"]
    if kind == "person":
        people[entry["seat"]] = f"{entry['role']}, {entry['state']}"
    if kind == "track":
        spans[track] = [(entry["t"], entry["t"])]
    if kind == "segment" or (kind == "gap" and entry["cause"] != "late"):
        spans[track].append((entry["t0"], entry["t1"]))
    if kind == "gap":
        missing.append((entry["t0"], entry["t1"], track, CAUSES.get(entry["cause"], entry["cause"])))
    if kind in ("segment", "gap"):
        kept.append((entry["t0"], entry["t1"], track, entry.get("cause", "recovered")))
    if kind in ("pause", "resume"):
        pauses.append((kind, entry["t"]))
    if (kind == "segment" and entry["t0"] < rekeyed) or (kind == "rekey" and entry["t"] < max(ended, rekeyed)):
        sys.exit(f"FAILED: {track or 'a segment'} goes on over a change of the key")
    if kind == "segment":
        ended = max(ended, entry["t1"])
    if kind in ("open", "rekey"):
        key, made, rekeyed = entry.get("key", 0), (entry["recipient"], entry["recipients"]), entry.get("t", 0)
        known = not key or (f"hearing-key-{key}.age" in files and key > max(rekeys)[0])
        fresh = not key or made[0] not in [recipient for *_, (recipient, _) in rekeys]
        if rekeys and (key == rekeys[-1][0] or not known or not fresh or (not key and made != rekeys[0][2])):
            sys.exit(f"FAILED: key {key} is in force or was used before, is another, or is in no file")
        rekeys.append((key, rekeyed, made))
    if kind == "recovered_segment":
        print(f"FOUND after a failure, of unknown time: {entry['file']}")
    if kind == "found":
        print(f"FOUND after a failure, sealed by nobody: {entry['text']}")
    if kind == "event":
        logged += 1
        if entry["entry"] != logged:
            sys.exit(f"FAILED: entry {logged} of the hearing's log is not where it should be")
    if kind in ("close", "reopen"):
        close = entry if kind == "close" else None
    if kind == "custody" and entry["of"] != roots[0][0]:
        sys.exit("FAILED: the custody log is that of another recording")
    if kind in CONCERNED and frozen and entry.get("root", frozen) != frozen:
        sys.exit(f"FAILED: a line ({kind}) names another head than the one at which the recording was closed")
    if kind == "closed":
        frozen = entry["root"]
        if (entry["size"], entry["root"]) != roots[0][1:]:
            sys.exit("FAILED: the custody log belongs to another state of the journal")
    if kind in ("access", "keyuse"):
        who = f"{entry['person']} ({entry['role']}, {entry['state']})"
        print(f"{clock(int(entry['at']) // 1000000)} UTC {entry.get('what', 'key used')}: {who}: {entry['why']}")
    if kind == "released":
        who, limits = " and ".join(entry["by"]), "; ".join(entry["limits"])
        if "roles" in entry:
            who += f" ({', '.join(entry['roles'])}, {entry.get('from', '')})"
        to = f"{entry['to']} ({entry['state']})"
        print(
            f"{clock(int(entry['at']) // 1000000)} UTC released to {to} by {who}: {entry['purpose']}; limits: {limits}"
        )
    if kind == "received":
        who = f"{entry['by']} ({entry['state']})"
        print(f"{clock(int(entry['at']) // 1000000)} UTC received by {who}: {entry['verdict']}")
if roots[1][0] != roots[0][0] + "/custody":
    sys.exit("FAILED: the custody log is that of another recording")
if close is None or not frozen:
    sys.exit("CANNOT VERIFY: the journal has no close, or the custody log does not name it")
for track in close["tracks"].values():
    files.update((page["file"], page["sha256"]) for page in track["pages"])
present = {path.relative_to(data).as_posix() for path in data.rglob("*") if not path.is_dir()}
for name, wanted in [*files.items(), *((name, removable[name]) for name in removable if name in present)]:
    if wanted and hashlib.sha256((data / name).read_bytes()).hexdigest() != wanted:
        sys.exit(f"FAILED: {name} is not what was sealed")
for name in sorted(present):
    if name not in files and name not in removable and not name.startswith("proofs/"):
        sys.exit(f"FAILED: no line names {name}")
for track, items in spans.items():
    ends = [end for _, end in sorted(items)]
    if [start for start, _ in sorted(items)][1:] != ends[:-1] or ends[-1] != close["tracks"][track]["end"]:
        sys.exit(f"FAILED: a time of {track} is answered for by nothing, or twice")
if [kind for kind, _ in pauses] != (["pause", "resume"] * len(pauses))[: len(pauses)]:
    sys.exit("FAILED: a pause begins in a pause, or one ends that did not begin")
times = [t for _, t in pauses] + [close["t"]]
pauses = [(times[at], times[at + 1]) for at in range(0, len(pauses), 2)]
for start, end, track, cause in kept:
    common = [(begin, stop) for begin, stop in pauses if max(start, begin) < min(end, stop)]
    if (cause == "recovered" and common) or (
        cause == "pause" and not any(begin <= start and end <= stop for begin, stop in common)
    ):
        sys.exit(f"FAILED: {track} was recorded in a pause, or has the gap of one where there was none")
for track, (begin, stop) in ((track, pause) for track in spans for pause in pauses):
    met = [item for item in kept if item[2:] == (track, "pause") and max(item[0], begin) < min(item[1], stop)]
    if not met and max(spans[track][0][0], begin) < min(close["tracks"][track]["end"], stop):
        sys.exit(f"FAILED: no gap of {track} meets a pause of the recording")
for (key, start, (_, names)), (_, end, _) in zip(rekeys, [*rekeys[1:], (0, close["t"], "")]):  # noqa: B905
    if key:
        whose = ", ".join(names)
        print(f"OWN KEY {clock(zero + start)} to {clock(zero + end)} UTC: hearing-key-{key}.age, for {whose}")
for start, end, track, cause in sorted(missing):
    whose = people.get(track.rpartition("_")[0], "")
    print(f"MISSING {clock(zero + start)} to {clock(zero + end)} UTC: {track}{whose and f' ({whose})'}: {cause}")
origin, size, root = roots[0]
print(f"OK: {origin}: {size} lines, {len(files) - 4} files, root {root}")
