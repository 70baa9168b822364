"""Checks subjects of commits: `package[/part]: lower-case verb phrase`, at most 60 characters, no full stop.

    python3 deploy/commits.py            the commits since SINCE
    python3 deploy/commits.py FILE       the message in FILE, as git's commit-msg hook calls it

Standard library only. Whether a phrase begins with a verb is told by its first word alone: one that no verb phrase
begins with, or a form other than the one a command has. Merges are excused: git writes their subjects.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The newest commit of the time when this check was written; what came before it is as it is.
SINCE = "3dd27bc941503753eb33a43ea6b1861af262f798"
LONGEST = 60
SHAPE = re.compile(r"[a-z][\w.-]*(/[\w.-]+)*(, [a-z][\w.-]*(/[\w.-]+)*)*: (?P<phrase>\S.*)")
NO_VERB = """
a an another the this that these those its their our your what who whom whose which when where why how whether
nobody no none nothing everything something everybody somebody each every all any both some more most less fewer
few many one two three it they we you he she there here and or but if as by for from in into of on onto over to
under with without is are was were be been has have had will would can could may must should not now also new
better
"""
# Commands that end as no other command does.
COMMANDS = """
bias bring canvas embed exceed feed focus need ping proceed ring seed shed shred sing speed spring string succeed
swing
"""


def faults(subject: str) -> list[str]:
    """What is wrong with a subject, in words; empty if nothing is."""
    if subject.startswith("Merge "):
        return []
    found = []
    if len(subject) > LONGEST:
        found.append(f"{len(subject)} characters; at most {LONGEST}")
    if subject.endswith("."):
        found.append("ends with a full stop")
    shape = SHAPE.fullmatch(subject)
    if shape is None:
        return [*found, "not of the form `package[/part]: verb phrase`"]
    word = shape["phrase"].split()[0]
    if not re.fullmatch(r"[a-z][a-z-]*", word):
        found.append(f"{word!r} is not a verb in lower case")
    elif word in NO_VERB.split() or (word not in COMMANDS.split() and re.search(r"(ing|ed|[^s]s)$", word)):
        found.append(f"{word!r} is not a verb as in a command: say what the commit does, as in `web: show the time`")
    return found


def subjects_since(commit: str) -> list[str] | None:
    """Subjects of all commits since `commit` but merges; None where git does not know it."""
    command = ["git", "log", "--no-merges", "--format=%s", f"{commit}..HEAD"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.splitlines() if done.returncode == 0 else None


def main(arguments: list[str]) -> str | None:
    """The command line; answers what is wrong."""
    if arguments:
        lines = Path(arguments[0]).read_text(encoding="utf-8").splitlines()
        subjects = [line for line in lines if line.strip() and not line.startswith("#")][:1]
    else:
        subjects = subjects_since(SINCE) or []
    wrong = [f"{subject}\n  {fault}" for subject in subjects for fault in faults(subject)]
    return "\n".join(wrong) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
