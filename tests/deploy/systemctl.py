"""`systemctl` where systemd is not process 1: starts, ends and reloads services as their unit files say. For site.sh.

Accounts, folders, environment, limits, masks and capabilities are applied; mounts and system-call filters are not (that
is tests/support/unit.py, in the suite). Standard library only.
"""

import contextlib
import os
import pwd
import resource
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

UNITS = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"))
RUN, LOGS = Path("/run/systemctl"), Path("/var/log/systemctl")
FOLDERS = {"StateDirectory": "/var/lib", "RuntimeDirectory": "/run", "LogsDirectory": "/var/log"}
Unit = dict[str, list[str]]


def read(name: str) -> Unit:
    """The [Service] section of a unit with its drop-ins; an empty value takes away what stood before."""
    file = next((folder / f"{name}.service" for folder in UNITS if (folder / f"{name}.service").exists()), None)
    if file is None:
        raise SystemExit(f"Unit {name}.service not found.")
    found: Unit = {}
    for path in (file, *sorted((UNITS[0] / f"{name}.service.d").glob("*.conf"))):
        section = ""
        for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith(("#", ";")):
                key, _, value = line.partition("=")
                found[key.strip()] = [*found.get(key.strip(), []), value.strip()] if value.strip() else []
    return found


def last(unit: Unit, key: str, otherwise: str = "") -> str:
    return (unit.get(key) or [otherwise])[-1]


def variables(unit: Unit) -> dict[str, str]:
    lines = [one for line in unit.get("Environment", []) for one in shlex.split(line)]
    for file in unit.get("EnvironmentFile", []):
        path = Path(file.removeprefix("-"))
        if path.exists() or not file.startswith("-"):
            lines += [one for one in path.read_text(encoding="utf-8").splitlines() if "=" in one and one[0] != "#"]
    own = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8"}
    if user := last(unit, "User"):
        own |= {"HOME": pwd.getpwnam(user).pw_dir, "USER": user}
    return own | {key: value.strip("\"'") for key, value in (line.split("=", 1) for line in lines)}


def words(line: str, known: dict[str, str]) -> list[str]:
    """A command line: variables by word, `$MORE` into as many as it has."""
    found: list[str] = []
    for word in shlex.split(line.lstrip("-@:+!")):
        if word.startswith("$") and not word.startswith("${"):
            found += shlex.split(known.get(word[1:], ""))
        else:
            for name, value in known.items():
                word = word.replace(f"${{{name}}}", value)
            found.append(word)
    return found


def account(unit: Unit) -> list[str]:
    """setpriv(1) with what the unit says of account and rights."""
    user, given = last(unit, "User"), ["setpriv"]
    if user:
        given += [f"--reuid={user}", f"--regid={last(unit, 'Group', user)}", "--init-groups"]
    if ambient := last(unit, "AmbientCapabilities"):
        names = ",".join("+" + one.removeprefix("CAP_").lower() for one in ambient.split())
        given += [f"--inh-caps={names}", f"--ambient-caps={names}"]
    if unit.get("CapabilityBoundingSet") == []:
        given += ["--bounding-set=-all", "--inh-caps=-all"]
    if last(unit, "NoNewPrivileges") in ("yes", "true"):
        given.append("--no-new-privs")
    return given if len(given) > 1 else []


def main_pid(name: str) -> int:
    """Of a service that runs; 0 for one that does not."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((RUN / name).read_text())
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            return pid
    return 0


def start(name: str) -> None:
    unit = read(name)
    if main_pid(name) or (last(unit, "Type") == "oneshot" and not unit.get("ExecStart")):
        return
    user, known = last(unit, "User"), variables(unit)
    for key, base in FOLDERS.items():
        for folder in last(unit, key).split():
            path = Path(base, folder)
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
            path.chmod(int(last(unit, f"{key}Mode", "0755"), 8))
            if user:
                subprocess.run(["chown", f"{user}:{last(unit, 'Group', user)}", str(path)], check=True)
    files = last(unit, "LimitNOFILE").split(":")[-1].replace("infinity", "1048576")

    def limits() -> None:
        os.umask(int(last(unit, "UMask", "0022"), 8))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        most = min(int(files or 1024), hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most if files else hard))

    LOGS.mkdir(exist_ok=True)
    RUN.mkdir(exist_ok=True)
    with (LOGS / name).open("ab") as log:
        for line in unit.get("ExecStartPre", []):
            subprocess.run(
                [*account(unit), *words(line, known)], env=known, check=line[0] != "-", stdout=log, stderr=log
            )
        command = [*account(unit), *words(unit["ExecStart"][-1], known)]
        running = subprocess.Popen(
            command, env=known, cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=limits,
        )  # fmt: skip
    kind = last(unit, "Type", "simple")
    if kind in ("oneshot", "forking"):
        if running.wait():
            raise SystemExit(f"Job for {name}.service failed: {(LOGS / name).read_text()[-2000:]}")
        if kind == "forking":
            (RUN / name).write_text(Path(last(unit, "PIDFile")).read_text())
        return
    (RUN / name).write_text(str(running.pid))
    time.sleep(0.5)
    if running.poll():
        raise SystemExit(f"Job for {name}.service failed: {(LOGS / name).read_text()[-2000:]}")


def stop(name: str) -> None:
    unit, pid = read(name), main_pid(name)
    if pid:
        os.kill(pid, getattr(signal, last(unit, "KillSignal", "SIGTERM")))
        end = time.monotonic() + 60
        while main_pid(name) and time.monotonic() < end:
            time.sleep(0.1)
        if last(unit, "KillMode") not in ("process", "mixed") or main_pid(name):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def reload(name: str) -> None:
    unit = read(name)
    known = variables(unit) | {"MAINPID": str(main_pid(name))}
    for line in unit["ExecReload"]:
        subprocess.run([*account(unit), *words(line, known)], env=known, check=True, stdout=subprocess.DEVNULL)


def main() -> int:
    verb, *rest = sys.argv[1:]
    now = "--now" in rest
    names = [one.removesuffix(".service") for one in rest if not one.startswith("-") and not one.endswith(".timer")]
    if verb == "is-active":
        return 0 if all(main_pid(name) for name in names) else 3
    for name in names:
        read(name)
        if verb == "start" or (verb == "enable" and now):
            start(name)
        elif verb == "stop":
            stop(name)
        elif verb == "restart":
            stop(name)
            start(name)
        elif verb == "reload":
            reload(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
