"""A loaded model whose engine a test drives batch by batch."""

import time
from typing import Any

from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.workers.engine import Execution, Prepared
from rbee_keeper.workers.llm.loader import LlamaLoader


class Driven:
    """A model in this process, as a worker would load it."""

    def __init__(self, spec: LaunchSpec) -> None:
        self.spec = spec
        self.model = LlamaLoader().load(spec, lambda _: True)
        self.engine: Any = self.model.engine

    def prepare(self, request: Execute) -> Any:
        """Return a request in the engine's terms."""
        return self.model.prepare(request, request.job_id)

    def start(self, prepared: Prepared) -> None:
        """Queue an execution."""
        self.engine.start(Execution(prepared=prepared, received_at=time.perf_counter()))

    def tokenize(self, text: str) -> list[int]:
        """Return the tokens of a text, without any that the model puts around it."""
        assert self.model.vocabulary is not None
        return self.model.vocabulary.tokenize(text, add_special=False, parse_special=False)
