"""One hive as the queen knows it: where it is, and its latest report."""

from dataclasses import dataclass, field

from ... import __version__
from ...contract.ids import HiveId, NodeName, WorkerId
from ...contract.workers import WorkerView


@dataclass(slots=True, kw_only=True)
class HiveEntry:
    """One hive: where it is, and its latest report. `is_ours` when this queen started it; `heard_at` is monotonic.

    `vacancy` is another number, which no hive had before, whenever one of its workers has ended.
    """

    id: HiveId
    node: NodeName
    url: str
    token: str
    is_ours: bool
    heard_at: float
    version: str = ""
    sequence: int = 0
    vacancy: int = 0
    workers: dict[WorkerId, WorkerView] = field(default_factory=dict)

    @property
    def problem(self) -> str:
        """Why this hive is not used; empty when it is. Before its first report nothing is known against it."""
        if self.version in ("", __version__):
            return ""
        return f"the hive on {self.node} has version {self.version}, this queen {__version__}"
