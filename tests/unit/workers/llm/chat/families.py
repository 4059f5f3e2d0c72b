"""Chat templates in the manner of public families of models, and a tool to call."""

from rbee_keeper.contract.inference.chat import Function, Tool

_CHATML_END = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
_CHATML_MESSAGES = (
    "{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n"
    "</tool_response><|im_end|>\n{% else %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}"
    "\n<tool_call>\nCALL\n</tool_call>{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
)
_TOOLS = "{% if tools %}<tools>\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}</tools>\n{% endif %}"
_JSON_CALL = '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}'
_XML_CALL = (
    "<function={{ c.function.name }}>\n{% for k, v in c.function.arguments|items %}<parameter={{ k }}>\n"
    "{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>"
)

HERMES = _TOOLS + _CHATML_MESSAGES.replace("CALL", _JSON_CALL) + _CHATML_END
QWEN_THINKING = HERMES.replace(
    _CHATML_END,
    _CHATML_END.replace(
        "assistant\n", "assistant\n{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
    ),
)
ALWAYS_THINKING = HERMES.replace(_CHATML_END, _CHATML_END.replace("assistant\n", "assistant\n<think>\n"))
QWEN_XML = _TOOLS + _CHATML_MESSAGES.replace("CALL", _XML_CALL) + _CHATML_END
LLAMA = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ 'ipython' if m.role == 'tool' else m.role }}"
    "<|end_header_id|>\n\n{% if loop.last and tools %}{{ tools | tojson }}\nAnswer in the form "
    '{"name": ..., "parameters": ...}\n{% endif %}{% if m.tool_calls %}{% if m.tool_calls|length != 1 %}'
    "{{ raise_exception('one call at a time') }}{% endif %}{% set c = m.tool_calls[0].function %}<|python_tag|>"
    '{"name": "{{ c.name }}", "parameters": {{ c.arguments | tojson }}}{% else %}{{ m.content }}{% endif %}<|eot_id|>'
    "{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_MISTRAL_CHECK = "{% if c.id|length != 9 %}{{ raise_exception('nine characters') }}{% endif %}"
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{% if tools and loop.last %}[AVAILABLE_TOOLS]"
    "{{ tools | tojson }}[/AVAILABLE_TOOLS]{% endif %}[INST]{{ m.content }}[/INST]{% elif m.role == 'tool' %}"
    "[TOOL_RESULTS]{{ {'content': m.content, 'call_id': m.tool_call_id} | tojson }}[/TOOL_RESULTS]"
    "{% elif m.tool_calls %}[TOOL_CALLS][{% for c in m.tool_calls %}" + _MISTRAL_CHECK + "{{ c.function | tojson }}"
    "{{ ', ' if not loop.last }}{% endfor %}]{{ eos_token }}{% elif m.role == 'assistant' %}{{ m.content }}"
    "{{ eos_token }}{% else %}{{ raise_exception('unknown role') }}{% endif %}{% endfor %}"
)
MISTRAL_NAMED = MISTRAL.replace("[TOOL_CALLS][", "").replace(
    "{{ c.function | tojson }}{{ ', ' if not loop.last }}{% endfor %}]",
    "[TOOL_CALLS]{{ c.function.name }}[ARGS]{{ c.function.arguments | tojson }}{% endfor %}",
)
FUNCTIONARY = (
    "{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n{% if loop.first and tools %}"
    "{{ tools | tojson }}\nUse <function=name>{...}</function>\n{% endif %}{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<function={{ c.function.name }}>{{ c.function.arguments }}</function>"
    "{% endfor %}<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n"
    "{% endif %}"
)
UNKNOWN = "{{ tools | tojson if tools }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"
WITHOUT_TOOLS = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"

WEATHER = Tool(
    function=Function(
        name="weather",
        description="Tells the weather.",
        parameters={
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    )
)
CLOCK = Tool(function=Function(name="clock"))
TOOLS = [WEATHER, CLOCK]
