"""A full disk: what was saved stays, the run says why it ended, and with room it goes on to the same end."""

import os
import shutil

import pytest

from cases import each
from core.runs.events import Checkpointed
from core.runs.folder import RunFolder

LEFT = [0, 1, 20_000, 60_000, 80_000, 120_000, 200_000, 300_000, 400_000, 500_000, 700_000]  # bytes


def fill(disk, left):
    stat = os.statvfs(disk)
    (disk / "filler").write_bytes(bytes(max(0, stat.f_bavail * stat.f_bsize - left)))


@pytest.mark.parametrize("left", each(4, LEFT))
def test_with_so_much_room_left(forks, new_run, watch, killed, small_disk, left):
    run = new_run(speed={"cache": "run"})
    begun = watch.copy(run, "begun")

    def saw(event, control_source):
        if isinstance(event, Checkpointed) and event.step == 5:
            raise watch.Died

    watch.live(begun, saw)
    expected = watch.outcome(forks.finish(watch.copy(begun, "whole")))
    run = RunFolder(shutil.copytree(begun.path, small_disk / "r1"))
    fill(small_disk, left)
    code = forks.start(run).wait()
    said = run.log_file.read_text() if run.log_file.exists() else ""
    watch.whole(run.checkpoint("last"))
    watch.whole(run.checkpoint("best"))
    if code:
        status = run.status()
        assert "disk is full" in status.why and "resume" in status.do, (status, said)
        assert status.state == "failed" or left < 2  # there the log itself may take no more
    (small_disk / "filler").unlink()
    if code:
        forks.finish(run)
    assert watch.outcome(run) == expected
