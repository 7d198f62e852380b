"""One check of a deployment: what it is called, how long it may take, and what came out of it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from enum import StrEnum

from market_data_assets.errors import AuthError, MarketDataError
from market_data_assets.upkeep.doctor.subject import Subject


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found, in a line, and what to do where it is not well."""

    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a check by its name."""

    name: str
    status: Status
    found: str
    remedy: str

    def as_json(self) -> dict[str, str]:
        """Its fields as JSON takes them."""
        return {name: str(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        seconds: How long it may take.
        writes: Whether it needs leave to write: below ``_probe/`` in the lake, or in a table of its own.
    """

    name: str
    run: Callable[[Subject], Outcome]
    seconds: float = 30.0
    writes: bool = False

    def result(self, subject: Subject) -> Result:
        """Run it, for no longer than it may take. Only an error that is not one of ours is raised."""
        refused = self.writes and not subject.may_write
        outcome = Outcome(Status.SKIPPED, "only with --write-probe") if refused else self._capped(subject)
        return Result(self.name, outcome.status, outcome.found, outcome.remedy)

    def _capped(self, subject: Subject) -> Outcome:
        answer: Future[Outcome] = Future()

        def work() -> None:
            try:
                answer.set_result(self.run(subject))
            except BaseException as error:
                # Raised again by whoever waits for the answer.
                answer.set_exception(error)

        # A thread that nothing waits for at exit: what hangs must not keep the process alive.
        threading.Thread(target=work, name=f"doctor-{self.name}", daemon=True).start()
        try:
            return answer.result(self.seconds)
        except TimeoutError:
            return Outcome(Status.FAIL, f"no answer within {self.seconds:.0f} s", "is it reachable from this machine?")
        except AuthError as error:
            return Outcome(Status.FAIL, str(error), "give these credentials the roles that deploy/ lists")
        except MarketDataError as error:
            return Outcome(Status.FAIL, str(error))
