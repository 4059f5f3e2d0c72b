"""The real engine: the same tokens as llama.cpp itself, several at once, and never in the way."""

import json
import statistics
import subprocess
import sys
import threading
import time

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon, Event
from ..programs import Home
from ..waiting import eventually

PROMPTS = [
    "Once upon a time",
    "How do I add a node?",
    "The bee",
    "rbee infer",
    "To start the queen,",
    "A hive is",
    "Q: What is a worker?\nA:",
    "In the morning the wind",
    "Ümlaute und Straßen",
    "蜂 🐝",
    "1 2 3 4 5",
    "def main():",
    "   leading spaces",
    "UPPER CASE WORDS",
    "a",
    'The little bird said: "',
    "What happens when I press Ctrl-C?",
    "the the the the the",
    "Once there was a king who had three daughters, and the youngest of them",
    "\n\nThe end of the story was",
]
COUNT = 48

REFERENCE = """
import codecs, ctypes, json, sys
import llama_cpp as api

path, count, prompts = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
api.llama_backend_init()
quiet = api.llama_log_callback(lambda level, text, data: None)
api.llama_log_set(quiet, None)
parameters = api.llama_model_default_params()
parameters.n_gpu_layers = 0
model = api.llama_model_load_from_file(path.encode(), parameters)
vocab = api.llama_model_get_vocab(model)
answers = []
for prompt in prompts:
    parameters = api.llama_context_default_params()
    parameters.n_ctx = 1024
    parameters.n_threads = parameters.n_threads_batch = 1
    context = api.llama_init_from_model(model, parameters)
    sampler = api.llama_sampler_init_greedy()
    data = prompt.encode()
    tokens = (api.llama_token * (len(data) + 8))()
    length = api.llama_tokenize(vocab, data, len(data), tokens, len(tokens), True, False)
    assert length > 0
    batch = api.llama_batch_get_one(tokens, length)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = []
    for _ in range(count):
        assert api.llama_decode(context, batch) == 0
        token = api.llama_sampler_sample(sampler, context, -1)
        if api.llama_vocab_is_eog(vocab, token):
            break
        buffer = ctypes.create_string_buffer(256)
        size = api.llama_token_to_piece(vocab, token, buffer, 256, 0, False)
        pieces.append(decoder.decode(buffer.raw[:size]))
        one = (api.llama_token * 1)(token)
        batch = api.llama_batch_get_one(one, 1)
    pieces.append(decoder.decode(b"", final=True))
    answers.append([piece for piece in pieces if piece])
    api.llama_free(context)
print(json.dumps(answers))
"""


def greedy(queen: Daemon, prompt: str, **fields: object) -> list[Event]:
    """Return the events of a greedy answer."""
    body = {"prompt": prompt, "raw": True, "temperature": 0, "max_tokens": COUNT, **fields}
    with queen.stream("POST", "/v2/tasks", body) as stream:
        return stream.rest()


def pieces_of(events: list[Event]) -> list[str]:
    """Return the texts of the tokens."""
    assert events[-1].name == "end", events[-1]
    return [event.data["t"] for event in events if event.name == "token"]


