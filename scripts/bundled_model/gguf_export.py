"""Writes the trained network with its tokenizer as one GGUF file of type q8_0."""

import json
from pathlib import Path

import gguf
import numpy
from tokenizers import Tokenizer

from bundled_model.network import Network, Shape
from bundled_model.tokenizer import CHAT_TEMPLATE, END_OF_TEXT, SPECIAL_TOKENS, TURN_END

NAME = "bee-tiny"
_DESCRIPTION = (
    "A very small demo and test model that comes with rbee. It knows the commands of rbee and tells small stories; it "
    "is no source of facts."
)


def write(path: Path, network: Network, tokenizer: Tokenizer) -> None:
    """Write the file; matrices are stored as q8_0, norms as f32."""
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer, network)
    _write_sizes(writer, network.shape)
    _write_tokenizer(writer, tokenizer)
    for name, weights in network.state_dict().items():
        values = weights.detach().float().numpy()
        if values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            _add_matrix(writer, name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, network: Network) -> None:
    writer.add_name(NAME)
    writer.add_author("rbee")
    writer.add_version("1")
    writer.add_description(_DESCRIPTION)
    writer.add_license("GPL-3.0-or-later")
    writer.add_languages(["en"])
    writer.add_size_label(f"{network.parameter_count() / 1e6:.1f}M")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _write_sizes(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)


def _write_tokenizer(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    words = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    merges = [" ".join(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([word for word, _ in words])
    writer.add_token_types([control if word in SPECIAL_TOKENS else normal for word, _ in words])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokenizer.token_to_id(END_OF_TEXT))
    writer.add_eos_token_id(tokenizer.token_to_id(TURN_END))
    writer.add_pad_token_id(tokenizer.token_to_id(END_OF_TEXT))
    writer.add_add_bos_token(value=False)
    writer.add_add_eos_token(value=False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _add_matrix(writer: gguf.GGUFWriter, name: str, values: numpy.ndarray) -> None:
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
