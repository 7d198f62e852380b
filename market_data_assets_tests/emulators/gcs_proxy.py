"""Google Cloud Storage to the letter, out of an emulator that checks preconditions of plain uploads only.

Preconditions of every request, moves, checksums of uploads and resumable uploads are decided here, one request for an
object of a bucket at a time. The emulator's generations are its clock in microseconds: each change takes longer, so none is used twice.
"""

import base64
import datetime as dt
import json
import re
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

import google_crc32c

from market_data_assets_tests.emulators.proxy import Request, Send
from market_data_assets_tests.emulators.proxy_faults import Answer, error_body

_OBJECT = re.compile(r"/(?:download/)?storage/v1/b/(?P<bucket>[^/]+)/o/(?P<name>[^/]+)")
_COMPOSE = re.compile(_OBJECT.pattern + "/compose")
_COPY = re.compile(_OBJECT.pattern + r"/(?P<verb>rewriteTo|copyTo|moveTo)(?:/b/(?P<into>[^/]+))?/o/(?P<to>[^/]+)")
_UPLOAD = re.compile(r"/upload/storage/v1/b/(?P<bucket>[^/]+)/o")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_CHUNK = re.compile(r"bytes (?:(?P<start>\d+)-\d+|\*)/(?P<total>\d+|\*)")
_TIMES = re.compile(rb'"(updated|timeCreated|timeStorageClassUpdated)":"([^"]+)"')


@dataclass
class _Session:
    """A resumable upload; ``answer`` once it has ended, for whoever asks again."""

    bucket: str
    start: Request
    data: bytearray = field(default_factory=bytearray)
    answer: Answer | None = None


class ExactGcs:
    """What GCS does with a request.

    Attributes:
        moves: Whether objects.moveTo works; without, the emulator's own refusal is passed on.
        skew: How far the server's clock is ahead, as the times of objects show it.
    """

    def __init__(self) -> None:
        self._locks: dict[str, threading.RLock] = {}
        self._sessions: dict[str, _Session] = {}
        self.reset()

    def reset(self) -> None:
        self.moves, self.skew = True, dt.timedelta(0)

    def path(self, request: Request) -> str:
        """The path, unquoted; of an upload with the name that its body or its session gives."""
        session = self._sessions.get(request.query.get("upload_id", ""))
        named = request if session is None else session.start
        if _UPLOAD.fullmatch(named.path):
            return f"{unquote(named.path)}/{_uploaded(named)[0].get('name', '')}"
        return unquote(request.path)

    def answer(self, request: Request, send: Send) -> Answer:
        answer = self._answer(request, send)
        if self.skew and "json" in answer.headers.get("Content-Type", ""):
            return replace(answer, body=_TIMES.sub(self._shifted, answer.body))
        return answer

    def _shifted(self, found: re.Match[bytes]) -> bytes:
        time = dt.datetime.fromisoformat(found[2].decode()) + self.skew
        return b'"%s":"%s"' % (found[1], time.isoformat().replace("+00:00", "Z").encode())

    def _answer(self, request: Request, send: Send) -> Answer:
        if found := _UPLOAD.fullmatch(request.path):
            return self._upload(found["bucket"], request, send)
        if found := _COPY.fullmatch(request.path):
            return self._copy(found, request, send)
        if found := _COMPOSE.fullmatch(request.path):
            with self._lock(found["bucket"]):
                return _refusal(request.query, _current(send, found["bucket"], found["name"])) or send(request)
        if found := _OBJECT.fullmatch(request.path):
            # Reads wait too: the emulator takes generation and bytes of an object at two moments.
            with self._lock(found["bucket"]):
                if request.method == "GET":
                    return _read(request, send)
                current = _current(send, found["bucket"], found["name"])
                # A missing object is missing, whatever its precondition says.
                refusal = None if current is None else _missing(request.query, current) or _refusal(request.query, current)
                return refusal or send(request)
        return send(request)

    def _copy(self, found: re.Match[str], request: Request, send: Send) -> Answer:
        bucket, name, into, to = found["bucket"], found["name"], found["into"] or found["bucket"], found["to"]
        if found["verb"] == "moveTo" and not self.moves:
            return send(request)
        with self._lock(into):
            source = _current(send, bucket, name)
            if source is None:
                return _error(404, f"No such object: {bucket}/{unquote(name)}", "notFound")
            refusal = _missing(request.query, source, "sourceGeneration") or _refusal(request.query, source, "ifSource")
            refusal = refusal or _refusal(request.query, _current(send, into, to))
            if refusal is not None or found["verb"] != "moveTo":
                return refusal or send(request)
            copied = send(Request("POST", f"/storage/v1/b/{bucket}/o/{name}/rewriteTo/b/{into}/o/{to}", request.headers, b""))
            if copied.status == 200:
                send(Request("DELETE", f"/storage/v1/b/{bucket}/o/{name}"))
                return replace(copied, body=json.dumps(json.loads(copied.body)["resource"], separators=(",", ":")).encode())
            return copied

    def _upload(self, bucket: str, request: Request, send: Send) -> Answer:
        if (session := self._sessions.get(request.query.get("upload_id", ""))) is not None:
            return self._chunk(session, request, send)
        metadata, data = _uploaded(request)
        if request.query.get("uploadType") != "resumable":
            return self._store(bucket, request, metadata, data, send)
        current = _current(send, bucket, quote(metadata["name"], safe=""))
        if (refusal := _refusal(request.query, current)) is not None:
            return refusal
        identity = uuid.uuid4().hex
        self._sessions[identity] = _Session(bucket, request)
        location = f"http://{request.headers['host']}{request.path}?uploadType=resumable&upload_id={identity}"
        return Answer(200, {"Location": location, "X-GUploader-UploadID": identity})

    def _chunk(self, session: _Session, request: Request, send: Send) -> Answer:
        found = _CHUNK.fullmatch(request.headers.get("content-range", f"bytes 0-0/{len(request.body)}"))
        if found is None:
            return _error(400, f"bad Content-Range {request.headers['content-range']}", "invalid")
        with self._lock(session.bucket):
            if session.answer is None:
                start = int(found["start"] or len(session.data))
                # What arrives again replaces itself.
                if start <= len(session.data):
                    session.data[start : start + len(request.body)] = request.body
                if str(len(session.data)) != found["total"]:
                    received = {"Range": f"bytes=0-{len(session.data) - 1}"} if session.data else {}
                    return Answer(308, received)
                session.answer = self._finish(session, request, send)
            return session.answer

    def _finish(self, session: _Session, request: Request, send: Send) -> Answer:
        metadata, _ = _uploaded(session.start)
        boundary = uuid.uuid4().hex
        parts = (json.dumps(metadata).encode(), bytes(session.data))
        types = ("application/json", metadata.get("contentType", "application/octet-stream"))
        body = b"".join(
            b"--%s\r\ncontent-type: %s\r\n\r\n%s\r\n" % (boundary.encode(), kind.encode(), part)
            for kind, part in zip(types, parts, strict=True)
        )
        target = session.start.target.replace("uploadType=resumable", "uploadType=multipart")
        headers = {"content-type": f'multipart/related; boundary="{boundary}"', "x-goog-hash": request.headers.get("x-goog-hash", "")}
        whole = Request("POST", target, headers, body + f"--{boundary}--".encode())
        return self._store(session.bucket, whole, metadata, parts[1], send)

    def _store(self, bucket: str, request: Request, metadata: Mapping[str, Any], data: bytes, send: Send) -> Answer:
        stated = dict(part.strip().split("=", 1) for part in request.headers.get("x-goog-hash", "").split(",") if part)
        wanted = stated.get("crc32c") or metadata.get("crc32c")
        found = base64.b64encode(google_crc32c.value(data).to_bytes(4, "big")).decode()
        if wanted not in {None, found}:
            return _error(400, f"Provided CRC32C {wanted} does not match calculated CRC32C {found}", "invalid")
        with self._lock(bucket):
            return send(request)

    def _lock(self, bucket: str) -> threading.RLock:
        return self._locks.setdefault(bucket, threading.RLock())


