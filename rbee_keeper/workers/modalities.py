"""The kinds of worker there are: a new one is a folder and a line in the table here."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from ..contract.operations.operation import AnyOperation
from ..contract.operations.worker import EMBED, EXECUTE, OPERATIONS, RERANK
from ..contract.workers import Capability, WorkerKind
from .loader import Loader


@dataclass(frozen=True, slots=True, kw_only=True)
class Modality:
    """One kind: the module with its `new_loader`, and the operations of its models.

    `title` is what `ps` calls its workers.
    """

    module: str
    serves: Mapping[AnyOperation, Capability]
    title: str = "llm"


_OF_LANGUAGE: Mapping[AnyOperation, Capability] = {EXECUTE: "text", EMBED: "embedding", RERANK: "rerank"}

MODALITIES: dict[WorkerKind, Modality] = {
    "llm": Modality(module="rbee_keeper.workers.llm.loader", serves=_OF_LANGUAGE),
    "fake": Modality(module="rbee_keeper.workers.fake.loader", serves=_OF_LANGUAGE),
}


def modality_of(kind: WorkerKind) -> Modality:
    """Return what is known of a kind; one that is not in the table is the usual one, which says what a file is not."""
    return MODALITIES.get(kind, MODALITIES["llm"])


def operations_of(modality: Modality) -> list[AnyOperation]:
    """Return the operations of its workers: what every worker has, and what a model of this kind is for."""
    of_models = {operation for each in MODALITIES.values() for operation in each.serves}
    return [*(each for each in OPERATIONS if each not in of_models), *modality.serves]


def new_loader(modality: Modality) -> Loader:
    """Import the engine and return what loads its models; the import is the expensive part of a start."""
    loader: Loader = import_module(modality.module).new_loader()
    return loader
