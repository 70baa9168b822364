"""Network tests in the language of the page: the verdict, each way, what is needed, and what the technician opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hearings.agreement.network_tests import WAYS, Assessment, LineNeed, assess
from web.settings import Settings
from web.words.i18n import N_, _

WAY_LABELS = {
    "direct": N_("Directly, over UDP"),
    "udp": N_("By the relay, over UDP"),
    "tcp": N_("By the relay, over TCP"),
    "tls": N_("By the relay, over TLS"),
}
STATE_WORDS = {
    "open": ("ok", N_("Open")),
    "closed": ("rec", N_("Blocked")),
    "absent": ("plain", N_("This court has none")),
}
TITLES = {
    ("good", True): ("ok", N_("The connection is good")),
    ("good", False): ("ok", N_("The connection works, by the court’s relay")),
    ("weak", True): ("warn", N_("The connection works, but is weak")),
    ("weak", False): ("warn", N_("The connection works by the relay, but is weak")),
    ("closed", False): ("rec", N_("Sound and picture cannot pass")),
}
"""By verdict, and whether the way is the direct one: colour and title."""
STEPS = {
    "loss_up_percent": N_("Use a network cable, or move nearer to the Wi-Fi."),
    "loss_down_percent": N_("Use a network cable, or move nearer to the Wi-Fi."),
    "up_kbps": N_("Close other programs and pages that use the network, also on other devices."),
    "rtt_ms": N_("Switch off a VPN, if you use one, or ask whether it may be switched off for the hearing."),
    "sound": N_("Test again in another browser or on another device."),
}
"""By the figure that misses the need: what to do."""
DEVICE_WORDS = {
    ("camera", True): N_("The camera works"),
    ("camera", False): N_("The camera does not work"),
    ("microphone", True): N_("The microphone works"),
    ("microphone", False): N_("The microphone does not work"),
    ("speaker", True): N_("The loudspeaker was heard"),
    ("speaker", False): N_("The loudspeaker was not heard"),
}
"""By device, and whether it works."""


@dataclass(frozen=True)
class DeviceRow:
    """A device that was checked. `kind`: colour of the words."""

    kind: str
    word: str


@dataclass(frozen=True)
class WayRow:
    """One way. `kind`: colour of the word."""

    way: str
    label: str
    kind: str
    word: str
    figures: str


@dataclass(frozen=True)
class MeasureRow:
    """One figure of the way in use against the need."""

    item: str
    needed: str
    measured: str
    passed: bool


@dataclass(frozen=True)
class NetworkReport:
    """A test in words. `steps`: what to do, best first."""

    kind: str
    title: str
    text: str
    ways: list[WayRow]
    measures: list[MeasureRow]
    steps: list[str]
    devices: list[DeviceRow]
    """Empty where none was checked."""


@dataclass(frozen=True)
class FirewallRule:
    """What a firewall must let out. `what`: for which purpose."""

    host: str
    ports: str
    protocol: str
    what: str

    @property
    def line(self) -> str:
        """As text to copy: the same in every language."""
        return f"{self.protocol}  {self.host}  {self.ports}"


def openings(settings: Settings) -> list[FirewallRule]:
    """What a firewall must let out to the court's servers, the necessary first. One of the ways of media suffices."""
    url = urlsplit(settings.public_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    first, last = settings.udp_range
    found = [FirewallRule(url.hostname or "", str(port), "TCP", _("pages and control; needed in any case"))]
    found.append(
        FirewallRule(
            settings.udp_public_address or settings.udp_host, f"{first}-{last}", "UDP", _("sound and picture; best")
        )
    )
    for relay in settings.relays:
        what = _("sound and picture by the relay, where UDP is blocked")
        if relay.kind == "udp":
            what = _("sound and picture by the relay, where only one port of UDP is open")
        found.append(FirewallRule(relay.host, str(relay.port), "UDP" if relay.kind == "udp" else "TCP", what))
    return found


def report(measured: Mapping[str, Mapping[str, Any]], needed: LineNeed) -> NetworkReport:
    """A stored test in words."""
    found = assess(measured, needed)
    kind, title = TITLES[found.verdict, found.way == "direct"]
    return NetworkReport(
        kind=kind,
        title=_(title),
        text=_sees(measured[found.way]) if found.way else _blocked(),
        ways=[_way(way, measured[way]) for way in WAYS],
        measures=_measures(measured[found.way], found, needed) if found.way else [],
        steps=_steps(measured, found),
        devices=[
            DeviceRow("ok" if works else "warn", _(DEVICE_WORDS[device, works]))
            for device, works in measured.get("devices", {}).items()
        ],
    )


def _sees(figures: Mapping[str, Any]) -> str:
    height, fps = f"{figures['height']:g}", f"{figures['fps']:g}"
    if not figures["height"]:
        return _("The others hear you, but do not see you.") if figures["sound"] else _("Nobody sees or hears you.")
    if figures["sound"]:
        text = _("The others hear you and see you at {height} lines and {fps} pictures a second.")
    else:
        text = _("The others see you at {height} lines and {fps} pictures a second, but do not hear you.")
    return text.format(height=height, fps=fps)


def _blocked() -> str:
    return _("A firewall or the provider blocks every way that was tried. Give the list below to your technician.")


def _way(way: str, figures: Mapping[str, Any]) -> WayRow:
    kind, word = STATE_WORDS[figures["state"]]
    told = ""
    if figures["state"] == "open":
        told = _("{rtt} ms there and back, {up} % lost up, {down} % lost down, {kbps} kbit/s up").format(
            rtt=f"{figures['rtt_ms']:g}",
            up=f"{figures['loss_up_percent']:g}",
            down=f"{figures['loss_down_percent']:g}",
            kbps=f"{figures['up_kbps']:g}",
        )
    return WayRow(way, _(WAY_LABELS[way]), kind, _(word), told)


def _measures(figures: Mapping[str, Any], found: Assessment, needed: LineNeed) -> list[MeasureRow]:
    loss, rtt, up = f"{needed.loss_percent:g}", f"{needed.rtt_ms:g}", f"{needed.up_kbps:g}"
    rows = (
        ("sound", _("Sound"), _("arrives"), _("arrives") if figures["sound"] else _("does not arrive")),
        ("up_kbps", _("Bandwidth, upwards"), f"≥ {up} kbit/s", f"{figures['up_kbps']:g} kbit/s"),
        ("loss_up_percent", _("Loss, upwards"), f"≤ {loss} %", f"{figures['loss_up_percent']:g} %"),
        ("loss_down_percent", _("Loss, downwards"), f"≤ {loss} %", f"{figures['loss_down_percent']:g} %"),
        ("rtt_ms", _("Delay, there and back"), f"≤ {rtt} ms", f"{figures['rtt_ms']:g} ms"),
    )
    return [MeasureRow(item, need, value, name not in found.short) for name, item, need, value in rows]


def _steps(measured: Mapping[str, Mapping[str, Any]], found: Assessment) -> list[str]:
    steps = list(dict.fromkeys(_(STEPS[name]) for name in found.short))
    if not found.way:
        steps.append(_("Ask your technician to open what is listed below, and test again."))
        steps.append(_("Try another network, such as a mobile telephone’s."))
    elif found.way != "direct":
        steps.append(_("The hearing can be held so. With UDP open to the server, sound and picture would be better."))
    return steps
