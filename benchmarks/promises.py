"""Figures beside what is promised of them, as one table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value of ours beside a peer's, or alone; `limit` None promises nothing.

    With `is_ratio` the limit is on ours divided by theirs, without it on ours alone.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    limit: float | None = None
    bound: Literal["at least", "at most"] = "at least"
    is_ratio: bool = True

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def is_kept(self) -> bool:
        """Whether the promise is kept, or there is none."""
        if self.limit is None:
            return True
        value = self.ratio if self.is_ratio else self.ours
        if value is None:
            return False
        return value >= self.limit if self.bound == "at least" else value <= self.limit


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def median_percentile(rounds: Sequence[Sequence[float]], share: float) -> float:
    """Return the median over the rounds of each round's percentile."""
    return statistics.median(percentile(values, share) for values in rounds if values)


def table(title: str, figures: Sequence[Figure]) -> str:
    """Return the figures as lines of text."""
    lines = [title, f"  {'':<40}{'rbee':>10}{'peer':>10}  {'unit':<9}{'ratio':>6}  promise"]
    for figure in figures:
        peer = "" if figure.peer is None else f"{figure.peer:.4g}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        line = f"  {figure.name:<40}{figure.ours:>10.4g}{peer:>10}  {figure.unit:<9}{ratio:>6}"
        lines.append(f"{line}  {_promise(figure)}".rstrip())
    return "\n".join(lines)


def _promise(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    unit = " x" if figure.is_ratio else f" {figure.unit}"
    return f"{'kept  ' if figure.is_kept else 'MISSED'} {figure.bound} {figure.limit:g}{unit}"
