"""Vocabularies made from rules, which llama.cpp's tokenizers turn English into a sensible number of tokens with."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import gguf

from random_gguf.english import LETTERS, WORDS, pairs_by_frequency, prefixes

SPACE = "\u2581"
FILL_IN_MARKS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>")
_FILL_IN_KEYS = ("fim_pre", "fim_suf", "fim_mid", "fim_pad")
_PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Pieces in the order of their ids; the first `special_count` are never what a text is made of."""

    pieces: Sequence[str]
    kinds: Sequence[int]
    special_count: int


def sentence_pieces(size: int, *, marks: Sequence[str] = ()) -> Vocabulary:
    """Return a vocabulary in SentencePiece's manner, with bytes to fall back on and `marks` as control tokens."""
    control, byte, normal = gguf.TokenType.CONTROL, gguf.TokenType.BYTE, gguf.TokenType.NORMAL
    special = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", *marks]
    fallback = [f"<0x{value:02X}>" for value in range(256)]
    pieces = [*special, *fallback, *_first(_mergeable(), size - len(special) - len(fallback))]
    kinds = [gguf.TokenType.UNKNOWN, *[control] * (len(special) - 1), *[byte] * len(fallback)]
    kinds += [normal] * (size - len(kinds))
    return Vocabulary(pieces=pieces, kinds=kinds, special_count=len(special) + len(fallback))


def word_pieces(size: int) -> Vocabulary:
    """Return a vocabulary in WordPiece's manner, as BERT has: beginnings of words carry the mark of a space."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    texts = itertools.chain(
        (SPACE + text for text in (*_PRINTABLE, *WORDS)), _PRINTABLE, _pairs_and_fours(SPACE), _pairs_and_fours("")
    )
    pieces = [*special, *_first(texts, size - len(special))]
    kinds = [gguf.TokenType.CONTROL] * len(special) + [gguf.TokenType.NORMAL] * (size - len(special))
    return Vocabulary(pieces=pieces, kinds=kinds, special_count=len(special))


def write_sentence_pieces(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Add the vocabulary to a file; an earlier piece is merged before a later one."""
    pieces = list(vocabulary.pieces)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(pieces)
    writer.add_token_scores([-float(place) for place in range(len(pieces))])
    writer.add_token_types(list(vocabulary.kinds))
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(pieces.index("<|im_end|>"))
    for key, mark in zip(_FILL_IN_KEYS, FILL_IN_MARKS, strict=True):
        if mark in pieces[: vocabulary.special_count]:
            writer.add_uint32(f"tokenizer.ggml.{key}_token_id", pieces.index(mark))
    writer.add_add_bos_token(value=True)
    writer.add_add_eos_token(value=False)
    writer.add_add_space_prefix(value=True)
    writer.add_chat_template(CHAT_TEMPLATE)


def write_word_pieces(writer: gguf.GGUFWriter, vocabulary: Vocabulary) -> None:
    """Add the vocabulary of an embedding model to a file."""
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(list(vocabulary.pieces))
    writer.add_token_types(list(vocabulary.kinds))
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(3)
    writer.add_sep_token_id(3)
    writer.add_mask_token_id(4)


def _first(texts: Iterator[str], count: int) -> list[str]:
    found = list(itertools.islice(dict.fromkeys(texts), count))
    if len(found) < count:
        raise ValueError("there are not so many pieces")
    return found


def _mergeable() -> Iterator[str]:
    """Yield pieces so that each but a single character is the join of two that are there."""
    yield from (SPACE, *_PRINTABLE)
    yield from prefixes([SPACE + word for word in WORDS])
    yield from (SPACE + letter for letter in (*LETTERS, *LETTERS.upper()))
    yield SPACE + SPACE
    yield from _pairs_and_fours("")


def _pairs_and_fours(before: str) -> Iterator[str]:
    """Yield pairs of letters, then joins of two pairs and of a first letter with a pair, the commonest first."""
    pairs = pairs_by_frequency()
    yield from (before + pair for pair in pairs)
    for total in range(2 * len(pairs)):
        if total < len(pairs):
            yield from (SPACE + letter + pairs[total] for letter in LETTERS)
        for first in range(max(0, total - len(pairs) + 1), min(total + 1, len(pairs))):
            yield before + pairs[first] + pairs[total - first]
