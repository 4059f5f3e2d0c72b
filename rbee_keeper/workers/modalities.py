"""The kinds of worker there are: a new one is a folder and a line in the table here."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from ..contract import routes
from ..contract.workers import Capability, WorkerKind
from .loader import Loader


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality:
    """One kind: the module with its `new_loader`, and what is asked of it on which path, by `POST`.

    `title` is what `ps` calls its workers.
    """

    module: str
    serves: Mapping[str, Capability]
    title: str = "llm"


_OF_LANGUAGE: Mapping[str, Capability] = {
    routes.EXECUTE: "text",
    routes.INFERENCE: "text",
    routes.EMBEDDINGS: "embedding",
    routes.RERANK: "rerank",
    routes.RERANK_ALIAS: "rerank",
}

MODALITIES: dict[WorkerKind, Modality] = {
    "llm": Modality(module="rbee_keeper.workers.llm.loader", serves=_OF_LANGUAGE),
    "fake": Modality(module="rbee_keeper.workers.fake.loader", serves=_OF_LANGUAGE),
}


def modality_of(kind: WorkerKind) -> Modality:
    """Return what is known of a kind; one that is not in the table is the usual one, which says what a file is not."""
    return MODALITIES.get(kind, MODALITIES["llm"])


def new_loader(modality: Modality) -> Loader:
    """Import the engine and return what loads its models; the import is the expensive part of a start."""
    loader: Loader = import_module(modality.module).new_loader()
    return loader
