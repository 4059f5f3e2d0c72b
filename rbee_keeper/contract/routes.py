"""Every address of every daemon, in one table that callers and servers share."""

HEALTH = "/health"
HEALTH_V1 = "/v1/health"

# queen
TASKS = "/v2/tasks"
TASK = "/v2/tasks/{task_id}"
TASK_EVENTS = "/v2/tasks/{task_id}/events"
TASK_CANCEL = "/v2/tasks/{task_id}/cancel"
STATUS = "/v2/status"
QUEEN_WORKERS = "/v2/workers/list"
QUEEN_WORKER_STOP = "/v2/workers/shutdown"
QUEEN_SHUTDOWN = "/v2/shutdown"
HEARTBEAT = "/v2/hives/heartbeat"
WORKER_READY_AT_QUEEN = "/v1/orchestrator/worker-ready"
WORKER_READY_ALIASES = ("/v2/workers/ready", "/v2/internal/workers/ready")

# hive
SPAWN = "/v1/workers/spawn"
WORKER_READY_AT_HIVE = "/v1/workers/ready"
WORKER_STATE_AT_HIVE = "/v1/workers/state"
HIVE_WORKERS = "/v1/workers/list"
HIVE_WORKER_STOP = "/v1/workers/stop"
BACKENDS = "/v1/backends"
RESOURCES = "/v1/resources"

# worker
EXECUTE = "/execute"
INFERENCE = "/v1/inference"
INFERENCE_ID = "/v1/inference/{job_id}"
CANCEL = "/cancel"
EMBEDDINGS = "/v1/embeddings"
RERANK = "/v1/rerank"
RERANK_ALIAS = "/rerank"
READY = "/v1/ready"
LOADING_PROGRESS = "/v1/loading/progress"
SHUTDOWN = "/v1/admin/shutdown"
METRICS = "/metrics"
PROPS = "/props"
TOKENIZE = "/tokenize"
DETOKENIZE = "/detokenize"

OPEN_PATHS = frozenset({HEALTH, HEALTH_V1, METRICS})

# a worker's callbacks carry the secret of its spawn
HIVE_OPEN_PATHS = OPEN_PATHS | {WORKER_READY_AT_HIVE, WORKER_STATE_AT_HIVE}
