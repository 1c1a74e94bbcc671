"""Fetching weights from the Hugging Face hub, with progress as calls and offline switches honoured."""

from pathlib import Path

from core.architectures.models import WEIGHTS, BuiltIn, ModelPreset, OwnFolder, Source
from core.errors import BadModel
from core.files import Progress, sha256

TIMEOUT = 10  # seconds without a word from the hub


def where(preset: ModelPreset) -> str:
    """Where a model's pretrained weights are: `built in`, `on disk`, or `download`."""
    if isinstance(preset.source, BuiltIn):
        return "built in"
    if isinstance(preset.source, OwnFolder):
        return "on disk"
    return "on disk" if cached(preset.source) else "download"


def cached(source: Source) -> Path | None:
    """The file in the hub's cache on this machine, or None. No network."""
    from huggingface_hub import try_to_load_from_cache  # slow to import, and most runs need no hub

    found = try_to_load_from_cache(source.repo, WEIGHTS, revision=source.revision)
    return Path(found) if isinstance(found, str) else None


def fetch(source: Source, progress: Progress) -> tuple[Path, str]:
    """The weights' file, from the cache or the hub, and its SHA-256, which is the one published for it.

    Raises BadModel where it cannot be had, with how to get it by hand, or is damaged.
    """
    file = cached(source) or _download(source, progress)
    digest = sha256(file, progress)
    # the cache names a large file after the hash that the hub published for it
    name = file.resolve().name
    expected = source.sha256 or (name if len(name) == 64 else digest)
    if digest != expected:
        raise BadModel(
            f"{file} is damaged: its SHA-256 is {digest[:12]}…, not {expected[:12]}….",
            "Delete it and download it again.",
        )
    return file, digest


def _download(source: Source, progress: Progress) -> Path:
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled
    from huggingface_hub.utils import tqdm as hub_tqdm

    class Bar(hub_tqdm):
        """The hub reports its bytes to a progress bar; this one passes them on."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs | {"disable": False, "file": _Nowhere()})

        def update(self, n=1):
            shown = super().update(n)
            progress("download", int(self.n), int(self.total or source.size), "bytes")
            return shown

    by_hand = (
        f"Put config.json and {WEIGHTS} of {source.repo} into a folder and name it with --weights FOLDER, "
        "or use --weights random."
    )
    try:
        # asked once: a download that cannot even begin would be tried for half a minute
        get_hf_file_metadata(hf_hub_url(source.repo, WEIGHTS, revision=source.revision), timeout=TIMEOUT)
        return Path(hf_hub_download(source.repo, WEIGHTS, revision=source.revision, tqdm_class=Bar))
    except (OfflineModeIsEnabled, LocalEntryNotFoundError) as error:
        raise BadModel(f"{source.repo} is not on this machine, and the hub cannot be reached.", by_hand) from error
    except Exception as error:  # the hub's client lets through what its HTTP library raises
        raise BadModel(f"{source.repo} could not be downloaded: {error}.", by_hand) from error


class _Nowhere:
    """A progress bar's text goes nowhere; the engine never prints."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...
