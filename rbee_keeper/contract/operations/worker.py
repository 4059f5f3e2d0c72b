"""The operations of a worker: executions, its model, and its own state."""

from typing import Any

from ..events import Event
from ..inference.embeddings import MAX_TEXTS, EmbeddingList, EmbeddingRequest, RerankAnswer, RerankRequest
from ..inference.props import Props
from ..inference.tokens import (
    MAX_DETOKENIZE_TOKENS,
    MAX_TOKENIZE_CHARACTERS,
    DetokenizeAnswer,
    DetokenizeRequest,
    TokenizeAnswer,
    TokenizeRequest,
)
from ..tasks import CancelRequest, Execute
from ..workers import LoadingProgress, Readiness, ShutdownRequest, WorkerHealth
from .operation import HEALTH_ALIAS, HEALTH_PATH, Operation, operations_in

HEALTH: Operation[None, WorkerHealth] = Operation(
    name="health",
    method="GET",
    path=HEALTH_PATH,
    right="open",
    about="Answers at once, whatever the engine does.",
    response=WorkerHealth,
    aliases=(("GET", HEALTH_ALIAS),),
)
READY: Operation[None, Readiness] = Operation(
    name="ready",
    method="GET",
    path="/v1/ready",
    right="read",
    about="Tells whether executions are taken, and where to watch the load.",
    response=Readiness,
)
LOADING_PROGRESS: Operation[None, None] = Operation(
    name="loading_progress",
    method="GET",
    path="/v1/loading/progress",
    right="read",
    about="Streams the steps of the load; 503 when nothing is loading.",
    stream=LoadingProgress,
)
EXECUTE: Operation[Execute, Any] = Operation(
    name="execute",
    method="POST",
    path="/execute",
    right="submit",
    about='Runs one execution in a slot and streams its events from `started` on. With `"stream": false` the answer is'
    ' `{"text": "…", "end": {…}}`. Closing the connection frees the slot. 503 when no slot is free or the worker is'
    " not ready.",
    request=Execute,
    is_idempotent=False,
    stream=Event,
    aliases=(("POST", "/v1/inference"),),
)
CANCEL_EXECUTION: Operation[None, None] = Operation(
    name="cancel_execution",
    method="DELETE",
    path="/v1/inference/{job_id}",
    right="submit",
    about="Ends one execution. Repeating it is no error.",
    statuses=(204,),
)
CANCEL: Operation[CancelRequest, None] = Operation(
    name="cancel",
    method="POST",
    path="/cancel",
    right="submit",
    about="Ends the execution that the body names.",
    request=CancelRequest,
    statuses=(202,),
)
METRICS: Operation[None, str] = Operation(
    name="metrics",
    method="GET",
    path="/metrics",
    right="open",
    about="Tells every [metric](metrics.md) in the text form that Prometheus reads.",
    response=str,
)
PROPS: Operation[None, Props] = Operation(
    name="props",
    method="GET",
    path="/props",
    right="read",
    about="Describes the model, the limits and the defaults, in llama-server's names; 503 until the model is loaded.",
    response=Props,
)
TOKENIZE: Operation[TokenizeRequest, TokenizeAnswer] = Operation(
    name="tokenize",
    method="POST",
    path="/tokenize",
    right="submit",
    about=f"Turns text of up to {MAX_TOKENIZE_CHARACTERS} characters into tokens; 503 until the model is loaded.",
    request=TokenizeRequest,
    response=TokenizeAnswer,
)
DETOKENIZE: Operation[DetokenizeRequest, DetokenizeAnswer] = Operation(
    name="detokenize",
    method="POST",
    path="/detokenize",
    right="submit",
    about=f"Turns up to {MAX_DETOKENIZE_TOKENS} tokens into text; 503 until the model is loaded.",
    request=DetokenizeRequest,
    response=DetokenizeAnswer,
)
EMBED: Operation[EmbeddingRequest, EmbeddingList] = Operation(
    name="embed",
    method="POST",
    path="/v1/embeddings",
    right="submit",
    about="Makes a vector of length 1 of each text, in OpenAI's shape. The model's file must name a pooling of mean,"
    f" cls or last. At most {MAX_TEXTS} texts, each no longer than the context: nothing is cut. Control tokens in a"
    " text are text. Closing the connection ends the work.",
    request=EmbeddingRequest,
    response=EmbeddingList,
)
RERANK: Operation[RerankRequest, RerankAnswer] = Operation(
    name="rerank",
    method="POST",
    path="/v1/rerank",
    right="submit",
    about="Gives documents their scores for a query, the best first, in Jina's shape. The model's file must name the"
    f" pooling rank. At most {MAX_TEXTS} documents, each together with the query no longer than the context.",
    request=RerankRequest,
    response=RerankAnswer,
    aliases=(("POST", "/rerank"),),
)
SHUTDOWN: Operation[ShutdownRequest, None] = Operation(
    name="shutdown",
    method="POST",
    path="/v1/admin/shutdown",
    right="operate",
    about="Begins to drain; the process ends when nothing runs or the time is over.",
    request=ShutdownRequest,
    takes_empty=True,
    statuses=(202,),
)

OPERATIONS = operations_in(globals())
