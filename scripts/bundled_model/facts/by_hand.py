"""What bee-tiny knows about daemons and workers that a person starts by hand."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

BY_HAND: tuple[Intent, ...] = (
    Intent(
        name="queen-daemon",
        stem="queen-rbee daemon",
        command="queen-rbee daemon",
        notes=("She then runs in this terminal, by hand, on port 8080.",),
        wordings=(
            "(run|start|launch) (the|a) queen (process|daemon|program|) (in the foreground|by hand|without rbee|on my own)",
            "(keep|have) the queen (in|on) (this|my) (terminal|screen|foreground)",
            "<start> (the|a) queen (by hand|manually|in the foreground|in this terminal|without the keeper|myself|under systemd|as a service)",
            "<start> the queen daemon (by hand|directly|itself|manually|in the foreground)",
            "run queen-rbee",
        ),
        questions=("queen-rbee", "queen by hand", "foreground queen", "queen daemon"),
    ),
    Intent(
        name="hive-daemon",
        stem="rbee-hive daemon",
        command="rbee-hive daemon",
        notes=("It then runs in this terminal, by hand, on port 9200.",),
        wordings=(
            "(run|start|launch) (the|a) hive (process|daemon|program|) (in the foreground|by hand|without rbee|on my own)",
            "(keep|have) the hive (in|on) (this|my) (terminal|screen|foreground)",
            "<start> (the|a) hive (by hand|manually|in the foreground|in this terminal|without the keeper|myself|under systemd|as a service)",
            "<start> the hive daemon (by hand|directly|itself|manually|in the foreground)",
            "run rbee-hive",
        ),
        questions=("rbee-hive", "hive by hand", "foreground hive", "hive daemon"),
    ),
    Intent(
        name="worker-spawn",
        stem="rbee-hive worker spawn",
        command="rbee-hive worker spawn {backend} --model bee-tiny",
        notes=("The hive starts one worker with that model, on port 8001 or the next free one.",),
        wordings=(
            "(make|let|have) (the|my|a) hive (start|spawn|create|launch) (a|one|another) worker",
            "(have|get|put) a (model|worker) (loaded|ready|in memory|warm) (in advance|early|before i ask|beforehand|before the first question)",
            "(load|warm|prepare) a model (early|beforehand|ahead of time|in time)",
            "(spawn|create) (a|one|another|a new) worker (by hand|manually|on this machine|here|)",
            "<start> (a|one|another|a new|an extra) worker (by hand|manually|on this machine|here|with bee-tiny|)",
            "(spawn|start|launch) a {backend} worker",
            "(load|preload|warm up) a model (by hand|before the first prompt|into memory|in advance|on this machine)",
        ),
        questions=("worker spawn", "spawn worker", "start worker", "new worker", "preload model"),
        defaults={"backend": "cpu"},
    ),
    Intent(
        name="detect",
        stem="rbee-hive detect",
        command="rbee-hive detect",
        notes=("It prints the backends and the devices of this machine.",),
        wordings=(
            "(know|see|learn|find out) (what|which) (hardware|devices|cards|gpus|backends) (rbee|a hive|the hive) (can use|finds|has found|sees|knows) (here|on this machine|)",
            "(check|see|test) (that|if|whether) (the|my|a) (gpu|graphics card|card) (is|gets|was) (found|seen|known|noticed)",
            "(scan|examine|inspect) (this|my) <machine> for (gpus|devices|hardware|graphics cards)",
            "(detect|find|discover|list|see|show|look for|probe) (my|the|all|) (devices|gpus|graphics cards|backends|hardware|accelerators)",
            "(see|check|find out|know) (which|what) (devices|gpus|backends|hardware) (this machine has|i have|rbee found|are available|can be used)",
            "(see|check|find out) (if|whether) (my gpu|cuda|metal|a gpu|my graphics card) is (found|seen|available|detected|usable)",
        ),
        questions=(
            "(which|what) (devices|gpus|backends|hardware) (do i have|are there|does this machine have|does rbee see)",
            "detect", "detect gpu", "does rbee (see|find) my gpu", "hardware",
        ),
    ),
)
