"""One thing a person wants to do with rbee: its command, its answers, its wordings."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A command with the ways in which people ask for it.

    ``wordings`` are patterns (see ``patterns.py``) of an infinitive phrase such as "add a machine"; ``questions`` are
    patterns of complete questions. Both may hold slots such as ``{node}``; a slot that the question does not fill takes
    its value from ``defaults``.
    """

    name: str
    stem: str
    command: str
    notes: tuple[str, ...]
    wordings: tuple[str, ...]
    questions: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)
