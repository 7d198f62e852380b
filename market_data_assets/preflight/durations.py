"""How long something takes, as a person reads it."""


def time_text(seconds: float) -> str:
    """Seconds as ``45 s``, ``12 min`` or ``3 h 10 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours < 100 else f"{hours / 24:,.1f} days"
