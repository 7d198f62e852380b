"""Check of the credentials for Google Cloud: which kind they are, never what they are."""

from market_data_assets.errors import AuthError
from market_data_assets.upkeep.doctor.record import Outcome, Status
from market_data_assets.upkeep.doctor.subject import Subject

_KINDS = {
    "google.oauth2.service_account": "a service account's key file",
    "google.oauth2.credentials": "a user's own login",
    "google.auth.compute_engine.credentials": "the machine's service account or workload identity",
    "google.auth.external_account": "workload identity federation",
    "google.auth.identity_pool": "workload identity federation",
    "google.auth.aws": "workload identity federation from AWS",
    "google.auth.pluggable": "workload identity federation by a program",
    "google.auth.impersonated_credentials": "impersonation of a service account",
}


def credentials(subject: Subject) -> Outcome:
    """Which credentials the environment has, by kind and account."""
    if not subject.needs_google:
        return Outcome(Status.SKIPPED, "nothing of this deployment is in Google Cloud")
    emulated = [name for name, used in _emulators(subject).items() if used]
    if len(emulated) == len(_emulators(subject)):
        return Outcome(Status.OK, f"none needed: an emulator stands in for {' and '.join(emulated)}")
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

    try:
        found, project = google.auth.default()
    except DefaultCredentialsError:
        raise AuthError("this machine has no Google credentials; on a desk run gcloud auth application-default login") from None
    kind = _KINDS.get(type(found).__module__, f"{type(found).__module__}.{type(found).__name__}")
    account = getattr(found, "service_account_email", None)
    about = "".join([f", {account}" if account else "", f", project {project}" if project else ""])
    if kind == _KINDS["google.oauth2.service_account"]:
        return Outcome(Status.WARN, f"{kind}{about}", "a key file does not expire: prefer the machine's own or workload identity")
    return Outcome(Status.OK, f"{kind}{about}")


def _emulators(subject: Subject) -> dict[str, bool]:
    """What of the deployment is in Google Cloud, and whether that is an emulator."""
    used = {}
    if subject.settings.root_url.startswith("gs://"):
        used["the bucket"] = bool(subject.environ.get("STORAGE_EMULATOR_HOST"))
    if subject.settings.warehouse == "bigquery":
        used["BigQuery"] = subject.settings.bigquery.endpoint is not None
    return used
