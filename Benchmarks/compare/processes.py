"""Child processes: started on one core, stopped by pid whatever happens."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1


class DidNotStart(Exception):
    """A child ended, or answered nothing, before its deadline. The text says which, with the end of its output."""


def free_port():
    """A TCP port of 127.0.0.1 that the kernel chose and that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_file_limit(wanted):
    """Raises the limit on open files, which children inherit. Returns the limit reached."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = max(hard, wanted)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (target, target))
    except (ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def parents():
    """Parent pid and start time of every process that has not ended, as {pid: (parent, start)}."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            text = Path(f"/proc/{entry}/stat").read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2:].split()
        # Z and X: ended, and only not yet collected by its parent.
        if fields[0] not in "ZX":
            found[int(entry)] = (int(fields[1]), int(fields[19]))
    return found


class Child:
    """One process that we started, with all its descendants, pinned to one core."""

    def __init__(self, command, core, log, environment=None):
        """Starts `command` on `core`, its output going to the file `log`."""
        libc = ctypes.CDLL(None, use_errno=True)

        def prepare():
            os.sched_setaffinity(0, {core})
            # If this program is killed outright, the child is told to stop too.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

        self.command = [str(part) for part in command]
        self.log = Path(log)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                preexec_fn=prepare, env={**os.environ, **(environment or {})})
        self.pid = self.process.pid

    def tree(self):
        """The pids of this process and its descendants, as {pid: start time}."""
        table = parents()
        found = {self.pid: table[self.pid][1]} if self.pid in table else {}
        grew = True
        while grew:
            grew = False
            for pid, (parent, start) in table.items():
                if parent in found and pid not in found:
                    found[pid] = start
                    grew = True
        return found

    def ended(self):
        """None while it runs; afterwards how it ended, in words."""
        code = self.process.poll()
        if code is None:
            return None
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"ended with status {code}"

    def last_words(self, lines=4):
        """The end of its output."""
        try:
            return " | ".join(self.log.read_text(errors="replace").strip().splitlines()[-lines:])
        except OSError:
            return ""

    def wait_until(self, ready, what, seconds=15):
        """Waits until `ready()` is true. Raises DidNotStart when the process ends first, or at the deadline."""
        deadline = time.monotonic() + seconds
        while not ready():
            how = self.ended()
            if how:
                raise DidNotStart(f"{how} before {what}: {self.last_words()}")
            if time.monotonic() > deadline:
                raise DidNotStart(f"not {what} within {seconds} s: {self.last_words()}")
            time.sleep(0.02)

    def stop(self, patience=2):
        """SIGTERM, then after `patience` seconds SIGKILL, to this process and every descendant, each by its pid."""
        family = self.tree()
        self._signal({self.pid: family.get(self.pid)}, signal.SIGTERM)
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            pass
        self._signal(family, signal.SIGKILL)
        self.process.wait()
        deadline = time.monotonic() + 2
        while self._alive(family) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _alive(self, family):
        """Those of {pid: start time} that still run. The start time tells a process from a later one with its pid."""
        now = parents()
        return [pid for pid, start in family.items() if pid in now and now[pid][1] == start]

    def _signal(self, family, number):
        for pid in self._alive(family):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
