"""The manual of rbee as plain prose, for text without questions."""

# ruff: noqa: E501 - a sentence or a list of words stays on one line

import random

from bundled_model.concepts import CONCEPTS
from bundled_model.facts.everything import INTENTS
from bundled_model.patterns import expand
from bundled_model.wordings import NODE_NAMES

_PARAGRAPHS: tuple[str, ...] = (
    ("rbee runs AI models on the machines you own. It is a program for the terminal. You type a prompt, the queen picks a "
    "worker, and the answer streams back word by word. Nothing leaves your network."),
    ("There are four parts. The keeper is the program that you type commands into. The queen takes every decision. A hive "
    "looks after one machine. A worker is one process with one model."),
    ("The keeper talks only to the queen. The queen talks to the hives, and a hive starts the workers of its machine. When "
    "a worker is ready, it calls its hive, and the hive tells the queen."),
    ("The first prompt takes the longest, because a worker must load the model. After that the worker stays, and the next "
    "answer begins at once. A worker that has nothing to do for five minutes ends and gives its memory back."),
    ("When you press Ctrl-C, the task is cancelled at every step: the queen ends it, the worker stops writing, and the slot "
    "is free for somebody else."),
    ("When the queen ends, everything that she has started ends too. No process is left behind. This is true when she is "
    "stopped in good order and also when she is killed."),
    ("The queen listens on port 8080, a hive on port 9200, and workers take port 8001 and up. A daemon that listens on more "
    "than the local address needs a token, or it refuses to start."),
    ("Settings come from four places. A flag wins over the environment, the environment wins over the file, and the file "
    "wins over the default. The file is called config.toml."),
    ("Answers go to the standard output, and all other messages go to the standard error. So you can send an answer to a "
    "file or to another program, and the messages do not get in the way."),
    ("A model reference names a model. It may be a short name, a file, or a place on the hub. You may add a revision or the "
    "name of a quantisation after it."),
    ("Before a worker starts, rbee checks that the model fits into memory. When there is too little, it says how much is "
    "needed and how much is there, and it tells you what you can do."),
    ("A task may ask for a certain machine. The queen never puts it on another one without telling you. When no machine is "
    "named, she takes the one with the most free memory."),
    ("Routing can be changed with a script in Rhai. The script sees the task and the workers, and it returns a decision. It "
    "cannot read files, and it must be quick."),
    ("Every command knows the option --help. When something does not work, run `rbee doctor` first. It looks at the "
    "installation, the ports, the models and the machines, and it gives a hint for each problem."),
    ("bee-tiny is the model that comes with rbee. It is very small, so that the first try needs no download. It is good "
    "enough for a demo and for tests. For real work, take a bigger model."),
    ("Keep the queen running when you work with rbee all day. Then the workers stay warm, and other programs can use the "
    "queen as well, because she speaks the OpenAI API."),
    ("A heartbeat goes from each hive to the queen. It says which workers there are and what they do. When it stays away "
    "for too long, the queen stops sending work to that hive."),
    ("A log is kept by each daemon. It holds one line for each thing that happened, with the time and the name of the part. "
    "You can read it at once or follow it while it grows."),
    ("To add a machine, you need its name, an SSH address and a user. The queen logs in and runs a harmless command. Only "
    "when that works is the machine saved as a node."),
    ("A good prompt says what you want, how long the answer should be and what form it should have. A small model needs a "
    "simple prompt. A bigger model understands more."),
    ("In the morning the garden is quiet. Dew lies on the grass, and the first bees leave the hive. They fly from flower to "
    "flower and come back with pollen. By noon the whole garden hums."),
    ("Bees live together in a hive. There is one queen, and there are many workers. Each of them knows her task, and nobody "
    "has to shout. It is a good way to work."),
    ("In winter the bees stay close together to keep warm. They eat the honey that they made in summer. When spring comes, "
    "they clean the hive and fly out again."),
    ("A garden in the evening smells of roses and wet earth. The light is soft, a bird sings on the roof, and the last bee "
    "flies home."),
)
_SCENES = (
    ("(a|the|an early|a summer|a spring) morning in (the|a) (garden|meadow|orchard)", 20),
    ("(bees|a hive of bees|how bees live|the life of bees)", 21),
    ("(winter in the hive|bees in winter|what bees do in winter)", 22),
    ("(an|the) evening in (the|a) garden", 23),
    ("(how rbee works|the parts of rbee|the architecture of rbee)", 1),
    ("(ports|the ports of rbee|which ports rbee uses)", 6),
    ("(settings|how settings work|the order of settings)", 7),
    ("(cancelling|what happens when i press ctrl-c|what ctrl-c does)", 4),
    ("(a good prompt|how to write a good prompt|prompts)", 19),
    ("(routing|how tasks are routed|how the queen picks a machine)", 11),
)
_ASKS = ("describe {}", "tell me about {}", "write about {}", "explain {}", "say something about {}", "write a text about {}",
         "tell me something about {}", "write a few sentences about {}")


def document(rng: random.Random) -> str:
    """Return a plain page: prose, meanings of words, or commands."""
    kind = rng.random()
    if kind < 0.4:
        return "\n\n".join(rng.sample(_PARAGRAPHS, rng.randint(2, 6)))
    if kind < 0.6:
        words = rng.sample(list(CONCEPTS), rng.randint(3, 7))
        return "\n\n".join(rng.choice(CONCEPTS[word]) for word in words)
    return "\n".join(_how_to(rng) for _ in range(rng.randint(3, 8)))


def describe(rng: random.Random) -> tuple[str, str]:
    """Return a request for a description and the paragraph that answers it."""
    pattern, place = rng.choice(_SCENES)
    return rng.choice(_ASKS).format(expand(pattern, rng)), _PARAGRAPHS[place]


def _how_to(rng: random.Random) -> str:
    intent = rng.choice(INTENTS)
    plain = [wording for wording in intent.wordings if "{" not in wording]
    values = {**intent.defaults, **({"node": rng.choice(NODE_NAMES)} if "node" in intent.defaults else {})}
    command = intent.command.format(**values)
    return f"To {expand(rng.choice(plain), rng)}, {'press Ctrl-C' if command == 'Ctrl-C' else f'run `{command}`'}. {rng.choice(intent.notes)}"
