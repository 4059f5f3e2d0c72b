"""Examples of each command, for the man pages and the command line reference."""

EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "rbee": (
        ('rbee infer -p "How do I add a node?"', "Ask the default model; everything is started and taken down again."),
        ("rbee queen start", "Keep a queen, so that the next answers come from a warm worker."),
        ("rbee ps", "See which workers run."),
        ("rbee queen stop", "End the queen with everything that it started."),
    ),
    "rbee infer": (
        ('rbee infer -m bee-tiny -p "How do I add a node?"', "Ask the bundled model."),
        ('git log -1 | rbee infer -p "Summarise:" --max-tokens 60', "Standard input follows the prompt."),
        ("rbee infer -m ./model.gguf -p hi --json", "Use a file of your own; print one event a line."),
        ("rbee infer -p hi --temperature 0 --stats", "Always take the likeliest token; print figures at the end."),
    ),
    "rbee ps": (("rbee ps --json", "The same for programs."),),
    "rbee logs": (
        ("rbee logs", "The last lines of the newest queen, hive and worker."),
        ("rbee logs worker -n 100", "The last 100 lines of the newest worker."),
        ("rbee logs queen -f", "Follow the queen until Ctrl-C."),
    ),
    "rbee doctor": (("rbee doctor", "Every check with what to do about it; exit code 1 when one fails."),),
    "rbee config": (
        ("rbee config show", "Every setting with its value and where that comes from."),
        ("rbee config set queen.port 8090", "Change the settings file; its comments stay."),
        ("rbee config set api_token - < token.txt", "A secret comes from standard input."),
        ("rbee config path", "The settings file that is read."),
    ),
    "rbee version": (("rbee version --json", "The same for programs."),),
    "rbee queen": (
        ("rbee queen start", "Start a queen on port 8080."),
        ("rbee queen status --json", "The whole picture for programs."),
        ("rbee queen stop", "Stop it, the hive and the workers."),
    ),
    "rbee workers": (
        ("rbee workers list", "List the workers of all hives."),
        ("rbee workers stop 3f2a", "Stop the worker whose id begins like this, after it has finished what runs."),
    ),
}
