"""Run a command as systemd would run a service of deploy/: what the unit file says is applied to this process first.

    python tests/support/unit.py UNIT STATE ENVIRONMENT -- COMMAND …

STATE stands for the state directory and is seen under its own name too; ENVIRONMENT for the environment file. For root
on Linux, in a mount namespace of its own. `/opt/vivavoce` is the environment this Python belongs to, with this
checkout as what is installed. A directive that is in neither table below is refused: it would not have been applied.
Standard library only.
"""

import ctypes
import ctypes.util
import errno
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = 64_123
"""Number of the account that the unit names; nobody's on this machine."""
INSTALLED, SOURCE = Path("/opt/vivavoce"), Path("/opt/vivavoce-source")
REC, BIND, PRIVATE, NOSUID = 0x4000, 0x1000, 0x40000, 2
NEWNS, NEWNET = 0x20000, 0x40000000
NAMESPACES = (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x80)
C = ctypes.CDLL(None, use_errno=True)

Unit = dict[str, list[str]]


def read(path: Path) -> Unit:
    """The directives of a unit's [Service] section, each with its lines in order."""
    found: Unit = {}
    section = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def _did(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno() or -result
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: Path | str, kind: str = "none", flags: int = 0, data: str = "") -> None:
    _did(
        C.mount(source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()),
        f"mount {target}",
    )


def read_only(path: Path | str, *, on: bool, recursive: bool = False) -> None:
    """mount_setattr(2)."""
    attributes = (ctypes.c_uint64 * 4)(1 if on else 0, 0 if on else 1, 0, 0)
    number, at_recursive = 442, 0x8000
    done = C.syscall(number, -100, str(path).encode(), at_recursive if recursive else 0, attributes, 32)
    _did(done, f"mount_setattr {path}")


def fresh(path: str, mode: str = "0755") -> None:
    """An empty file system in memory, over what is there."""
    if Path(path).is_dir():
        mount("tmpfs", path, "tmpfs", NOSUID, f"mode={mode}")


class Held:
    """A folder that is found again whatever is mounted over its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY)

    def show(self, at: Path) -> None:
        """Bind it there; the mount point is made."""
        at.mkdir(mode=0o755, parents=True, exist_ok=True)
        mount(f"/proc/self/fd/{self._descriptor}", at, flags=BIND | REC)


# --- folders -----------------------------------------------------------------------------------------------------


def folders(unit: Unit, state: Path) -> None:
    """ProtectSystem, ProtectHome, PrivateTmp, PrivateDevices, ProtectKernelTunables, StateDirectory, PrivateNetwork."""
    os.unshare(NEWNS | (NEWNET if unit.get("PrivateNetwork") == ["yes"] else 0))
    mount("none", "/", flags=REC | PRIVATE)
    kept, environment, source = Held(state), Held(Path(sys.prefix)), Held(ROOT)
    base = Held(Path(sys.base_prefix))
    for path in ("/opt", "/var/lib"):
        fresh(path)
    if unit["PrivateTmp"] == ["yes"]:
        fresh("/tmp", "1777")
        fresh("/var/tmp", "1777")
    if unit["ProtectHome"] == ["yes"]:
        for path in ("/home", "/root", "/run/user"):
            fresh(path, "0711")
    environment.show(INSTALLED)
    source.show(SOURCE)
    if not base.path.exists():
        base.show(base.path)
    named = [Path("/var/lib") / name for name in unit["StateDirectory"]]
    for folder in (*named, state):
        kept.show(folder)
    if unit["PrivateDevices"] == ["yes"]:
        _devices()
    if unit["ProtectSystem"] == ["strict"]:
        read_only("/", on=True, recursive=True)
        for path in ("/tmp", "/var/tmp", "/dev", "/dev/shm", "/proc"):  # systemd leaves these
            read_only(path, on=False)
        for folder in (*named, state):
            read_only(folder, on=False)
    if unit["ProtectKernelTunables"] == ["yes"]:
        mount("/proc/sys", "/proc/sys", flags=BIND)
        read_only("/proc/sys", on=True)


def _devices() -> None:
    numbers = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
    os.umask(0)
    mount("tmpfs", "/dev", "tmpfs", NOSUID, "mode=0755")
    for name, (major, minor) in numbers.items():
        os.mknod(f"/dev/{name}", 0o20666, os.makedev(major, minor))
    Path("/dev/fd").symlink_to("/proc/self/fd")
    Path("/dev/shm").mkdir()
    mount("tmpfs", "/dev/shm", "tmpfs", NOSUID, "mode=1777")


# --- rights ------------------------------------------------------------------------------------------------------


def rights(unit: Unit) -> None:
    """CapabilityBoundingSet, User, Group, NoNewPrivileges, UMask, LimitNOFILE."""
    limit = min(int(unit.get("LimitNOFILE", ["1024"])[0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if unit["CapabilityBoundingSet"] == [""]:
        for capability in range(64):
            C.prctl(24, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(ACCOUNT, ACCOUNT, ACCOUNT)
    os.setresuid(ACCOUNT, ACCOUNT, ACCOUNT)
    os.umask(int(unit["UMask"][0], 8))
    if unit["NoNewPrivileges"] == ["yes"]:
        _did(C.prctl(38, 1, 0, 0, 0), "no_new_privs")


# --- system calls ------------------------------------------------------------------------------------------------

ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LT, EQ, GT, MASKED, NE = 2, 4, 6, 7, 1


class Argument(ctypes.Structure):
    """`struct scmp_arg_cmp`."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


