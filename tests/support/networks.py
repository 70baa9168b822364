"""Networks of courts that let little out: namespaces of this machine, each with a firewall made of routing rules."""

import contextlib
import itertools
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.browsers import CHROMIUM

NUMBERS = itertools.count(1)
OPEN: tuple[str, ...] = ()
WITHOUT_UDP = ("ipproto udp prohibit priority 10",)
ONLY_TCP_443 = ("ipproto tcp dport 443 lookup main priority 10", "to 10.0.0.0/8 prohibit priority 20")
"""Rules of a network namespace: which packets leave it."""


def _ip(command: str) -> None:
    done = subprocess.run(["ip", *command.split()], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {command}: {done.stderr.strip()}")


@dataclass
class Network:
    """A court's network. `gateway` is this machine, as it is reached from there."""

    name: str
    gateway: str

    def program(self, folder: Path) -> str:
        """A Chromium that has this network and no other."""
        script = folder / f"chromium-{self.name}"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {CHROMIUM} "$@"\n')
        script.chmod(0o755)
        return str(script)


@contextlib.contextmanager
def network(*rules: str, more: tuple[str, ...] = ()) -> Iterator[Network]:
    """One of its own until the end; `more`: further addresses of this machine. Raises OSError where there are none."""
    number = next(NUMBERS)
    block = f"10.{200 + os.getpid() % 50}.{(os.getpid() // 50 + number) % 250}"
    name = f"vv{os.getpid() % 100_000}x{number}"
    made = Network(name, f"{block}.1")
    _ip(f"netns add {name}")
    try:
        _ip(f"link add {name}h type veth peer name {name}c netns {name}")
        for address in (made.gateway, *(f"{block}.{last}" for last in more)):
            _ip(f"addr add {address}/24 dev {name}h")
        _ip(f"link set {name}h up")
        _ip(f"-n {name} addr add {block}.100/24 dev {name}c")
        for link in ("lo", f"{name}c"):
            _ip(f"-n {name} link set {link} up")
        _ip(f"-n {name} route add default via {made.gateway}")
        for rule in rules:
            _ip(f"-n {name} rule add {rule}")
        yield made
    finally:
        with contextlib.suppress(OSError):
            _ip(f"link del {name}h")
        _ip(f"netns del {name}")
