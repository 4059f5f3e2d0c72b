"""The page about chats: the ways of writing calls, thoughts, choices of tools and the forms of an answer."""

from rbee_keeper.workers.llm.chat.formats import REASONING, TOOL_FORMATS
from rbee_keeper.workers.llm.chat.template import MAX_SECONDS
from rbee_keeper.workers.llm.chat.template_renderer import MAX_TEXT, MEMORY_BYTES

from .reference import page, table

_FORMATS = {
    "hermes": ("Qwen 2.5 and 3, Hermes", '<tool_call>{"name": "f", "arguments": {...}}</tool_call>'),
    "qwen_xml": (
        "Qwen3-Coder",
        "<tool_call><function=f><parameter=key>value</parameter></function></tool_call>",
    ),
    "llama": ("Llama 3.1 to 3.3", '{"name": "f", "parameters": {...}}, after <|python_tag|> or alone'),
    "mistral": ("Mistral 7B v0.3, Nemo, Small", '[TOOL_CALLS][{"name": "f", "arguments": {...}}]'),
    "mistral_named": ("Mistral from 2025 on", "[TOOL_CALLS]f[ARGS]{...}"),
    "functionary": ("Functionary v3.1", "<function=f>{...}</function>"),
    "generic": ("any other", '{"name": "f", "arguments": {...}} or {"tool_calls": [...]}'),
}

_INTRODUCTION = """
A model file carries a chat template. It says how the model was taught to see conversations, and nothing else in the
file says how the model writes calls of tools or thoughts; so rbee reads both out of the template, once for each model.
"""

_TEMPLATES = f"""
## Templates

The messages of a request go through the template: `system`, `developer`, `user`, `assistant` with `tool_calls` and
`reasoning_content`, and `tool`. `chat_template_kwargs` are variables for it, such as `{{"enable_thinking": false}}`.
What a template cannot do is found out by trying it with a small conversation:

- It does not know the role `developer`: the text becomes a `system` text.
- It refuses or drops `system` texts: they go in front of the next message of the user.
- It does not show tools: they stand in the system text, and the model is asked to write calls as `hermes` does. Calls
  of earlier answers then stand in the text of their message, and answers of tools in a message of the user.
- It writes JSON itself: the arguments of earlier calls reach it as objects, otherwise as the text that came.
- It takes nine letters or digits as the id of a call only: ids are shortened, a call's and its answer's the same way.

When the last message is the assistant's, the model goes on where that message ends.

A model without a template gets a single prompt as it is, and a conversation as lines of `role: text`; it stops where
it begins to write the user's next line.

A template comes with a file from a stranger. It runs in Jinja's sandbox, without a way to Python's internals, to files
or to templates other than itself, and in a process of its own (`chat-template-rbee` in `ps`) that can open and start
nothing. A conversation may take {MAX_SECONDS:g} seconds, {MEMORY_BYTES // 1_000_000} MB and {MAX_TEXT:,} characters.
One that wants more is stopped, and that chat is refused with `MODEL_INCOMPATIBLE`; other chats and plain prompts
(`--raw`) go on.
"""

_READING = """
## Tool calls

A call is streamed while it is written. The first event of a call has its index, an id and its name, those that follow
have pieces of the arguments as the model wrote them. Text that looks like a call but is none comes out as text.
A call without an opening mark counts only at the start of an answer, and only with the name of a tool of the request.
"""

_CHOICES = """
## Choosing tools

| `tool_choice` | what happens |
| --- | --- |
| `auto` | the model decides |
| `none` | the tools are not shown to the model |
| `required` | a grammar lets the model write calls only: one, or with `parallel_tool_calls` one or more |
| `{"type": "function", "function": {"name": "f"}}` | a grammar lets the model write exactly one call of `f` |

The grammar holds the arguments to the JSON Schema of the tool. With a `response_format` beside tools and `auto`, the
answer is a call or has that form.
"""

_THOUGHTS = """
## Thoughts

What a model thinks comes as `reasoning` events, or as `reasoning_content` in OpenAI's shapes, without the tags. A
prompt may end with the opening tag already. Grammars hold behind the thoughts, except a grammar of the client's own,
which holds from the first letter on and leaves no room for them.
"""

_DIALECTS = """
## Forms of an answer

A worker writes an answer in one of three dialects.

- `task`: every event of the [contract](http-api.md#events), then `[DONE]`. Whole: an object with `text` and `end`,
  and with `reasoning`, `tool_calls`, `logprobs` and `choices` where there are any.
- `chat`: `chat.completion.chunk` objects, then `[DONE]`. Whole: a `chat.completion`.
- `completion`: `text_completion` objects, then `[DONE]`. Whole: a `text_completion`.

In OpenAI's shapes the first chunk of each choice has the role, the last one `finish_reason`: `tool_calls` when the
answer has calls, `length` when `max_tokens` ended it, else `stop`. With `include_usage` every chunk has `usage`, null
but for the last, whose `choices` are empty. An error in the middle of a stream is one `{"error": {...}}`, then
`[DONE]`.
"""


def chat_files() -> dict[str, str]:
    """Return the page by its path."""
    formats = []
    for each in TOOL_FORMATS:
        models, call = _FORMATS[each.name]
        formats.append((f"`{each.name}`", models, f"`{call}`"))
    tags = [(f"`{opener}`", f"`{closer}`") for opener, closer in REASONING]
    parts = (
        _INTRODUCTION,
        _TEMPLATES,
        _READING,
        table(("form", "models", "what a call looks like"), formats),
        _CHOICES,
        _THOUGHTS,
        table(("opens", "closes"), tags),
        _DIALECTS,
    )
    return {"docs/reference/chat-and-tools.md": page("Chats and tools", *parts)}