class Filter:
    """One seccomp filter of this machine's own architecture; a call of another ends the process."""

    def __init__(self, otherwise: int) -> None:
        self._lib = ctypes.CDLL(ctypes.util.find_library("seccomp") or "libseccomp.so.2", use_errno=True)
        self._lib.seccomp_init.restype = ctypes.c_void_p
        self._lib.seccomp_init.argtypes = [ctypes.c_uint32]
        for name in ("seccomp_load", "seccomp_release"):
            getattr(self._lib, name).argtypes = [ctypes.c_void_p]
        add = self._lib.seccomp_rule_add_array
        add.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Argument)]
        self._context = self._lib.seccomp_init(otherwise)

    def rule(self, action: int, call: str, *arguments: tuple[int, int, int, int]) -> None:
        """Names the machine does not have are left out, as systemd does."""
        number = self._lib.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:
            given = (Argument * max(1, len(arguments)))(*(Argument(*argument) for argument in arguments))
            _did(self._lib.seccomp_rule_add_array(self._context, action, number, len(arguments), given), call)

    def load(self) -> None:
        _did(self._lib.seccomp_load(self._context), "seccomp_load")
        self._lib.seccomp_release(self._context)


def families(values: list[str]) -> None:
    """RestrictAddressFamilies: a socket of another family is refused."""
    import socket

    allowed = sorted(int(getattr(socket, name)) for line in values for name in line.split())
    made, refused = Filter(ALLOW), ERRNO | errno.EAFNOSUPPORT
    made.rule(refused, "socket", (0, GT, allowed[-1], 0))
    for number in range(allowed[-1]):
        if number not in allowed:
            made.rule(refused, "socket", (0, EQ, number, 0))
    made.load()


def namespaces(_values: list[str]) -> None:
    """RestrictNamespaces=yes; clone3 is said not to exist, so that clone is taken."""
    made = Filter(ALLOW)
    for flag in NAMESPACES:
        for call in ("clone", "unshare"):
            made.rule(ERRNO | errno.EPERM, call, (0, MASKED, flag, flag))
    made.rule(ERRNO | errno.EPERM, "setns")
    made.rule(ERRNO | errno.ENOSYS, "clone3")
    made.load()


def personality(_values: list[str]) -> None:
    """LockPersonality=yes."""
    made = Filter(ALLOW)
    made.rule(ERRNO | errno.EPERM, "personality", (0, NE, 0, 0))
    made.load()


def writable_code(_values: list[str]) -> None:
    """MemoryDenyWriteExecute=yes."""
    made = Filter(ALLOW)
    for call in ("mmap", "mmap2"):
        made.rule(ERRNO | errno.EPERM, call, (2, MASKED, 6, 6))
    for call in ("mprotect", "pkey_mprotect"):
        made.rule(ERRNO | errno.EPERM, call, (2, MASKED, 4, 4))
    made.load()


def calls(values: list[str]) -> None:
    """SystemCallFilter: lines that allow, and lines with ~ that take away; what is not allowed is EPERM."""
    allowed: set[str] = set()
    for line in values:
        names = expanded(line.removeprefix("~").split())
        allowed = allowed - names if line.startswith("~") else allowed | names
    made = Filter(ERRNO | errno.EPERM)
    for name in sorted(allowed | expanded(["@default"])):
        made.rule(ALLOW, name)
    made.load()


def expanded(names: Iterable[str]) -> set[str]:
    """The system calls behind names of sets, as the systemd of this machine has them."""
    found: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        listed = subprocess.run(
            ["systemd-analyze", "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True
        ).stdout
        inner = [line.strip() for line in listed.splitlines()[1:] if line.strip() and line.strip()[0] != "#"]
        found |= expanded(inner)
    return found


FILTERS: dict[str, Callable[[list[str]], None]] = {
    "RestrictAddressFamilies": families,
    "RestrictNamespaces": namespaces,
    "LockPersonality": personality,
    "MemoryDenyWriteExecute": writable_code,
    "SystemCallFilter": calls,
}
"""Applied in this order, the one that forbids most last."""
ELSEWHERE = {
    *("User", "Group", "StateDirectory", "StateDirectoryMode", "Environment", "EnvironmentFile", "LimitNOFILE"),
    *("UMask", "NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices"),
    *("ProtectKernelTunables", "CapabilityBoundingSet", "PrivateNetwork"),
    *("RuntimeDirectory", "RuntimeDirectoryMode"),  # the state directory has room for a socket
    "SystemCallArchitectures",  # a filter is of this machine's own architecture
    "SystemCallErrorNumber",  # EPERM, as `calls` says it
    *("ProtectKernelModules", "ProtectControlGroups"),  # nothing to write, and no capability
    *("ExecStart", "Restart", "RestartSec", "KillMode"),  # restrict nothing
}


def variables(unit: Unit, file: Path) -> dict[str, str]:
    """What a service finds in its environment, and where it finds this checkout."""
    lines = [*unit.get("Environment", []), *file.read_text(encoding="utf-8").splitlines()]
    given = dict(line.split("=", 1) for line in lines if "=" in line)
    own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nowhere", "USER": "vivavoce"}
    return {**own, **given, "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"}


def main() -> None:
    name, state, file, _, *command = sys.argv[1:]
    unit = read(Path(name))
    assert platform.system() == "Linux"
    if unknown := unit.keys() - FILTERS.keys() - ELSEWHERE:
        raise SystemExit(f"not applied here: {', '.join(sorted(unknown))}")
    environment = variables(unit, Path(file))
    loads = [(function, unit[directive]) for directive, function in FILTERS.items() if directive in unit]
    folders(unit, Path(state))
    rights(unit)
    for function, values in loads:
        function(values)
    os.chdir("/")
    program = command[0].replace(sys.prefix, str(INSTALLED), 1)
    os.execve(program, [program, *command[1:]], environment)


if __name__ == "__main__":
    main()
