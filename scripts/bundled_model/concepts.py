"""What the words of rbee mean, for questions such as "what is a hive"."""

# ruff: noqa: E501 - a sentence or a list of words stays on one line

import random

from bundled_model.wordings import dress

CONCEPTS: dict[str, tuple[str, ...]] = {
    "queen": (
        ("The queen is the daemon that decides. She takes the tasks, picks a worker for each of them and sends the answer "
        "back as a stream. She listens on port 8080."),
        "The queen is the one daemon that makes decisions in rbee. Every prompt goes to her first.",
    ),
    "hive": (
        ("A hive is the daemon of one machine. It starts the workers of that machine, watches over them and reports to "
        "the queen. It listens on port 9200."),
        "A hive is the daemon that looks after one machine. It does what the queen has decided.",
    ),
    "worker": (
        "A worker is one process with one model. It writes the answer word by word, and it ends when its hive ends.",
        "A worker is a process that holds one model in memory and answers prompts with it.",
    ),
    "node": (
        ("A node is a machine that rbee may use. You add it once with its SSH address, and the queen logs in when she "
        "needs it."),
    ),
    "keeper": (
        ("The keeper is the program `rbee` that you type commands into. It talks to the queen and prints what she sends "
        "back."),
    ),
    "task": (
        ("A task is one piece of work for the queen, such as a prompt. It is queued, it runs, and it ends as done, failed "
        "or cancelled."),
    ),
    "event": ("An event is one message of a task: it was queued, it started, a word came, or it has ended.",),
    "slot": ("A slot is room for one answer at a time in a worker. A worker with no free slot is busy.",),
    "lease": ("A lease is a slot that the queen has kept for a task for a short time. It is given back when the task ends.",),
    "heartbeat": (
        ("A heartbeat is the report that a hive sends to the queen every few seconds. When it stays away, the queen knows "
        "that something is wrong."),
    ),
    "drain": ("To drain is to finish the work that runs and to take no new work.",),
    "model": (
        "A model is a file of numbers that has learned from text. A worker loads it and writes new text with it.",
    ),
    "model reference": (
        ("A model reference names a model. It looks like `hf:org/repo`, or it is a file, or a short name such as "
        "`bee-tiny`."),
    ),
    "catalog": ("The catalog is the list of the models that are on disk. It is kept when rbee stops.",),
    "registry": ("The registry is the list of what is alive right now: nodes, hives and workers.",),
    "token": (
        "A token is a piece of a word. A model reads tokens and writes tokens, one after the other.",
    ),
    "temperature": (
        "The temperature says how freely the model picks its words. At zero it always takes the likeliest one.",
    ),
    "prompt": ("A prompt is the text that you give to a model. The model writes what could come next.",),
    "seed": ("A seed is a number that fixes the dice of the model. The same seed gives the same answer.",),
    "gguf": ("GGUF is a file format for models. One file holds the numbers, the words and the settings of a model.",),
    "device": ("A device is the part of a machine that does the sums: the CPU or one of its GPUs.",),
    "backend": ("A backend is the way in which a worker uses the machine: cpu, cuda or metal.",),
    "policy": ("A policy is a rule that decides where a task runs. You may write your own policy in Rhai.",),
    "rhai": ("Rhai is a small and safe script language. In rbee you write routing rules with it.",),
    "narration": ("Narration is what rbee says while it works, for you to read. The answer itself goes another way.",),
    "deadline": ("A deadline is the time by which a task must end. It is passed on from step to step.",),
    "system message": ("A system message tells the model how to behave before it reads your prompt.",),
    "bee-tiny": (
        ("bee-tiny is the small model that comes with rbee. It knows the commands of rbee and a few stories, and it is "
        "made for demos and tests."),
        "bee-tiny is a demo model of a few million numbers. It can tell you about rbee, but it knows little of the world.",
    ),
    "rbee": (
        ("rbee is a program that runs AI models on the machines you own. You type a prompt, a queen picks a machine, and "
        "the answer streams back."),
        "rbee is your own AI on all your machines. It is free software, it works in the terminal, and it needs no cloud.",
    ),
    "api": ("The queen speaks HTTP on port 8080. There is a task API under /v2 and an OpenAI API under /v1.",),
    "time to first token": ("It is the time from your prompt to the first word of the answer.",),
    "cold start": ("A cold start is the first prompt to a model that no worker has loaded yet. It takes a little longer.",),
}

_WITH_ARTICLE = {
    "queen", "hive", "worker", "node", "keeper", "task", "event", "slot", "lease", "heartbeat", "model",
    "model reference", "catalog", "registry", "token", "temperature", "prompt", "seed", "device", "backend", "policy",
    "deadline", "system message", "api", "cold start",
}
_FRAMES = (
    "what is {}", "what is {}", "what is {}", "what's {}", "explain what {} is", "explain {}", "explain {} to me",
    "tell me what {} is", "what does {} do", "tell me about {}", "describe {}", "define {}", "what do you mean by {}",
    "what is meant by {}", "explain the word {bare}", "explain the word {bare} to me", "what does {bare} mean",
    "what does the word {bare} mean", "i do not know what {} is", "tell me more about {}", "who or what is {}",
    "what is {} for", "can you explain {}", "{bare}", "what exactly is {}", "what is {} in rbee", "how does {} work",
    "tell me something about {}", "give me a short explanation of {}", "what are {bare}s", "what do {bare}s do",
)


def explain(rng: random.Random) -> tuple[str, str]:
    """Return a question about one word of rbee and its meaning."""
    word = rng.choice(list(CONCEPTS))
    named = word
    if word in _WITH_ARTICLE:
        named = rng.choice(("a ", "the ")) + word
        named = named.replace("a event", "an event").replace("a api", "an api")
    elif word == "drain" and rng.random() < 0.5:
        named = "to drain"
    question = rng.choice(_FRAMES).format(named, bare=word)
    return dress(question, rng), rng.choice(CONCEPTS[word])
