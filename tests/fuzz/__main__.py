"""Fuzzing guided by coverage (atheris): `python -m tests.fuzz [TARGET …] [--runs N] [--seconds N] [--list]`.

Each target runs in a process of its own, begins with tests/fuzz/corpus/TARGET, and what it learns is kept in the folder
given with `--keep`, if any. Inputs that raise, take longer than `--slow` seconds or more than `--memory` MiB are
written to `--findings` and named; then the exit code is 1. atheris is not among what is locked: `pip install atheris`.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

INSTRUMENTED = [
    *("web.cookies", "web.strict_json", "web.words.i18n", "web.law.forms", "web.live.connections"),
    *("web.api.bodies", "web.api.dpop", "web.api.etags", "web.api.openapi", "web.outward.client_pages"),
    *("web.server.forms", "web.server.security", "web.sitting.sealed_files", "hearings.documents.pdf_check"),
    *("hearings.languages", "hearings.people.directory", "hearings.paging", "hearings.signatures", "hearings.texts"),
    *("media.evidence.check", "media.evidence.log", "media.evidence.seal", "media.live", "media.messages"),
    *("python_multipart", "starlette.formparsers", "pyhanko.pdf_utils.reader", "pyhanko.pdf_utils.generic"),
]
"""Where coverage is looked at; the rest of what is imported would only take time at the start."""
SCARCE = {"pdf": 20, "bag": 10, "multipart_form": 4, "api_file": 4, "form": 4, "content-type": 4}
"""Targets whose runs are so many times dearer that they get so many times fewer."""


def main() -> int:
    """All targets, one after the other; or, as the child of that, one."""
    options = _parser().parse_args()
    if options.one:
        return one(options)
    from tests.fuzz.targets import TARGETS

    if options.list:
        print("\n".join(TARGETS))
        return 0
    unknown = set(options.targets) - set(TARGETS)
    if unknown or find_spec("atheris") is None:
        print(f"No such target: {', '.join(unknown)}" if unknown else "atheris is missing: pip install atheris")
        return 2
    options.findings.mkdir(parents=True, exist_ok=True)
    total = failed = 0
    for name in options.targets or TARGETS:
        runs, ok = _child(name, options)
        total, failed = total + runs, failed + (not ok)
    print(f"{total} runs in all, {failed} targets with findings")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--runs", type=int, default=100_000, help="of each target, fewer of those that are dear")
    parser.add_argument("--seconds", type=int, default=0, help="at most, of each target")
    parser.add_argument("--longest", type=int, default=4096, help="bytes of an input")
    parser.add_argument("--slow", type=int, default=5)
    parser.add_argument("--memory", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for what is learned, to go on another time")
    parser.add_argument("--findings", type=Path, default=Path(tempfile.gettempdir()) / "vivavoce-fuzz")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser


def _child(name: str, options: argparse.Namespace) -> tuple[int, bool]:
    """Run one target; how often it ran, and whether nothing was found."""
    from tests.fuzz.targets import CORPUS

    with tempfile.TemporaryDirectory() as scratch:
        learned = options.keep / name if options.keep else Path(scratch)
        learned.mkdir(parents=True, exist_ok=True)
        runs = max(1000, options.runs // SCARCE.get(name, 1))
        found = options.findings / f"{name}-"
        flags = {
            "runs": runs, "max_total_time": options.seconds, "max_len": options.longest, "timeout": options.slow,
            "rss_limit_mb": options.memory, "seed": options.seed, "artifact_prefix": found, "print_final_stats": 1,
        }  # fmt: skip
        told = [*(f"-{flag}={value}" for flag, value in flags.items()), str(learned), str(CORPUS / name)]
        command = [sys.executable, "-m", "tests.fuzz", "--one", name, "--", *told]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    said = done.stdout
    ran = int(
        (re.findall(r"stat::number_of_executed_units: (\d+)", said) or re.findall(r"#(\d+)\s", said) or ["0"])[-1]
    )
    rate = (re.findall(r"stat::average_exec_per_sec:\s+(\d+)", said) or ["?"])[-1]
    covered = (re.findall(r"cov: (\d+)", said) or ["?"])[-1]
    ok = done.returncode == 0 and ran > 0
    print(f"{name:24} {ran:>10} runs {rate:>8}/s  {covered:>6} edges  {'' if ok else 'FOUND'}", flush=True)
    if not ok:
        print("\n".join(line for line in said.splitlines() if "Instrumenting" not in line)[-3000:], flush=True)
    return ran, ok


def one(options: argparse.Namespace) -> int:
    """Fuzz in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS

    atheris.Setup([sys.argv[0], *options.targets], TARGETS[options.one])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
