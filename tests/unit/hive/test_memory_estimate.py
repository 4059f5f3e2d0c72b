"""The estimate of a model's memory before a worker is started."""

from pathlib import Path

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.config.settings import load_settings
from rbee_keeper.contract.ids import ModelRef
from rbee_keeper.hive.model_files import ModelFile
from rbee_keeper.hive.workers.memory_estimate import estimated_bytes

PER_TOKEN = 5 * 256 * 2 * 2


def estimate(path: Path, **environment: str) -> int:
    file = ModelFile(ref=ModelRef("m"), path=path, kind="llm", size_bytes=1_000_000_000)
    return estimated_bytes(file, load_settings({}, environment))


def test_a_larger_cache_needs_more_by_what_its_tokens_take() -> None:
    """The file of the bundled model says how much that is."""
    path = bundled_models_dir() / "bee-tiny.gguf"
    more = estimate(path, RBEE_KV_TOKENS="100000") - estimate(path, RBEE_KV_TOKENS="50000")
    assert more == 50_000 * PER_TOKEN
    assert estimate(path) > 1_000_000_000 + 1024 * PER_TOKEN


def test_a_file_that_says_nothing_is_left_to_its_worker(tmp_path: Path) -> None:
    """Which has the words for what is wrong with it."""
    path = tmp_path / "m.gguf"
    path.write_bytes(b"nothing")
    assert estimate(path) == 0
    assert estimate(tmp_path / "none.gguf") == 0
