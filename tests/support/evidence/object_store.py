"""A real S3 server with Object Lock: SeaweedFS, from its wheel, on ports of its own; and a door that can be shut."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.evidence.archive.s3_store import S3Store

ACCESS, SECRET = "archivist", "archivist-secret"
SECONDS = 60.0


@dataclass
class ObjectServer:
    """A server that runs. `credentials`: the file a court's server would have."""

    endpoint: str
    credentials: Path

    def store(self, bucket: str, prefix: str = "", *, endpoint: str = "", lock: bool = True) -> S3Store:
        """A new bucket, with Object Lock unless told otherwise."""
        made = S3Store(bucket, prefix, endpoint=endpoint or self.endpoint, credentials=self.credentials)
        admin: Any = S3Store(bucket, endpoint=self.endpoint, credentials=self.credentials)._client
        with contextlib.suppress(admin.exceptions.BucketAlreadyExists, admin.exceptions.BucketAlreadyOwnedByYou):
            admin.create_bucket(Bucket=bucket, **({"ObjectLockEnabledForBucket": True} if lock else {}))
        return made

    def client(self) -> Any:
        """The client library itself, for what an attacker with the credentials would do."""
        return S3Store("any", endpoint=self.endpoint, credentials=self.credentials)._client


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and whose gRPC ports 10,000 above them are free too; each process looks elsewhere first."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        for port in range(21_000 + os.getpid() % 2_000 * 5, 50_000, 7):
            with contextlib.suppress(OSError):
                for each in (port, port + 10_000):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", each))
                found.append(port)
            if len(found) == count:
                return found
    raise OSError("there are no free ports")


@contextlib.contextmanager
def object_server(folder: Path) -> Iterator[ObjectServer]:
    """Runs until the end of the test; everything it keeps is in the folder."""
    master, volume, filer, s3 = _free_ports(4)
    config = {
        "identities": [
            {
                "name": "archivist",
                "credentials": [{"accessKey": ACCESS, "secretKey": SECRET}],
                "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            }
        ]
    }
    (folder / "s3.json").write_text(json.dumps(config))
    (folder / "data").mkdir()
    credentials = folder / "credentials"
    credentials.write_text(f"[default]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n")
    credentials.chmod(0o600)
    command = [
        str(Path(sys.executable).parent / "weed"),
        "server",
        "-s3",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        "-master.volumeSizeLimitMB=64",
        f"-volume.port={volume}",
        "-volume.max=200",
        f"-filer.port={filer}",
        f"-s3.port={s3}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        f"-s3.config={folder / 's3.json'}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        made = ObjectServer(f"http://127.0.0.1:{s3}", credentials)
        _wait(made, process, folder / "log")
        yield made
    finally:
        process.kill()  # asked to end, it takes half a minute, and nothing of it is kept
        process.wait()


def _wait(made: ObjectServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a bucket can be made and written to."""
    from botocore.exceptions import BotoCoreError, ClientError

    client, deadline = made.client(), time.monotonic() + SECONDS
    while True:
        try:
            with contextlib.suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket="first")
            client.put_object(Bucket="first", Key="first", Body=b"first")
            return
        except (BotoCoreError, ClientError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(log.read_text(errors="replace")[-2000:]) from None
            time.sleep(0.3)


class Door:
    """A port in front of a server; shut, it answers nobody, and who is inside is put out."""

    def __init__(self, endpoint: str) -> None:
        self._to = int(endpoint.rpartition(":")[2])
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.shut = False
        self.endpoint = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                near, _address = self._socket.accept()
            except OSError:
                return
            if self.shut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._to))
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(1 << 16)) and not self.shut:
                target.sendall(data)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
                each.close()
