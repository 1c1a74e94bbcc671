"""Going on with a text, a token at a time: the likeliest one, or one drawn by chance.

Shapes: V vocabulary.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from core.model.kv_cache import KVCache
from core.model.language import LanguageModel


@torch.no_grad()
def continued(
    model: LanguageModel,
    ids: Sequence[int],
    *,
    temperature: float = 0.0,
    top_k: int | None = None,
    seed: int = 0,
    stop: int | None,
) -> Iterator[int]:
    """The tokens that go on from `ids`, until `stop`, which is not one of them, or until the context is full.

    At temperature 0 each is the likeliest; above, it is drawn from the softmax of logits / temperature, among
    the `top_k` likeliest where that is given (Fan et al. 2018, "Hierarchical Neural Story Generation"). The same
    seed draws the same text. Raises ValueError where `ids` is empty or longer than the context.
    """
    device, context = model.backbone.token_table.device, model.backbone.arch.max_tokens
    if not 0 < len(ids) <= context:
        raise ValueError(f"{len(ids)} tokens to go on from; it takes 1 to {context}")
    past, generator = KVCache(model.backbone), torch.Generator().manual_seed(seed)
    new, known = list(ids), 0
    while known + len(new) < context:
        h = past.read(torch.tensor(new, device=device), known)
        token = _next(model.logits(h[-1]).cpu(), temperature, top_k, generator)
        if token == stop:
            return
        yield token
        new, known = [token], known + len(new)


def _next(logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator) -> int:
    """One token from logits (V,)."""
    if temperature == 0:
        return int(logits.argmax())
    kept, tokens = logits.topk(min(top_k or len(logits), len(logits)))
    # in double and from the largest down, so that the smallest temperature overflows nothing
    chances = ((kept - kept[0]).double() / temperature).softmax(dim=0)
    return int(tokens[torch.multinomial(chances, 1, generator=generator)])
