"""Writes a llama model with random weights, or an adapter for one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import gguf

from random_gguf.vocabulary import FILL_IN_MARKS, sentence_pieces, write_sentence_pieces
from random_gguf.weights import Tensor

_LOGIT_DEVIATION = 3.0  # the likeliest of 32,000 tokens then has a few per cent, as trained models have in plain text
_ATTENTION_GAIN = 1.5  # sharper attention, so that what was said earlier changes the next token


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaShape:
    """The sizes of a llama model."""

    name: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    key_heads: int
    hidden: int
    context: int
    rope_base: float = 10_000.0
    can_fill_in: bool = False
    is_half: bool = False

    @property
    def key_width(self) -> int:
        """The width of keys and of values of all heads together."""
        return self.width // self.heads * self.key_heads


def write_llama(path: Path, *, shape: LlamaShape, seed: int) -> int:
    """Write the model a tensor at a time; return its number of parameters."""
    vocabulary = sentence_pieces(shape.vocabulary, marks=FILL_IN_MARKS if shape.can_fill_in else ())
    tensors = [_stored(tensor, shape) for tensor in _tensors(shape, vocabulary.special_count)]
    parameters = sum(tensor.rows * tensor.columns for tensor in tensors)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(shape.name)
    writer.add_description("Random weights: for tests and benchmarks only.")
    writer.add_size_label(f"{parameters / 1e6:.1f}M")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if shape.is_half else gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.key_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    write_sentence_pieces(writer, vocabulary)
    write_tensors(writer, tensors, seed)
    return parameters


def write_adapter(path: Path, *, shape: LlamaShape, seed: int, rank: int = 8) -> int:
    """Write a LoRA adapter for the queries and values of every layer; return its number of parameters."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(f"{shape.name}-lora")
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(2 * rank))
    tensors = list(_adapter_tensors(shape, rank))
    write_tensors(writer, tensors, seed)
    return sum(tensor.rows * tensor.columns for tensor in tensors)


def write_tensors(writer: gguf.GGUFWriter, tensors: list[Tensor], seed: int) -> None:
    """Write header and weights with no more than one tensor in memory, and close the file."""
    for tensor in tensors:
        tensor.announce(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in tensors:
        writer.write_tensor_data(tensor.values(seed))
    writer.close()


def norm(name: str, width: int) -> Tensor:
    """Return the weight of a norm that changes nothing."""
    return Tensor(name=name, rows=1, columns=width, deviation=0.0, mean=1.0, is_full=True)


def _stored(tensor: Tensor, shape: LlamaShape) -> Tensor:
    return replace(tensor, is_half=shape.is_half and not tensor.is_full)


def _tensors(shape: LlamaShape, special_count: int) -> Iterator[Tensor]:
    """Yield the tensors; special tokens have silent output rows, so that only a grammar ever draws one."""
    width, hidden, keys = shape.width, shape.hidden, shape.key_width
    unit = width**-0.5
    yield Tensor(name="token_embd.weight", rows=shape.vocabulary, columns=width, deviation=1.0)
    yield norm("output_norm.weight", width)
    yield Tensor(
        name="output.weight",
        rows=shape.vocabulary,
        columns=width,
        deviation=_LOGIT_DEVIATION * unit,
        silent_rows=special_count,
    )
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        yield norm(f"{block}.attn_norm.weight", width)
        yield norm(f"{block}.ffn_norm.weight", width)
        for name, rows, columns, deviation in (
            ("attn_q", width, width, _ATTENTION_GAIN * unit),
            ("attn_k", keys, width, _ATTENTION_GAIN * unit),
            ("attn_v", keys, width, unit),
            ("attn_output", width, width, unit),
            ("ffn_gate", hidden, width, unit),
            ("ffn_up", hidden, width, unit),
            ("ffn_down", width, hidden, hidden**-0.5),
        ):
            yield Tensor(name=f"{block}.{name}.weight", rows=rows, columns=columns, deviation=deviation)


def _adapter_tensors(shape: LlamaShape, rank: int) -> Iterator[Tensor]:
    for layer in range(shape.layers):
        for name, rows in (("attn_q", shape.width), ("attn_v", shape.key_width)):
            before = f"blk.{layer}.{name}.weight.lora"
            unit = shape.width**-0.5
            yield Tensor(name=f"{before}_a", rows=rank, columns=shape.width, deviation=unit, is_full=True)
            yield Tensor(name=f"{before}_b", rows=rows, columns=rank, deviation=0.5, is_full=True)
