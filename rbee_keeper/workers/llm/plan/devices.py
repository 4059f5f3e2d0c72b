"""What is known of a device of the machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device; `kind` is cpu, gpu, integrated (a GPU with the machine's memory) or accelerator."""

    name: str
    description: str
    kind: str
    free_bytes: int
    total_bytes: int

    @property
    def takes_models(self) -> bool:
        """A model can be on it as a whole."""
        return self.kind in ("gpu", "integrated")
