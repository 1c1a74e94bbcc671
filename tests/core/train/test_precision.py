from types import SimpleNamespace

import pytest
import torch

from core.train import precision


@pytest.mark.parametrize(("bf16", "is_faster", "most_rows"), [(1e-3, False, 8), (9e-6, False, 256), (5e-6, True, 256)])
def test_products_tell_and_a_few_rows_where_bf16_is_hopeless(monkeypatch, bf16, is_faster, most_rows):
    """On a machine where a row takes so many seconds in bf16, and ten microseconds in fp32."""
    clock, rows = [0.0], []

    def mm(a, b):
        rows.append(len(a))
        clock[0] += len(a) * (bf16 if a.dtype == torch.bfloat16 else 1e-5)

    monkeypatch.setattr(torch, "mm", mm)
    monkeypatch.setattr(precision, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    assert precision.fast_bf16() is is_faster
    assert max(rows) == most_rows


def test_a_disturbed_product_does_not_decide(monkeypatch):
    taken = iter([9.0, 9.0])
    usual = {torch.float32: 1e-5, torch.bfloat16: 1e-6}
    monkeypatch.setattr(precision, "_seconds", lambda dtype, rows: next(taken, usual[dtype]))
    assert precision.fast_bf16()
