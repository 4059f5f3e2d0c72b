"""Trains the byte-level BPE tokenizer and writes turns in ChatML."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from bundled_model.corpus import Document, Page

END_OF_TEXT, TURN_START, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL_TOKENS: tuple[str, ...] = (END_OF_TEXT, TURN_START, TURN_END)
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{{ message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def train(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Return a tokenizer with the pre-tokenizer that llama.cpp calls "gpt-2"."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(document: Document, tokenizer: Tokenizer) -> tuple[list[int], list[bool]]:
    """Return the tokens of a document, and for each whether the model should learn to write it."""
    tokens: list[int] = []
    written: list[bool] = []
    for text, learned in _parts(document):
        ids = tokenizer.encode(text).ids
        tokens += ids
        written += [learned] * len(ids)
    return tokens, written


def _parts(document: Document) -> list[tuple[str, bool]]:
    if isinstance(document, Page):
        return [(document.text + END_OF_TEXT, True)]
    parts = []
    if document.system is not None:
        parts.append((f"{TURN_START}system\n{document.system}{TURN_END}\n", False))
    for question, answer in document.turns:
        parts.append((f"{TURN_START}user\n{question}{TURN_END}\n{TURN_START}assistant\n", False))
        parts.append((f"{answer}{TURN_END}", True))
        parts.append(("\n", False))
    parts.append((END_OF_TEXT, False))
    return parts
