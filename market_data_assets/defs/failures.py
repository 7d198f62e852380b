"""What went wrong in a run, in one line a step."""

from typing import Any


def root_cause(error: Any) -> str:
    """The first line of what Dagster's ``SerializableErrorInfo`` was caused by in the end; ``failed`` where nothing is recorded."""
    while error is not None and error.cause is not None:
        error = error.cause
    lines = [] if error is None else error.message.strip().splitlines()
    return lines[0] if lines else "failed"
