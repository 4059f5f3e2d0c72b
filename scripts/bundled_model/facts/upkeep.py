"""What bee-tiny knows about installing rbee, its settings and its own checks."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

UPKEEP: tuple[Intent, ...] = (
    Intent(
        name="doctor",
        stem="rbee doctor",
        command="rbee doctor",
        notes=("It checks this machine and says what to repair.", "It tests the parts one by one and gives hints."),
        wordings=(
            "(check|test|verify|examine|diagnose|inspect) (my|the|this) (installation|setup|machine|system|install|configuration|environment)",
            "(find|see|find out) (what is wrong|why it does not work|why rbee does not work|what is missing|what is broken|problems with my setup)",
            "(see|check|test|find out) (if|whether) (rbee|everything|it all|my setup|all) (works|is fine|is ok|is set up well|is in order|is ready)",
            "(repair|fix|troubleshoot|diagnose) (rbee|my setup|a problem|problems|a broken setup|a broken installation)",
            "run (a|the|some) (check|checks|diagnosis|self test|health check) (of|on) (rbee|my machine|this machine)",
        ),
        questions=(
            "doctor", "(rbee|it) does not (work|start), what now", "something is (wrong|broken)", "is (my|the) setup ok",
            "what is wrong (with my setup|)", "help, nothing works", "rbee is broken",
        ),
    ),
    Intent(
        name="version",
        stem="rbee version",
        command="rbee version",
        notes=("It prints the version of rbee and of its parts.",),
        wordings=(
            "(see|print|show|find out|check|know|get|tell|read) (the|my|which|what) (version|version number|release) (of rbee|i have|is installed|)",
            "(see|find out|check) (how new|how old|how recent) (my rbee|rbee|my copy) is",
        ),
        questions=(
            "(what|which) version (is this|do i have|of rbee is this|am i running|of rbee do i have)", "version",
            "rbee version", "which release is this",
        ),
    ),
    Intent(
        name="completion",
        stem="rbee --install-completion",
        command="rbee --install-completion",
        notes=("Open a new shell, then press Tab.",),
        wordings=(
            "(install|set up|enable|turn on|get|activate|add|switch on) (shell|tab|command|bash|zsh|fish|auto|) completion",
            "(make|let) (the tab key|tab|my shell|bash|zsh|fish) complete (commands|rbee commands|options|names)",
            "complete (commands|options|rbee commands) with (tab|the tab key)",
            "have my shell (finish|complete|fill in) (rbee commands|commands|options)",
        ),
        questions=("completion", "tab completion", "shell completion", "autocomplete", "does rbee have tab completion"),
    ),
    Intent(
        name="install",
        stem="rbee install",
        command="rbee install",
        notes=("It puts the programs under `~/.local/bin` and makes the directories.",),
        wordings=(
            "(install|set up) rbee (here|on this machine|for me|for my user|locally|for myself|on my own machine|)",
            "(install|set up) the (programs|daemons) (here|on this machine|)",
            "(get|put) rbee (into my path|under my home|on this machine|installed)",
            "finish the installation",
        ),
        questions=("install", "installation", "install rbee", "local install"),
    ),
    Intent(
        name="install-system",
        stem="rbee install --system",
        command="rbee install --system",
        notes=("It installs for all users, under `/usr/local/bin` and `/etc/rbee`.",),
        wordings=(
            "(install|set up) rbee (for all users|for everybody|for every user|system wide|for the whole system|globally|for everyone)",
            "(put|install) rbee (under|in|into) (/usr/local|/usr/local/bin|the system directories)",
            "(make|do) a (system wide|global|system) (install|installation)",
        ),
        questions=("system install", "install for all users", "install system", "global install"),
    ),
    Intent(
        name="config-file",
        stem="~/.config/rbee/config.toml",
        command="nano ~/.config/rbee/config.toml",
        notes=("A flag wins over the environment, and that wins over the file.",),
        wordings=(
            "(find|edit|change|open|see|write|locate|read|create) (the|my|a) (config|configuration|config file|settings|settings file|configuration file)",
            "(change|set|edit|keep|store) (the|a|my|) (defaults|default|setting|settings|options|preferences) (of rbee|for good|permanently|)",
            "(configure|set up|customise|tune) rbee",
            "(change|set) the default (port|model|timeout) (for good|in a file|)",
        ),
        questions=(
            "where (is|do i find|lies|does rbee keep) (the|my|its) (config|configuration|config file|settings|settings file)",
            "config", "config file", "settings", "configuration",
        ),
    ),
    Intent(
        name="help",
        stem="rbee --help",
        command="rbee --help",
        notes=("It lists the commands; `rbee infer --help` lists the options of one.",),
        wordings=(
            "(get|see|find|read|show|print) (help|the help|the help text|help text|all commands|a list of commands|the commands)",
            "(see|find out|learn|know) (which|what) (commands|options) (there are|rbee has|exist|rbee knows|i can use)",
            "(learn|read) (more|) about (the|a) (command|commands|options) (of rbee|)",
            "(see|find) the (manual|man page|documentation|instructions)",
        ),
        questions=(
            "help", "(which|what) commands (are there|does rbee have|exist|do you know)", "help me", "i need help",
            "what can i (type|do here|do with rbee)", "usage",
        ),
    ),
    Intent(
        name="demo",
        stem="make demo",
        command="make demo",
        notes=("It starts a queen, a hive and a worker and asks bee-tiny something.",),
        wordings=(
            "(run|see|start|try|play|watch|show) (the|a) (demo|demonstration|example|show)",
            "(try|see) rbee (in action|quickly|for the first time|without a big model|in a minute)",
            "get a (quick|first|short) (look|impression|tour) (of rbee|)",
        ),
        questions=("demo", "is there a demo", "quick demo", "can i see it in action"),
    ),
    Intent(
        name="tests",
        stem="make test",
        command="make test",
        notes=("It runs the tests of the project.",),
        wordings=(
            "(run|start|execute|do) (the|all|all the|) (tests|test suite|unit tests|automatic tests)",
            "test (the code|my changes|the project|a change|the source code) (of rbee|)",
            "(check|see|verify) (that|whether|if) (my change|my changes|the code|a patch) (breaks nothing|works|passes|is right)",
        ),
        questions=("tests", "run tests", "test suite", "make test", "how are tests run"),
    ),
)
