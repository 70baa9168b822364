"""An archive in an S3 bucket with Object Lock in mode COMPLIANCE: until the day of its lock, nobody deletes a version,
not the account's owner either.

The client library is loaded at the first use: no process but the elected clock and the drill needs it.
"""

import base64
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from media.evidence.archive.store import CHUNK, ArchiveError, ObjectState, Trouble

logger = logging.getLogger("vivavoce.media.evidence.archive.s3_store")

MODE = "COMPLIANCE"
SECONDS = 60.0
"""Seconds a store has to answer."""
_CODES = {
    "NoSuchKey": Trouble.missing,
    "NoSuchVersion": Trouble.missing,
    "404": Trouble.missing,
    "NoSuchBucket": Trouble.refused,
    "AccessDenied": Trouble.refused,
    "403": Trouble.refused,
    "InvalidAccessKeyId": Trouble.refused,
    "SignatureDoesNotMatch": Trouble.refused,
    "BadDigest": Trouble.altered,
    "ObjectLockConfigurationNotFoundError": Trouble.no_lock,
    "SlowDown": Trouble.away,
    "ServiceUnavailable": Trouble.away,
    "503": Trouble.away,
    "InternalError": Trouble.away,
    "500": Trouble.away,
}
"""Codes of S3's errors; any other is `Trouble.other`."""
UNCLEAR = "InvalidRequest"
"""What S3 answers where a bucket takes no lock, and where something is wrong with one object alone."""


def trouble_of(code: str, message: str) -> Trouble:
    """The trouble of an error of S3's, by its code; of an unclear one by its words."""
    if code == UNCLEAR and "missingobjectlock" in message.replace(" ", "").lower():
        return Trouble.no_lock
    return _CODES.get(code, Trouble.other)


class S3Store:
    """`credentials`: a file in the form of AWS's (`[default]`, `aws_access_key_id`, `aws_secret_access_key`); without
    it, AWS's own variables count. `endpoint`: the address of a store that is not AWS's."""

    def __init__(
        self, bucket: str, prefix: str = "", *, endpoint: str = "", region: str = "", credentials: Path | None = None
    ) -> None:
        self.bucket, self.prefix = bucket, prefix
        self._endpoint, self._region, self._credentials = endpoint, region, credentials
        self._made: Any = None

    @property
    def name(self) -> str:
        """The bucket."""
        return self.bucket

    def put(self, key: str, source: Path, sha256: str, until: date) -> str:
        """With the checksum, which the store compares, and the lock, in one request."""
        try:
            version = self._put(key, source, sha256, until)
        except ArchiveError as error:
            if str(error).endswith(UNCLEAR) and self._takes_no_lock():
                raise ArchiveError(Trouble.no_lock, "the bucket has no Object Lock") from error
            raise
        if version in ("", "null"):
            raise ArchiveError(Trouble.no_lock, "the bucket keeps no versions")
        return version

    def _put(self, key: str, source: Path, sha256: str, until: date) -> str:
        size = source.stat().st_size
        with self._troubles():
            kept = self._newest(key)
            if kept is not None and (kept.size, kept.sha256) == (size, sha256) and kept.until is not None:
                if kept.until < until:
                    self._lengthen(key, kept.version, until)
                return kept.version
            with source.open("rb") as file:
                answer = self._client.put_object(
                    Bucket=self.bucket,
                    Key=self.prefix + key,
                    Body=file,
                    ChecksumAlgorithm="SHA256",
                    ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                    ObjectLockMode=MODE,
                    ObjectLockRetainUntilDate=_midnight(until),
                )
        return str(answer.get("VersionId", ""))

    def _takes_no_lock(self) -> bool:
        """Whether the bucket says so; False where it does not say, or not to this account."""
        try:
            with self._troubles():
                answer = self._client.get_object_lock_configuration(Bucket=self.bucket)
        except ArchiveError as error:
            return error.trouble is Trouble.no_lock
        return bool(answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled")

    def _newest(self, key: str) -> ObjectState | None:
        try:
            return self.state(key, "")
        except ArchiveError as error:
            if error.trouble is Trouble.missing:
                return None
            raise

    def _lengthen(self, key: str, version: str, until: date) -> None:
        self._client.put_object_retention(
            Bucket=self.bucket,
            Key=self.prefix + key,
            VersionId=version,
            Retention={"Mode": MODE, "RetainUntilDate": _midnight(until)},
        )

    def read(self, key: str, version: str) -> Iterator[bytes]:
        """The object, in pieces."""
        with self._troubles():
            answer = self._client.get_object(Bucket=self.bucket, Key=self.prefix + key, VersionId=version)
            with closing(answer["Body"]) as body:
                yield from body.iter_chunks(CHUNK)

    def listed(self, prefix: str) -> list[ObjectState]:
        """Every version but delete markers: a mark deletes nothing that is locked."""
        found: list[ObjectState] = []
        with self._troubles():
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                found += [
                    ObjectState(one["Key"][len(self.prefix) :], one["VersionId"], one["Size"])
                    for one in page.get("Versions", ())
                ]
        found.reverse()  # S3 lists the newest version of a key first
        return sorted(found, key=lambda state: state.key)

    def state(self, key: str, version: str) -> ObjectState:
        """By a HEAD request that asks for the checksum; an empty `version` is the newest."""
        pinned = {"VersionId": version} if version else {}
        with self._troubles():
            answer = self._client.head_object(
                Bucket=self.bucket, Key=self.prefix + key, ChecksumMode="ENABLED", **pinned
            )
        given = str(answer.get("ChecksumSHA256", ""))
        until = answer.get("ObjectLockRetainUntilDate") if answer.get("ObjectLockMode") == MODE else None
        return ObjectState(
            key,
            str(answer.get("VersionId", "")),
            int(answer["ContentLength"]),
            base64.b64decode(given).hex() if len(given) == 44 else "",
            until.astimezone(UTC).date() if until is not None else None,
        )

    def delete(self, key: str, version: str) -> None:
        """That version for good, not by a mark."""
        with self._troubles():
            try:
                state = self.state(key, version)
            except ArchiveError as error:
                if error.trouble is Trouble.missing:
                    return
                raise
            if state.until is not None and _midnight(state.until) > datetime.now(UTC):
                raise ArchiveError(Trouble.locked, f"until {state.until}")
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + key, VersionId=version)

    @property
    def _client(self) -> Any:
        if self._made is None:
            from botocore.config import Config
            from botocore.session import Session

            session = Session()
            if self._credentials is not None:
                session.set_config_variable("credentials_file", str(self._credentials))
            config = Config(
                connect_timeout=10,
                read_timeout=SECONDS,
                retries={"max_attempts": 2},
                s3={"addressing_style": "path"} if self._endpoint else {},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            )
            self._made = session.create_client(
                "s3", region_name=self._region or "us-east-1", endpoint_url=self._endpoint or None, config=config
            )
        return self._made

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            code = str(said.get("Code", ""))
            trouble = trouble_of(code, str(said.get("Message", "")))
            logger.warning("the archive %s answered %s", self.bucket, code)
            raise ArchiveError(trouble, code) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ArchiveError(Trouble.refused, "there are no credentials") from error
        except (BotoCoreError, OSError) as error:
            raise ArchiveError(Trouble.away, type(error).__name__) from error


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
