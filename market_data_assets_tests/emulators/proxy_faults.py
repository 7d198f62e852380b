"""What can go wrong between a client and a server, and rules that say when it does."""

import random
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Answer:
    """What a client is sent. With ``cut`` the connection ends after so many bytes of the body that was promised."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None


Perform = Callable[[], Answer]
Fault = Callable[[Perform], Answer | None]
"""Given a way to let the server do it, as often as wanted: what the client is sent; None resets the connection."""


def lost_request(perform: Perform) -> None:
    """The connection is reset, and nothing has happened."""


def lost_answer(perform: Perform) -> None:
    """It happens, and the connection is reset before the answer."""
    perform()


def repeated(perform: Perform) -> Answer:
    """The request arrives twice; the second answer is the one that is heard."""
    perform()
    return perform()


def truncated(perform: Perform) -> Answer:
    """Half of the answer arrives."""
    answer = perform()
    return replace(answer, cut=len(answer.body) // 2)


def corrupted(perform: Perform) -> Answer:
    """A bit in the middle of the body is another one."""
    answer = perform()
    middle = len(answer.body) // 2
    flipped = bytes([answer.body[middle] ^ 1]) if answer.body else b""
    return replace(answer, body=answer.body[:middle] + flipped + answer.body[middle + 1 :])


def refused(status: int, *, retry_after: str | None = None, reason: str = "") -> Fault:
    """The server answers with an error, as Google words it, and does nothing."""
    headers = {"Content-Type": "application/json", **({} if retry_after is None else {"Retry-After": retry_after})}
    return lambda _: Answer(status, headers, error_body(status, reason or f"refused with {status}", reason))


def slow(seconds: float) -> Fault:
    """It happens, and the answer takes its time."""

    def fault(perform: Perform) -> Answer:
        time.sleep(seconds)
        return perform()

    return fault


def hanging(seconds: float) -> Fault:
    """Nothing happens for a while, then the connection is reset."""

    def fault(_: Perform) -> None:
        time.sleep(seconds)

    return fault


def error_body(status: int, message: str, reason: str) -> bytes:
    return b'{"error":{"code":%d,"message":"%s","errors":[{"reason":"%s","message":"%s"}]}}' % (
        status,
        *(text.replace('"', "'").encode() for text in (message, reason, message)),
    )


@dataclass
class Rule:
    """When a fault is met.

    Attributes:
        method: A regular expression that the whole HTTP method matches.
        path: A regular expression that is searched in the path, which is unquoted, and ends in the object's name.
        nth: Which of the requests that match, counted from 1; every one where empty.
        chance: How likely each of those meets it.
        matched, met: How many requests matched so far, and how many met the fault.
    """

    fault: Fault
    method: str = ".*"
    path: str = ""
    nth: Collection[int] = ()
    chance: float = 1.0
    matched: int = 0
    met: int = 0


class Rules:
    """The rules in force; of several that match, the first that applies decides. Their chances come from one seed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self, seed: int = 1) -> None:
        with self._lock:
            self._rules: list[Rule] = []
            self._random = random.Random(seed)

    def add(self, fault: Fault, *, method: str = ".*", path: str = "", nth: Collection[int] = (), chance: float = 1.0) -> Rule:
        rule = Rule(fault, method, path, nth, chance)
        with self._lock:
            self._rules.append(rule)
        return rule

    def chosen(self, method: str, path: str) -> Fault | None:
        """The fault that a request meets. Every rule that matches counts it."""
        found = None
        with self._lock:
            for rule in self._rules:
                if not re.fullmatch(rule.method, method) or not re.search(rule.path, path):
                    continue
                rule.matched += 1
                due = not rule.nth or rule.matched in rule.nth
                if found is None and due and (rule.chance >= 1 or self._random.random() < rule.chance):
                    found = rule
            if found is None:
                return None
            found.met += 1
            return found.fault
