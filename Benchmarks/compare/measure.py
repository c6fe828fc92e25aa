"""Readings from /proc: processor time and resident memory of a process tree, and of a core."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class ProcessorTime:
    """Processor time that a set of processes has used since each began."""

    total: int
    """Nanoseconds, from the scheduler's own account of every live thread."""
    user: int
    """Clock ticks in user mode, dead threads included."""
    system: int
    """Clock ticks in the kernel, dead threads included."""

    @staticmethod
    def of(pids):
        total = user = system = 0
        for pid in pids:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
            text = Path(f"/proc/{pid}/stat").read_text()
            fields = text[text.rindex(")") + 2:].split()
            user += int(fields[11])
            system += int(fields[12])
        return ProcessorTime(total, user, system)

    def since(self, earlier):
        """Microseconds used since `earlier`, as (total, user, system).

        The total is exact; the split is the ratio of the clock ticks, which are 10 ms each on most kernels.
        """
        total = (self.total - earlier.total) / 1000
        user, system = self.user - earlier.user, self.system - earlier.system
        share = user / (user + system) if user + system else 0.0
        return total, total * share, total * (1 - share)


def resident_bytes(pids):
    """Resident memory of the processes, in bytes (Rss of smaps_rollup)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                total += int(line.split()[1]) * 1024
    return total


@dataclass(frozen=True)
class CoreTime:
    """What one core has done since the machine started, in microseconds."""

    working: float
    """Running any process, in user mode or the kernel; interrupts left out."""
    stolen: float
    """Taken by the hypervisor."""

    @staticmethod
    def of(core):
        for line in Path("/proc/stat").read_text().splitlines():
            fields = line.split()
            if fields[0] == f"cpu{core}":
                user, nice, system, _, _, _, _, steal = map(int, fields[1:9])
                return CoreTime((user + nice + system) / TICK * 1e6, steal / TICK * 1e6)
        raise LookupError(f"no core {core}")


def wait_until_quiet(cores, patience, share=0.05, window=0.5):
    """Waits until nothing has used more than `share` of any of the cores for `window` seconds. False after `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        before, began = {core: CoreTime.of(core) for core in cores}, time.monotonic()
        time.sleep(window)
        elapsed = (time.monotonic() - began) * 1e6
        if all(CoreTime.of(core).working - before[core].working <= share * elapsed for core in cores):
            return True
        if time.monotonic() > deadline:
            return False
