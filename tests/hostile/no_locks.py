"""Run a module where the kernel refuses file locks, as on file systems that have none: NO_LOCKS ERRNO HOW MODULE ...

HOW is `flock` where that call alone is refused, and `all` where locks of a file's bytes are, too.
"""

import ctypes
import os
import runpy
import struct
import sys

FLOCK, FCNTL, OFD_SETLK = 73, 72, 37  # system calls of x86-64, and the command of one
LOAD, EQUAL, RETURN, ALLOW, REFUSE = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
NUMBER, SECOND = 0, 24  # where a system call's number and its second argument lie
NO_NEW_PRIVILEGES, SECCOMP, FILTER = 38, 22, 2  # of prctl


def refuse(number: int, how: str) -> None:
    """From now on the locks of this process, and of all that it starts, fail with that number."""
    lines = [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 4, 0, FLOCK),
        (EQUAL, 0, 2, FCNTL if how == "all" else 0xFFFF),
        (LOAD, 0, 0, SECOND),
        (EQUAL, 1, 0, OFD_SETLK),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE | number),
    ]
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(filters)))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in ((NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SECCOMP, FILTER, program, 0, 0)):
        if libc.prctl(*call):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    refuse(int(sys.argv[1]), sys.argv[2])
    module = sys.argv[3]
    sys.argv = [module, *sys.argv[4:]]
    if module == "-c":
        exec(sys.argv.pop(1), {"__name__": "__main__"})
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
