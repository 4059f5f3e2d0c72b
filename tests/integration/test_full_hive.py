"""A hive that runs as many workers as it may: who waits for room, and who is refused."""

from ..programs import Home
from ..waiting import eventually


def test_a_task_waits_for_the_room_of_a_worker_that_drains_and_is_refused_beside_one_that_stays(home: Home) -> None:
    """`rbee workers stop` and the next command failed as long as the old worker finished its answers."""
    first, second = home.fake_model("first", delay_s=0.05), home.fake_model("second", ends=True)
    _, queen = home.queen(workers_limit=1)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": first, "max_tokens": 60}, limit_s=60) as running:
        running.until("token")
        refused = queen.call("POST", "/v2/tasks", {"prompt": "hi", "model": second}, limit_s=60)
        assert (refused.status, refused.error["code"]) == (503, "TOO_MANY_WORKERS")
        assert refused.error["details"] == {"workers": 1, "limit": 1}
        (worker,) = queen.call("GET", "/v2/workers/list").json()["workers"]
        stopped = queen.call("POST", "/v2/workers/shutdown", {"worker_id": worker["worker_id"]})
        assert stopped.status == 202, stopped.body

        def drains() -> bool:
            return [each["state"] for each in queen.call("GET", "/v2/workers/list").json()["workers"]] == ["draining"]

        eventually(drains, "the worker drains")
        with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": second}, limit_s=60) as waiting:
            events = waiting.rest()
        assert running.rest()[-1].name == "end"
    said = [event.data["human"] for event in events if event.name == "narration"]
    assert "no hive has room for another worker, until one that drains has ended" in said
    assert events[-1].name == "end"
