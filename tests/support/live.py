"""How much memory the tensors take that are alive at a time, counted as PyTorch makes and frees them."""

import weakref

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Live(TorchDispatchMode):
    """Bytes of the tensors that are made within: `now`, and `most` at any moment. What was there before is left out."""

    def __init__(self, *before: torch.Tensor):
        super().__init__()
        self.now = self.most = 0
        self._known = {tensor.untyped_storage().data_ptr() for tensor in before}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._see(tensor.untyped_storage())
        return made

    def _see(self, storage: torch.UntypedStorage) -> None:
        at, size = storage.data_ptr(), storage.nbytes()
        if not size or at in self._known:
            return
        self._known.add(at)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._free, at, size)

    def _free(self, at: int, size: int) -> None:
        self._known.discard(at)
        self.now -= size
