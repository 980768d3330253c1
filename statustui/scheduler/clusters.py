"""Which of the wanted jobs an answer can be about: those of the cluster that has given it.

Pavilion notes the system of a job (``sys_name``). That is its own name: by default that of the host
that has started the job, which may be any of several login nodes; many sites have it be the name of
the cluster. Another name than that of the cluster therefore means nothing by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from statustui.scheduler.answers import WantedJob


def systems_of(jobs: Collection[WantedJob]) -> frozenset[str]:
    """Return the names of the systems of jobs."""
    return frozenset(job.system.casefold() for job in jobs if job.system)


def jobs_of_cluster(jobs: Collection[WantedJob], cluster: str, host: str) -> list[WantedJob]:
    """Return the jobs that an answer can be about, which it names by their ids alone.

    Where one of the systems has the name of the cluster, the jobs of the others are left out. Where
    jobs of several systems have one id, one of them can be in the cluster: that of this cluster or
    of this host, if its name tells; otherwise all of them are left out.

    Args:
        jobs: Jobs of one scheduler.
        cluster: The name of the cluster that answers; empty if unknown.
        host: The name of this host, without its domain.
    """
    cluster, host = cluster.casefold(), host.casefold()
    if cluster in systems_of(jobs):
        jobs = [job for job in jobs if job.system.casefold() in {"", cluster}]
    by_id = defaultdict[str, list[WantedJob]](list)
    for job in jobs:
        by_id[job.id].append(job)
    return [job for same in by_id.values() for job in _without_conflict(same, host)]


def _without_conflict(same: list[WantedJob], host: str) -> list[WantedJob]:
    """Return those of the jobs with one id that can be in the cluster."""
    if len(systems_of(same)) <= 1:
        return same
    return [job for job in same if job.system.casefold() == host]
