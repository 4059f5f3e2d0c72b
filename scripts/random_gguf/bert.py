"""Writes a BERT-like model with random weights that embeds or ranks texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf

from random_gguf.llama import norm, write_tensors
from random_gguf.vocabulary import word_pieces, write_word_pieces
from random_gguf.weights import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class BertShape:
    """The sizes of a BERT model; a ranking one gives a score for a pair of texts."""

    name: str
    vocabulary: int
    width: int
    layers: int
    heads: int
    hidden: int
    context: int
    is_ranking: bool = False


def write_bert(path: Path, *, shape: BertShape, seed: int) -> int:
    """Write the model; return its number of parameters."""
    tensors = list(_tensors(shape))
    parameters = sum(tensor.rows * tensor.columns for tensor in tensors)
    writer = gguf.GGUFWriter(str(path), "bert")
    writer.add_name(shape.name)
    writer.add_description("Random weights: for tests and benchmarks only.")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(value=False)
    writer.add_pooling_type(gguf.PoolingType.RANK if shape.is_ranking else gguf.PoolingType.MEAN)
    write_word_pieces(writer, word_pieces(shape.vocabulary))
    write_tensors(writer, tensors, seed)
    return parameters


def _tensors(shape: BertShape) -> Iterator[Tensor]:
    width, hidden = shape.width, shape.hidden
    unit = width**-0.5
    yield Tensor(name="token_embd.weight", rows=shape.vocabulary, columns=width, deviation=1.0)
    yield Tensor(name="position_embd.weight", rows=shape.context, columns=width, deviation=0.3, is_full=True)
    yield Tensor(name="token_types.weight", rows=2, columns=width, deviation=0.3, is_full=True)
    yield from _norm_with_bias("token_embd_norm", width)
    for layer in range(shape.layers):
        block = f"blk.{layer}"
        for name, rows, columns in (
            ("attn_q", width, width),
            ("attn_k", width, width),
            ("attn_v", width, width),
            ("attn_output", width, width),
            ("ffn_up", hidden, width),
            ("ffn_down", width, hidden),
        ):
            yield Tensor(name=f"{block}.{name}.weight", rows=rows, columns=columns, deviation=columns**-0.5)
            yield Tensor(name=f"{block}.{name}.bias", rows=1, columns=rows, deviation=0.1, is_full=True)
        yield from _norm_with_bias(f"{block}.attn_output_norm", width)
        yield from _norm_with_bias(f"{block}.layer_output_norm", width)
    if shape.is_ranking:
        yield Tensor(name="cls.weight", rows=width, columns=width, deviation=unit, is_full=True)
        yield Tensor(name="cls.bias", rows=1, columns=width, deviation=0.1, is_full=True)
        yield Tensor(name="cls.output.weight", rows=1, columns=width, deviation=4 * unit, is_full=True)
        yield Tensor(name="cls.output.bias", rows=1, columns=1, deviation=0.0, is_full=True)


def _norm_with_bias(name: str, width: int) -> Iterator[Tensor]:
    yield norm(f"{name}.weight", width)
    yield Tensor(name=f"{name}.bias", rows=1, columns=width, deviation=0.1, is_full=True)
