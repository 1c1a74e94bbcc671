"""The backbone of each family."""

from core.architectures.architecture import Architecture
from core.model.backbone import Backbone
from core.model.bert import Bert
from core.model.deberta import Deberta
from core.model.gpt2 import GPT2
from core.model.llama import Llama
from core.model.modernbert import ModernBert
from core.model.t5 import T5

BACKBONES: dict[str, type[Backbone]] = {
    "gpt2": GPT2,
    "bert": Bert,
    "distilbert": Bert,
    "roberta": Bert,
    "xlm-roberta": Bert,
    "modernbert": ModernBert,
    "t5": T5,
    "deberta-v2": Deberta,
    "llama": Llama,
    "qwen2": Llama,
    "qwen3": Llama,
}


def backbone_for(arch: Architecture, causal: bool | None = None) -> Backbone:
    """A backbone with no weights yet; whether it has a causal mask is as in pretraining, unless `causal` says so."""
    return BACKBONES[arch.family](arch, arch.causal if causal is None else causal)
