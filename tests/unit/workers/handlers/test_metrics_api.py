"""The metrics of a worker: what Prometheus reads, and what the reference says about it."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from rbee_keeper.daemon.metrics import counter
from rbee_keeper.daemon.scrape import CONTENT_TYPE, metrics_answer
from rbee_keeper.workers.executions.slots import Slots
from rbee_keeper.workers.fake.engine import FakeEngine
from rbee_keeper.workers.fake.loader import fake_model
from rbee_keeper.workers.fake.script import FakeScript
from rbee_keeper.workers.handlers.metrics_api import MetricsApi
from rbee_keeper.workers.loader import ModelHolder
from rbee_keeper.workers.metrics.recorder import Recorder

REFERENCE = Path(__file__).resolve().parents[4] / "docs" / "reference" / "metrics.md"
NAMED_BY_THE_CONTRACT = {"worker_inference_duration_ms", "latency_first_token_ms", "latency_decode_ms"}


def handler(engine: FakeEngine | None = None) -> MetricsApi:
    """Return the metrics of a worker that has loaded its model."""
    model = fake_model(engine or FakeEngine(FakeScript(), slots=4), slots=4)
    return MetricsApi(Slots(recorder=Recorder()), ModelHolder(model))


async def text_of(metrics: MetricsApi) -> str:
    """Return what a scrape gets."""
    return bytes((await metrics_answer(metrics.collect())).body).decode()


def by_name(text: str) -> dict[str, Family]:
    """Read the text with Prometheus' own reader; counters get their full name."""
    families = text_string_to_metric_families(text)
    return {each.name + ("_total" if each.type == "counter" else ""): each for each in families}


def problems_of(name: str, kind: str, about: str) -> Iterable[str]:
    """Yield what Prometheus' linter would say."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*[a-z0-9]", name) or "__" in name:
        yield "name is not snake case"
    if len(about) < 10:
        yield "no help"
    if name.endswith("_total") != (kind == "counter"):
        yield "counters, and only they, end in _total"
    if name.endswith(("_count", "_sum", "_bucket", "_info", "_created")):
        yield "the name ends as a part of a histogram does"
    words = set(name.split("_"))
    if words & {"gauge", "counter", "histogram", "summary"}:
        yield "the type is in the name"
    if words & {"s", "ms", "us", "sec", "milliseconds", "minutes", "b", "kb", "mb", "kilobytes", "percent"}:
        yield "not a base unit"


async def test_every_metric_is_as_prometheus_wants_it() -> None:
    """A name is forever: dashboards and alarms are written against it."""
    text = await text_of(handler())
    lines = text.splitlines()
    families = by_name(text)
    assert len(families) == 20
    for name, family in families.items():
        found = list(problems_of(name, family.type, family.documentation))
        assert found == (["not a base unit"] if name in NAMED_BY_THE_CONTRACT else []), name
        assert sum(line.startswith(f"# HELP {name} ") for line in lines) == 1
        assert f"# TYPE {name} {family.type}" in lines


async def test_the_reference_has_every_metric_with_its_type_and_label() -> None:
    """And none that is not there."""
    families = by_name(await text_of(handler()))
    labels = {
        name: {key for each in family.samples for key in each.labels} - {"le"} for name, family in families.items()
    }
    rows = re.findall(
        r"^\| `(\w+)` \| (counter|gauge|histogram) \| (?:`(\w+)`)? ?\| (.+) \|$", REFERENCE.read_text(), re.M
    )
    assert {name: (kind, {label} - {""}) for name, kind, label, _ in rows} == {
        name: (family.type, labels[name]) for name, family in families.items()
    }
    values = {
        value
        for family in families.values()
        for each in family.samples
        for key, value in each.labels.items()
        if key != "le"
    }
    assert set(re.findall(r"^\| `(\w+)` \| [^|]+ \|$", REFERENCE.read_text(), re.M)) >= values
    assert len(values) == 8, "labels have few values, known beforehand"


async def test_a_histogram_is_cumulative_and_ends_with_all() -> None:
    """Prometheus takes the difference of neighbours; bounds belong to the bucket below them."""
    metrics = handler()
    for value in (5, 5.1, 400, 10_000_000):
        metrics._slots.recorder.duration_ms.observe(value)
    family = by_name(await text_of(metrics))["worker_inference_duration_ms"]
    buckets = {each.labels["le"]: each.value for each in family.samples if each.name.endswith("_bucket")}
    assert (buckets["5.0"], buckets["10.0"], buckets["250.0"], buckets["500.0"], buckets["300000.0"]) == (1, 2, 2, 3, 3)
    assert buckets["+Inf"] == 4
    rest = {each.name.rpartition("_")[2]: each.value for each in family.samples if not each.name.endswith("_bucket")}
    assert (rest["count"], rest["sum"]) == (4, pytest.approx(10_000_410.1))


async def test_the_parts_of_the_engine_s_time_make_the_whole_and_never_go_back() -> None:
    """The engine adds while a scrape reads; a counter that falls is read as a restart, and counted twice."""
    engine = FakeEngine(FakeScript(), slots=4)
    metrics, times = handler(engine), engine._times
    times.busy_s, times.decode_s, times.sampling_s = 10.0, 7.0, 1.0

    async def parts() -> dict[str, float]:
        family = by_name(await text_of(metrics))["worker_engine_seconds_total"]
        return {each.labels["part"]: each.value for each in family.samples}

    assert await parts() == {"decode": 7.0, "sampling": 1.0, "other": 2.0}
    times.decode_s = 7.5
    assert await parts() == {"decode": 7.5, "sampling": 1.0, "other": 2.0}
    times.busy_s = 12.0
    assert await parts() == {"decode": 7.5, "sampling": 1.0, "other": 3.5}


async def test_a_worker_that_loads_is_scraped_with_zeros() -> None:
    """Its engine has nothing to say yet, and a scrape that fails is an alarm."""
    metrics = MetricsApi(Slots(recorder=Recorder()), ModelHolder())
    families = by_name(await text_of(metrics))
    assert families["worker_vram_bytes"].samples[0].value == 0
    assert families["worker_slots"].samples[0].value == 0
    assert families["kv_cache_usage_ratio"].samples[0].value == 0


async def test_the_content_type_is_the_one_that_every_prometheus_reads() -> None:
    """Prometheus 3 refuses an answer whose content type it does not know."""
    answer = await metrics_answer([counter("a_total", 1, "Something.")])
    assert answer.headers["content-type"] == CONTENT_TYPE == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.body == b"# HELP a_total Something.\n# TYPE a_total counter\na_total 1.0\n"
