"""What is known of Jobs that failed and CronJobs that do not run."""

from __future__ import annotations

from dataclasses import dataclass

from detection.domain.facts.base import Facts


@dataclass(frozen=True, kw_only=True)
class JobFacts(Facts):
    """A Job that failed for good."""

    job: str = ""  # its name; the owner may be its CronJob
    job_uid: str = ""  # its UID
    idempotent: bool = False  # its annotation says that it may run twice
    exit_code: int | None = None  # of the container that ended badly; None: none is known


@dataclass(frozen=True, kw_only=True)
class CronJobFacts(Facts):
    """A CronJob that is due and does not run."""

    missed: int = 0  # how many runs did not come
    active: tuple[str, ...] = ()  # names of its Jobs that still run
    policy: str = ""  # its concurrency policy: Allow, Forbid or Replace
