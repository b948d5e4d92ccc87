"""Runs a command that may write to one folder only: python confined.py FOLDER COMMAND.

Beyond that folder it reads what Python needs, and neither other files nor the network's
TCP; it cannot signal or inspect processes outside. Its memory, processor time and the
size of a file that it writes are limited. Linux's Landlock does the first, and resource
limits the second: both stay with what the command starts, and no one can lift them.
"""

import os
import resource
import sys
from pathlib import Path

from landlockpy import AccessFS, Ruleset, Scope

MEGABYTE = 2**20
LIMITS = {
    resource.RLIMIT_CPU: 120,  # seconds, then the process is ended
    resource.RLIMIT_DATA: 3000 * MEGABYTE,  # PyTorch alone takes less than 1000
    resource.RLIMIT_FSIZE: 20 * MEGABYTE,
    resource.RLIMIT_CORE: 0,
}
READ = AccessFS.READ_FILE | AccessFS.READ_DIR | AccessFS.EXECUTE
# What Python and its libraries read: themselves, the system's libraries, the processor.
READABLE = [sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/bin"]
READABLE += ["/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys"]
READABLE += ["/sys/devices/system", "/sys/fs/cgroup", "/dev/urandom", "/dev/zero"]
READABLE += ["/etc/ld.so.cache", "/etc/localtime", "/etc/passwd", "/etc/nsswitch.conf"]


def confine(folder: str) -> None:
    """Confine this process, and what it starts, to a folder; for ever."""
    for kind, most in LIMITS.items():
        hard = resource.getrlimit(kind)[1]
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, most))
    everything = ~AccessFS.NONE
    with Ruleset(scoped=~Scope.NONE) as rules:
        rules.allow_path(folder, everything)
        null = AccessFS.READ_FILE | AccessFS.WRITE_FILE | AccessFS.TRUNCATE
        rules.allow_path("/dev/null", null)
        for path in filter(os.path.exists, READABLE):
            allowed = READ if Path(path).is_dir() else AccessFS.READ_FILE
            rules.allow_path(path, allowed)
        rules.restrict()


if __name__ == "__main__":
    confine(sys.argv[1])
    os.execv(sys.argv[2], sys.argv[2:])
