"""What bee-tiny knows about the HTTP interfaces and the scripts of rbee."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

_FILE = {"script": "policy.rhai"}

INTERFACES: tuple[Intent, ...] = (
    Intent(
        name="curl",
        stem="curl -N localhost:8080/v2/tasks",
        command="curl -N localhost:8080/v2/tasks -d '{{\"prompt\":\"hello\",\"model\":\"bee-tiny\"}}'",
        notes=("The answer comes back as a stream of events.",),
        wordings=(
            "(use|try|call) rbee (with|from|through|via) curl",
            "(send|submit|post|create|make) a task (with curl|over http|by http|from curl|with an http request|)",
            "(use|call|reach) the (http api|api|rest api|task api|http interface) (of the queen|)",
            "(send|post|make) (a|an) (http|rest) request (to the queen|)",
            "(stream|get|read) (events|server sent events|the event stream) (from the queen|over http|)",
        ),
        questions=("curl", "api", "http api", "rest api", "is there an (api|http api)", "what does the curl call look like"),
    ),
    Intent(
        name="openai",
        stem="http://localhost:8080/v1",
        command="export OPENAI_API_BASE=http://localhost:8080/v1",
        notes=("Programs made for the OpenAI API then talk to your own machines.",),
        wordings=(
            "(use|connect|point|run) (an|my|the) openai (client|library|program|sdk|app) (with rbee|to rbee|)",
            "(use|get|call) (the openai api|an openai compatible api|the openai interface|openai compatible endpoints)",
            "(connect|point|use) (my editor|my app|my program|another program|a chat program|a python program) (to|with) rbee",
            "(replace|swap|avoid) (openai|a cloud provider|the cloud) (with|by) (rbee|my own machines)",
            "set the (base url|api base|openai base url|openai api base)",
        ),
        questions=(
            "openai", "(what|which) is the (base url|openai base url|api base|openai address)", "openai api", "base url",
            "is rbee openai compatible", "does rbee speak the openai api",
        ),
    ),
    Intent(
        name="rhai-check",
        stem="rbee rhai check",
        command="rbee rhai check {script}",
        notes=("It finds mistakes in the script without running it.",),
        wordings=(
            "(check|verify|validate|lint|proofread) (a|my|the) <script> (for mistakes|for errors|for syntax errors|before i use it|)",
            "(find|see) (mistakes|errors|syntax errors|typos) in (a|my|the) <script>",
            "(see|know|find out) (if|whether) (a|my|the) <script> is (valid|correct|right|well written|free of errors)",
            "check {script}",
        ),
        questions=("rhai check", "check script", "is my <script> (valid|correct|right)", "lint rhai"),
        defaults=_FILE,
    ),
    Intent(
        name="rhai-test",
        stem="rbee rhai test",
        command="rbee rhai test {script}",
        notes=("It runs the script on sample tasks and shows its decisions.",),
        wordings=(
            "(test|try out|try|dry run|simulate|rehearse) (a|my|the) <script> (on sample tasks|with made up tasks|without risk|safely|)",
            "(see|find out) what (a|my|the) <script> (would decide|decides|would do|does) (for sample tasks|)",
            "(run|write) (the|) tests (for|of) (a|my|the) <script>",
            "test {script}",
        ),
        questions=("rhai test", "test script", "does my <script> (work|decide well)", "simulate a policy"),
        defaults=_FILE,
    ),
    Intent(
        name="rhai-eval",
        stem="rbee rhai eval",
        command="rbee rhai eval {script}",
        notes=("It runs the script once and prints its value.",),
        wordings=(
            "(evaluate|eval|compute|execute|work out) (a|my|the|some) (rhai|rhai expression|rhai script|expression|rhai code|line of rhai)",
            "(run|print|get|see) (the value|the result|the outcome) of (a|my|some) (rhai script|script|expression|rhai code)",
            "run (a|my|some) (rhai script|rhai code|line of rhai|rhai expression) (once|)",
            "evaluate {script}",
        ),
        questions=("rhai eval", "eval rhai", "evaluate script", "run rhai"),
        defaults=_FILE,
    ),
    Intent(
        name="rhai-init",
        stem="rbee rhai init",
        command="rbee rhai init {script}",
        notes=("It writes a first script that you can change.",),
        wordings=(
            "(write|create|make|begin|start) (a|my|my own|a new|my first) <script>",
            "(get|create|generate|have) (a|an) (example|template|sample|starter|first|skeleton) <script>",
            "(make|write|start) my own (routing|scheduling|placement) (rules|policy|script|logic)",
            "begin with (rhai|scripting|policies|scripts)",
        ),
        questions=("rhai init", "new script", "script template", "example <script>", "where do i begin with rhai"),
        defaults=_FILE,
    ),
    Intent(
        name="rhai-bench",
        stem="rbee rhai bench",
        command="rbee rhai bench {script}",
        notes=("It measures how long the script takes for a decision.",),
        wordings=(
            "(benchmark|time|measure|bench|profile) (a|my|the) <script>",
            "(see|measure|find out|know|test) how (fast|slow|quick) (a|my|the) <script> is",
            "(measure|see|test) the speed of (a|my|the) <script>",
            "(see|find out|measure) how long (a|my|the) <script> takes",
            "bench {script}",
        ),
        questions=("rhai bench", "bench script", "benchmark rhai", "is my <script> (fast|slow|fast enough)"),
        defaults=_FILE,
    ),
)
