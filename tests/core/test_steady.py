"""A process that computes keeps what it frees, so that no step has its memory from the system anew."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import json, os, resource
from core.steady import steady
if {steady}: steady()
import torch
def faults(): return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step(): torch.zeros(1 << 23).add_(1)
for _ in range(3): step()
before = faults()
for _ in range(5): step()
print(json.dumps([faults() - before, os.environ.get("OMP_WAIT_POLICY"), os.environ.get("GOMP_SPINCOUNT")]))
"""


def said(steady, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP", "GOMP", "MALLOC"))}
    code = CODE.replace("{steady}", str(steady))
    done = subprocess.run([sys.executable, "-c", code], env=clean | environment, capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the settings are those of Linux's C library")
def test_what_is_freed_is_kept_unless_the_person_says_otherwise():
    kept, *threads = said(True)
    assert threads == ["PASSIVE", "3000"]
    anew, *threads = said(True, MALLOC_MMAP_THRESHOLD_="100000", OMP_WAIT_POLICY="ACTIVE")
    assert threads[0] == "ACTIVE"
    # where a freed piece lies in the way, one or two of the steps still ask the system
    assert kept < anew / 2 and kept < said(False)[0] / 2