def _current(send: Send, bucket: str, name: str) -> Mapping[str, Any] | None:
    answer = send(Request("GET", f"/storage/v1/b/{bucket}/o/{name}"))
    return json.loads(answer.body) if answer.status == 200 else None


def _read(request: Request, send: Send) -> Answer:
    answer = send(request)
    if answer.status not in {200, 206}:
        return answer
    generation = answer.headers.get("X-Goog-Generation") or json.loads(answer.body)["generation"]
    current = {"generation": generation}
    return _missing(request.query, current) or _refusal(request.query, current) or answer


def _missing(query: Mapping[str, str], current: Mapping[str, Any], asked: str = "generation") -> Answer | None:
    if query.get(asked) in {None, str(current["generation"])}:
        return None
    return _error(404, f"No such object at generation {query[asked]}", "notFound")


def _refusal(query: Mapping[str, str], current: Mapping[str, Any] | None, kind: str = "if") -> Answer | None:
    generation = "0" if current is None else str(current["generation"])
    wanted, unwanted = query.get(f"{kind}GenerationMatch"), query.get(f"{kind}GenerationNotMatch")
    if wanted in {None, generation} and unwanted != generation:
        return None
    return _error(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def _error(status: int, message: str, reason: str) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, error_body(status, message, reason))


def _uploaded(request: Request) -> tuple[dict[str, Any], bytes]:
    """The metadata and the bytes of an upload; of a resumable one's start only its metadata."""
    kind, named = request.query.get("uploadType"), {"name": name} if (name := request.query.get("name")) else {}
    if kind == "resumable":
        return {**json.loads(request.body or b"{}"), **named}, b""
    found = _BOUNDARY.search(request.headers.get("content-type", ""))
    if kind != "multipart" or found is None:
        return dict(named), request.body
    _, metadata, data, _ = request.body.split(b"--" + found[1].encode())
    return {**json.loads(metadata.partition(b"\r\n\r\n")[2]), **named}, data.partition(b"\r\n\r\n")[2][:-2]
