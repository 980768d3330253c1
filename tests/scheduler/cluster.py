"""A Slurm of one machine on loopback, for the tests that ask a real one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.waiting import wait_until

DAEMONS = ("munged", "slurmctld", "slurmd")
NODES = ("n1", "n2")

_CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={place}/munge/socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd-%n.pid
SlurmdSpoolDir={place}/spool/%n
StateSaveLocation={place}/state
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd-%n.log
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=100000
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdTimeout=20
KillWait=1
MinJobAge=60
JobAcctGatherType=jobacct_gather/none
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=8 RealMemory=2000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=8 RealMemory=2000
PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
PartitionName=short Nodes=n2 MaxTime=1 State=UP
"""


class NotStartedError(Exception):
    """The cluster cannot be started here; the message says why."""


class Cluster:
    """A running cluster.

    Args:
        place: The directory that it keeps everything in.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environment = {"SLURM_CONF": f"{place}/slurm.conf"}

    def run(self, *words: str) -> str:
        """Run a command of Slurm, and return what it prints."""
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env=os.environ | self.environment,
            cwd=self.place,
        )
        if done.returncode:
            raise NotStartedError(f"{words[0]}: {done.stderr.strip() or done.returncode}")
        return done.stdout.strip()

    def submit(self, script: str, *options: str, log: str = "/dev/null") -> str:
        """Submit a job that runs a shell script; return its id."""
        return self.run("sbatch", "--parsable", "-o", log, *options, "--wrap", script)

    def state(self, job: str) -> str:
        """The state of a job that the queue still knows."""
        return self.run("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")

    def pid(self, daemon: str) -> int:
        """The process id of a daemon, such as ``slurmctld``."""
        return int((self.place / f"{daemon}.pid").read_text(encoding="utf-8"))


def missing_reason() -> str:
    """Why no cluster can be started here; empty if one can."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    missing = [name for name in (*DAEMONS, "sbatch") if shutil.which(name, path=path) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    return "" if os.geteuid() == 0 else "only root can start a cluster"


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a cluster, and end all its processes afterwards, each by its id.

    Raises:
        NotStartedError: It does not start.
    """
    # The path of a socket has at most about a hundred characters.
    place = Path(tempfile.mkdtemp(prefix="slurm-"))
    pids = []
    try:
        for name in ("munge", "spool", "state"):
            (place / name).mkdir(mode=0o700)
        cluster = Cluster(place)
        pids.append(_start_munge(place))
        ports = _free_ports(3)
        text = _CONFIGURATION.format(
            host=socket.gethostname().split(".")[0], place=place, ports=ports
        )
        (place / "slurm.conf").write_text(text, encoding="utf-8")
        _start(cluster, ["slurmctld"])
        pids.append(_await_pid(place / "slurmctld.pid"))
        for node in NODES:
            _start(cluster, ["slurmd", "-N", node])
            pids.append(_await_pid(place / f"slurmd-{node}.pid"))
        _await_nodes(cluster)
        yield cluster
        with contextlib.suppress(NotStartedError, AssertionError):
            # Also ends what the jobs have started.
            cluster.run("scancel", "--full", "--signal=KILL", "--user", "root")
            cluster.run("scancel", "--user", "root")
            wait_until(
                lambda: not cluster.run("squeue", "-h", "-t", "R,CG", "-o", "%A"), deadline=5
            )
    finally:
        for pid in reversed(pids):
            _end(pid)
        shutil.rmtree(place, ignore_errors=True)


def _start_munge(place: Path) -> int:
    key = place / "munge" / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o400)
    names = {
        "key-file": "key",
        "socket": "socket",
        "pid-file": "pid",
        "log-file": "log",
        "seed-file": "seed",
    }
    options = [f"--{option}={place}/munge/{name}" for option, name in names.items()]
    _start(Cluster(place), ["munged", "--force", *options])
    return _await_pid(place / "munge" / "pid")


def _start(cluster: Cluster, words: Sequence[str]) -> None:
    """Start a daemon, which goes to the background by itself."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    done = subprocess.run(
        [str(shutil.which(words[0], path=path)), *words[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=30,
        check=False,
        env=os.environ | cluster.environment,
    )
    if done.returncode:
        raise NotStartedError(f"{words[0]}: exit status {done.returncode}")


def _await_pid(path: Path) -> int:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            return int(path.read_text(encoding="utf-8"))
        time.sleep(0.01)
    raise NotStartedError(f"{path.name} was not written")


def _await_nodes(cluster: Cluster) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with contextlib.suppress(NotStartedError):
            if set(cluster.run("sinfo", "-h", "-N", "-o", "%T").split()) == {"idle"}:
                return
        time.sleep(0.1)
    raise NotStartedError("the nodes did not come up")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _end(pid: int) -> None:
    """End a process by its id."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            end = time.monotonic() + 5
            while time.monotonic() < end:
                os.kill(pid, 0)
                time.sleep(0.02)
