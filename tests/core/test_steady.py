"""A process that computes keeps what it frees, so that no step has its memory from the system anew."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import ctypes, json, os
from core.steady import steady
if {steady}: steady()
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "free", "small", "mapped", *"efghij")]
mallinfo = ctypes.CDLL(None).mallinfo2
mallinfo.restype = Info
before = mallinfo().mapped
held = bytearray(100 << 20)
print(json.dumps([mallinfo().mapped - before, os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT")]))
"""


def said(steady, **environment):
    """How many pieces the process has from the system by themselves, not from its heap, and how its threads wait."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP", "GOMP", "MALLOC"))}
    code = CODE.replace("{steady}", str(steady))
    done = subprocess.run([sys.executable, "-c", code], env=clean | environment, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are those of Linux's C library")
def test_large_pieces_come_from_the_heap_which_is_kept_unless_the_person_says_otherwise():
    assert said(True) == [0, "PASSIVE", "3000"]
    alone, *threads = said(True, MALLOC_TOP_PAD_="100000", OMP_WAIT_POLICY="ACTIVE")
    assert alone >= 1 and threads == ["ACTIVE", "3000"]
    assert said(False)[0] >= 1


GIVEN = """
import json, psutil
from core.steady import give_back, steady
steady()
rss = psutil.Process().memory_info
before = rss().rss
held = [bytes(1 << 20) for _ in range(200)]
last = bytes(1000)  # above them in the heap
del held
kept = rss().rss - before
give_back()
print(json.dumps([kept, rss().rss - before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are those of Linux's C library")
def test_what_is_kept_and_not_used_is_given_back_on_demand():
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC")}
    done = subprocess.run([sys.executable, "-c", GIVEN], env=clean, capture_output=True, check=True)
    kept, given = json.loads(done.stdout)
    assert given < 20 << 20 < 100 << 20 < kept
