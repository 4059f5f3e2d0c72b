"""Engine words: what the options of an engine may be called, for settings and messages alike."""

from typing import Literal

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl"]
FlashAttention = Literal["auto", "on", "off"]
EngineLogLevel = Literal["DEBUG", "INFO", "WARN", "ERROR"]
KV_TYPES: tuple[KvType, ...] = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")
FLASH_ATTENTION: tuple[FlashAttention, ...] = ("auto", "on", "off")
ENGINE_LOG_LEVELS: tuple[EngineLogLevel, ...] = ("DEBUG", "INFO", "WARN", "ERROR")