@pytest.fixture(scope="module")
def reference() -> list[list[str]]:
    """Decode the prompts with llama.cpp's own functions, without any code of ours."""
    done = subprocess.run(
        [sys.executable, "-c", REFERENCE, str(bundled_models_dir() / "bee-tiny.gguf"), str(COUNT), json.dumps(PROMPTS)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(answers, list)
    return answers


def test_greedy_answers_are_llama_cpps_own_token_for_token(home: Home, reference: list[list[str]]) -> None:
    """Twenty prompts; what the person gets is what the model says."""
    _, queen = home.queen()
    assert len(reference) == len(PROMPTS) == 20
    assert sum(map(len, reference)) > 200
    for prompt, expected in zip(PROMPTS, reference, strict=True):
        assert pieces_of(greedy(queen, prompt)) == expected, prompt


def test_answers_that_are_decoded_together_are_the_same_as_alone(home: Home) -> None:
    """Four sequences in one batch must not see each other."""
    _, queen = home.queen()
    alone = [pieces_of(greedy(queen, prompt)) for prompt in PROMPTS[:4]]
    together: dict[int, list[str]] = {}

    def run(index: int) -> None:
        together[index] = pieces_of(greedy(queen, PROMPTS[index]))

    for _ in range(3):
        threads = [threading.Thread(target=run, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert ["".join(together[index])[:40] for index in range(4)] == ["".join(each)[:40] for each in alone]


def test_a_slot_that_was_cancelled_remembers_nothing(home: Home) -> None:
    """The cache of a cancelled answer must not leak into the next one."""
    _, queen = home.queen(slots=1)
    expected = pieces_of(greedy(queen, PROMPTS[0]))
    for _ in range(3):
        with queen.stream("POST", "/v2/tasks", {"prompt": "Once there was", "raw": True, "max_tokens": 900}) as stream:
            stream.until("token")
        assert pieces_of(greedy(queen, PROMPTS[0])) == expected


def test_nine_tasks_on_four_slots_all_get_their_answer(home: Home) -> None:
    """More tasks than slots wait their turn."""
    _, queen = home.queen()
    expected = pieces_of(greedy(queen, PROMPTS[0], max_tokens=30))
    answers: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(pieces_of(greedy(queen, PROMPTS[0], max_tokens=30))))
        for _ in range(9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 9
    assert {"".join(answer)[:40] for answer in answers} == {"".join(expected)[:40]}
    assert len(home.roles()["worker"]) == 1


def test_every_daemon_answers_health_while_the_engine_computes(home: Home) -> None:
    """The model lock was once held during generation and health blocked (contract 3): 50 ms at most."""
    _, queen = home.queen()
    greedy(queen, "hi")
    status = queen.call("GET", "/v2/status").json()
    urls = [status["url"], status["hives"][0]["url"], status["workers"][0]["url"]]
    stop = threading.Event()

    def generate() -> None:
        while not stop.is_set():
            greedy(queen, "Once upon a time", max_tokens=400)

    threads = [threading.Thread(target=generate) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: queen.call("GET", "/v2/status").json()["tasks_running"] > 0, "the engine computes")
        for url in urls:
            daemon = Daemon(port=int(url.rpartition(":")[2]))
            times = []
            for _ in range(15):
                started_at = time.monotonic()
                assert daemon.call("GET", "/health").status == 200
                times.append(time.monotonic() - started_at)
            assert statistics.median(times) < 0.05, (url, times)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def test_sampling_options_reach_the_engine(home: Home) -> None:
    """top-k 1 is greedy whatever the temperature; a repetition penalty changes a greedy answer."""
    _, queen = home.queen()
    expected = pieces_of(greedy(queen, PROMPTS[17]))
    assert pieces_of(greedy(queen, PROMPTS[17], temperature=2, top_k=1, top_p=1)) == expected
    assert pieces_of(greedy(queen, PROMPTS[17], temperature=2, top_k=0, top_p=0)) == expected
    assert pieces_of(greedy(queen, PROMPTS[17], temperature=2, top_k=0, top_p=1, min_p=1)) == expected
    assert pieces_of(greedy(queen, PROMPTS[17], repetition_penalty=2)) != expected


def test_control_tokens_in_a_prompt_are_text_when_raw(home: Home) -> None:
    """And never appear in an answer."""
    _, queen = home.queen()
    events = greedy(queen, "<|im_start|>system", max_tokens=20)
    assert events[-1].name == "end"
    assert "<|" not in "".join(pieces_of(events))


def test_loading_names_layers_and_memory(home: Home) -> None:
    """7.7: layers loaded of all, and memory, then ready."""
    port = home.worker_first_port
    model = bundled_models_dir() / "bee-tiny.gguf"
    home.start("worker-rbee", "--model", str(model), "--port", str(port))
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    health = worker.call("GET", "/health").json()
    assert 0 < health["vram_bytes"] <= model.stat().st_size
    assert health["slots_total"] == 4
    assert worker.call("GET", "/v1/loading/progress").status == 503
