"""Files to be brought in that say they hold more than any memory, or numbers that are none: refused in a sentence."""

import os
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from core.errors import BadModel
from core.worker import book_file
from core.worker.import_book import import_book

CHAPTERS = {
    "tok_emb.weight": torch.zeros(1).expand(50257, 768),
    "pos_emb.weight": torch.zeros(1).expand(1024, 768),
    "out_head.weight": torch.zeros(2, 768),
    "out_head.bias": torch.zeros(2),
}
ENDLESS = torch.zeros(1, dtype=torch.half).expand(10**6, 10**6)
SPARSE = torch.sparse_coo_tensor(torch.tensor([[0], [0]]), torch.tensor([1.0]), (10**6, 10**6))


@pytest.mark.parametrize("tensor", [ENDLESS, SPARSE], ids=["a view", "a sparse one"])
def test_a_tensor_of_more_numbers_than_any_model_is_refused_before_it_is_made(tmp_path, tensor):
    torch.save(CHAPTERS | {"more": tensor}, tmp_path / "book.pth")
    with pytest.raises(BadModel, match="numbers, more than any model"):
        book_file.read(tmp_path / "book.pth")


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "book.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/version", "3\n")
        archive.writestr("a/data.pkl", b"\x80\x02" + b"]" * (1 << 26) + b".")
    with pytest.raises(BadModel, match="not a whole file of torch.save's"):
        book_file.read(tmp_path / "book.pth")


def test_so_is_one_with_more_lists_than_any_has_beside_weights(tmp_path):
    with zipfile.ZipFile(tmp_path / "book.pth", "w") as archive:
        archive.writestr("a/version", "3\n")
        archive.writestr("a/data.pkl", b"\x80\x02" + b"]" * (1 << 26) + b".")
    with pytest.raises(BadModel, match="not a whole file of torch.save's"):
        book_file.read(tmp_path / "book.pth")


def test_of_safetensors_that_were_made_longer_no_more_is_read_than_the_header(tmp_path):
    save_file({"tok_emb.weight": torch.zeros(3)}, tmp_path / "book.safetensors")
    os.truncate(tmp_path / "book.safetensors", 1 << 40)
    with pytest.raises(BadModel, match="not a whole safetensors file"):
        book_file.read(tmp_path / "book.safetensors")


@pytest.mark.parametrize("name", [f"trf_blocks.{'9' * 5000}.x", "trf_blocks.٣.x", "trf_blocks..x", "\x1b" * 100_000])
def test_a_name_of_whatever_form_is_refused_in_a_sentence(tmp_path, name):
    torch.save(CHAPTERS | {name: torch.zeros(1)}, tmp_path / "book.pth")
    with pytest.raises(BadModel):
        import_book(tmp_path / "runs", tmp_path / "book.pth")
    torch.save({name: torch.zeros(1)}, tmp_path / "book.pth")
    with pytest.raises(BadModel) as error:
        import_book(tmp_path / "runs", tmp_path / "book.pth")
    assert len(error.value.what) < 10_000
