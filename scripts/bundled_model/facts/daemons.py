"""What bee-tiny knows about the queen, the hives, the workers and their logs."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

DAEMONS: tuple[Intent, ...] = (
    Intent(
        name="queen-start",
        stem="rbee queen start",
        command="rbee queen start",
        notes=("The queen then listens on port 8080.", "The queen stays up until you stop her."),
        wordings=(
            "<start> (the|a|my) queen (daemon|) (in the background|)",
            "(keep|leave) (the|a) queen (running|up|on|alive)",
            "(wake|wake up) the queen",
            "(get|have) a queen (running|that stays up)",
            "<start> the (orchestrator|main daemon)",
        ),
        questions=("queen start", "start queen", "the queen (is not running|is down|does not run), what now"),
    ),
    Intent(
        name="queen-stop",
        stem="rbee queen stop",
        command="rbee queen stop",
        notes=("All that the queen started ends with her.", "Her hives and their workers end too."),
        wordings=(
            "<stop> (the|my) queen (daemon|)",
            "<stop> (everything|all of rbee|the whole of rbee|all daemons)",
            "(put|send) the queen to (sleep|bed)",
            "<stop> the (orchestrator|main daemon)",
        ),
        questions=("queen stop", "stop queen", "kill queen"),
    ),
    Intent(
        name="queen-status",
        stem="rbee queen status",
        command="rbee queen status",
        notes=("It says whether the queen runs, where, and for how long.",),
        wordings=(
            "(see|check|know|find out|tell|ask|test) (if|whether) (the|my) queen (is running|runs|is up|is alive|works|is ok|is healthy|is there)",
            "(see|check|get|show|print|read) the (status|state|health|condition) of (the|my) queen",
            "(check|look) (on|after|at) the queen",
            "(see|find out) how the queen is (doing|)",
        ),
        questions=(
            "is (the|my) queen (running|up|alive|there|ok|healthy)", "queen status", "status of the queen",
            "how is the queen", "does the queen run",
        ),
    ),
    Intent(
        name="ps",
        stem="rbee ps",
        command="rbee ps",
        notes=(
            "It shows what is running: the queen, the hives, the workers and their tasks.",
            "You see every running process of rbee and its tasks.",
        ),
        wordings=(
            "(see|show|list|find out|check|know|view|display) what (is running|runs|is going on|is active|rbee is doing|is busy) (now|right now|)",
            "<list> (running|active|all running|current|the running) (processes|tasks|things|jobs)",
            "(see|check|find out) (which|what) (tasks|processes|jobs) (are running|run|are active|are going on)",
            "(get|have|see) (an overview|a summary|the state) of (rbee|everything|the whole network|the running system)",
            "(see|check) what (my machines|the machines|rbee) (are|is) (doing|busy with)",
        ),
        questions=(
            "what is running (now|right now|)", "ps", "what is going on", "what is rbee doing",
            "which tasks (are running|run now)", "running processes", "what runs (now|here)",
        ),
    ),
    Intent(
        name="workers-list",
        stem="rbee workers list",
        command="rbee workers list",
        notes=("It shows each worker with its model, its device and its state.",),
        wordings=(
            "<list> (my|all|the|all my|the loaded|idle|busy|the running) workers",
            "(see|find out|check|know) which (workers|models) (are loaded|are idle|are busy|exist|there are in memory)",
            "(see|find out) which (models are|model is) (loaded|in memory)",
            "(see|check|find out) what (the workers|my workers|each worker) (do|are doing|is doing|has loaded)",
            "(count|see) (the|my) workers",
        ),
        questions=(
            "(which|what) workers (are there|do i have|exist|are idle|are busy)", "list workers", "workers", "workers list",
            "which model is loaded", "show workers",
        ),
    ),
    Intent(
        name="workers-stop",
        stem="rbee workers stop",
        command="rbee workers stop ID",
        notes=("The memory of that worker is then free.", "Take the id from `rbee workers list`."),
        wordings=(
            "<stop> (a|the|one|my|this|a single|an idle) worker",
            "(unload|evict) (a|the|my) (model|worker) (from memory|)",
            "(free|release|get back) (the|some|gpu|) memory (of a worker|of a model|held by a worker|)",
            "<remove> (a|one|the) (running worker|worker)",
            "take a (model|worker) out of memory",
        ),
        questions=("stop worker", "workers stop", "kill worker", "unload model", "free memory"),
    ),
    Intent(
        name="workers-health",
        stem="rbee workers health",
        command="rbee workers health",
        notes=("It asks each worker and says which of them answer.",),
        wordings=(
            "(see|check|know|find out|tell|test) (if|whether) (a|my|the|all|all my) (worker|workers) (is|are) (healthy|ok|alive|well|fine|sick|stuck)",
            "(check|see|get|show|test|read) the health of (a|the|my|all|each) (worker|workers)",
            "(check|test|probe|ping) (the|my|all|a) (workers|worker)",
            "(find|detect|spot) (a|the) (sick|broken|stuck|unhealthy|dead|hung) worker",
        ),
        questions=(
            "are (my|the|all) workers (healthy|ok|alive|well|fine)", "workers health", "health of workers",
            "worker health", "is (a|my) worker (healthy|stuck|dead)",
        ),
    ),
    Intent(
        name="logs",
        stem="rbee logs",
        command="rbee logs",
        notes=("It prints what the daemons wrote down.", "Look there first when something went wrong."),
        wordings=(
            "(see|read|show|view|print|get|open|look at|check|find) (the|my|all|old|) (logs|log|log files|log lines|log messages)",
            "(see|find out|read|check) what (happened|went wrong|the queen wrote|the hive wrote|the daemons said)",
            "(find|see|look for) (errors|messages|the error) in the (logs|log)",
            "(debug|investigate|trace) a (problem|failure|crash|failed task)",
        ),
        questions=(
            "where are the logs", "logs", "log", "log file", "show logs", "what (went wrong|happened)", "where do errors go",
        ),
    ),
    Intent(
        name="logs-follow",
        stem="rbee logs --follow",
        command="rbee logs --follow",
        notes=("New lines appear as they are written; Ctrl-C ends it.",),
        wordings=(
            "(follow|watch|tail|stream) (the|my|new|) (logs|log|log lines|log messages)",
            "(see|read|show|print) (new log lines|log lines|the logs|the log) (live|as they come|as they are written|in real time|continuously)",
            "(keep|go on) (reading|watching|printing|following) the (logs|log)",
            "(watch|see) what (the daemons|the queen|rbee) (write|writes|logs) (live|now|as it happens)",
        ),
        questions=("follow logs", "tail logs", "live logs", "logs follow", "watch the log"),
    ),
    Intent(
        name="logs-node",
        stem="rbee logs --node",
        command="rbee logs --node {node}",
        notes=("It prints the log of the hive on that machine.",),
        wordings=(
            "(see|read|show|view|print|get|check) the (logs|log|log lines|log messages) (of|from|on) (a|one|another|a certain|a remote|my other) <machine>",
            "(see|read|show|print|get|view) the (logs|log) (of|from) {node}",
            "(read|see|get) (remote logs|the logs of one hive|logs over the network)",
            "(find out|see) what (happened|went wrong) on (a|another|one|my other) <machine>",
        ),
        questions=("logs of {node}", "remote logs", "node logs", "logs node"),
        defaults={"node": "mac"},
    ),
    Intent(
        name="hive-start",
        stem="rbee hive start",
        command="rbee hive start",
        notes=("The hive then listens on port 9200 and may start workers.",),
        wordings=(
            "<start> (the|a|my|this) hive (daemon|) (here|on this machine|in the background|)",
            "(keep|leave) (the|a) hive (running|up|alive)",
            "(get|have) a hive (running|on this machine|that stays up)",
            "<start> the (local daemon|daemon of this machine)",
        ),
        questions=("hive start", "start hive", "the hive (is not running|is down|does not run), what now"),
    ),
    Intent(
        name="hive-stop",
        stem="rbee hive stop",
        command="rbee hive stop",
        notes=("The workers of that hive end with it.",),
        wordings=(
            "<stop> (the|a|my|this) hive (daemon|) (here|on this machine|)",
            "<stop> the (local daemon|daemon of this machine)",
            "<stop> (a|the) hive (and its workers|with all its workers)",
        ),
        questions=("hive stop", "stop hive", "kill hive"),
    ),
    Intent(
        name="hive-status",
        stem="rbee hive status",
        command="rbee hive status",
        notes=("It says whether the hive runs and which workers it has.",),
        wordings=(
            "(see|check|know|find out|tell|ask|test) (if|whether) (the|my|a|this) hive (is running|runs|is up|is alive|works|is ok|is healthy|is there)",
            "(see|check|get|show|print|read) the (status|state|health|condition) of (the|my|a|this) hive",
            "(check|look) (on|after|at) (the|my) hive",
            "(see|find out) how the hive is (doing|)",
        ),
        questions=(
            "is (the|my|this) hive (running|up|alive|there|ok|healthy)", "hive status", "status of the hive",
            "how is the hive", "does the hive run",
        ),
    ),
    Intent(
        name="queen-daemon",
        stem="queen-rbee daemon",
        command="queen-rbee daemon",
        notes=("She then runs in this terminal, by hand, on port 8080.",),
        wordings=(
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
