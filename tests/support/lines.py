"""Lines that lose, delay and stall what a page sends to a media worker, and what came of it at the worker."""

import asyncio
import json
import random
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from media.live import worker
from media.live.forwarding import UpTrack
from media.live.rtp import Packet


class LossyLine:
    """A wire between one page and the worker: it loses media packets on their way up, and may let them overtake.

    `jitter`: every media packet is late by up to so many seconds, each for itself. What was not lost is `delivered`:
    SSRC and number of each packet, as their headers say in clear.
    """

    def __init__(self, server: tuple[str, int], loss: float, jitter: float = 0.0) -> None:
        self.lost = 0
        self.delivered: set[tuple[int, int]] = set()
        self._server = server
        self._loss, self._jitter = loss, jitter
        self._random = random.Random(1)
        self._page: tuple[str, int] | None = None
        self._stalled_until = 0.0
        self._loop = asyncio.get_running_loop()
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one, heard in ((self._near, self._up), (self._far, self._down)):
            one.setblocking(False)
            one.bind(("127.0.0.1", 0))
            self._loop.add_reader(one.fileno(), heard)
        self.port: int = self._near.getsockname()[1]

    def stall(self, seconds: float) -> None:
        """Nothing passes, in either direction, for so long; then what waited does."""
        self._stalled_until = self._loop.time() + seconds

    def _up(self) -> None:
        data, self._page = self._near.recvfrom(2048)
        media = len(data) > 11 and 127 < data[0] < 192 and not 192 <= data[1] <= 223
        if media and self._random.random() < self._loss:
            self.lost += 1
            return
        self._later(self._random.random() * self._jitter if media else 0.0, lambda: self._send_up(data, media))

    def _send_up(self, data: bytes, media: bool) -> None:
        self._far.sendto(data, self._server)
        if media:
            self.delivered.add((int.from_bytes(data[8:12], "big"), int.from_bytes(data[2:4], "big")))

    def _down(self) -> None:
        data, page = self._far.recv(2048), self._page
        if page is not None:
            self._later(0.0, lambda: self._near.sendto(data, page))

    def _later(self, delay: float, send: Callable[[], object]) -> None:
        now = self._loop.time()
        at = max(now + delay, self._stalled_until)
        if at > now:
            self._loop.call_at(at, send)
        else:
            send()

    async def close(self) -> None:
        """Let pass what is on its way, and end."""
        for one in (self._near, self._far):
            self._loop.remove_reader(one.fileno())
        await asyncio.sleep(max(self._jitter, self._stalled_until - self._loop.time(), 0.0) + 0.05)
        for one in (self._near, self._far):
            one.close()


def watched_worker(received: Path, arguments: list[str]) -> int:
    """The media worker; every media packet is written down before anything is done with it."""
    receive = UpTrack.receive
    with received.open("w") as file:

        def written(self: UpTrack, packet: Packet, now: float, resent: bool = False) -> None:
            line = [self.kind, self.ssrc, packet.seq, packet.timestamp, bool(packet.marker), resent]
            file.write(json.dumps([*line, packet.payload.hex()]) + "\n")
            receive(self, packet, now, resent)

        UpTrack.receive = written  # type: ignore[method-assign]
        return worker.main(arguments)


if __name__ == "__main__":
    sys.exit(watched_worker(Path(sys.argv[1]), sys.argv[2:]))
