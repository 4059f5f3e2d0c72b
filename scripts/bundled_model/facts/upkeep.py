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
            "(make sure|verify|confirm|check|see) that (all|everything|my setup|my installation|rbee) (is right|works|is in order|is ready|is complete|is well)",
            "(find|look for|search|hunt) (the|a|) (problem|cause|mistake|fault|reason) (in|with|of) (my setup|my installation|rbee|this machine|the trouble)",
            "(get|have) (my setup|my installation|this machine|rbee) (checked|tested|examined|looked at)",
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
            "(see|know|learn|print|look up|show) (the|which|what) (version|version number|release number|release) (of my rbee|rbee has|i use|i run|is this|this is)",
            "(check|see|know|find out) (if|whether) (i have|this is|mine is) the (newest|latest|current) (version|release)",
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
            "(get|have|want|use) (tab completion|completion|autocompletion|auto completion) (in|for|with) (my shell|zsh|bash|fish|the shell|rbee|the terminal)",
            "(let|make|have) (the shell|bash|zsh|fish|tab|my terminal) (finish|suggest|complete|fill in) (commands|words|options|my commands|what i type)",
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
            "(install|set up|put) rbee (only|just|) (for me|for myself|for my own account|for one user|in my home|in my home directory)",
            "(install|set up) rbee without (root|sudo|admin rights|being root)",
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
            "(install|set up|put) rbee (so that|such that) (all|everybody|every user|all users) (can use it|may use it|has it|have it)",
            "(install|set up) rbee for (every account|all accounts|all people|all who use this machine|everyone here|the whole computer)",
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
            "(change|edit|set|alter|adjust) (a|the|some|my) (default|defaults|default value|default settings|preference|preferences|settings) (once and for all|for ever|in the file|lastingly|)",
            "(open|edit|see|look at|write) (the|my|a) (toml file|config.toml|configuration|settings file)",
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
            "(see|get|read|print|find) (a|the|) (list|overview|summary) of (all|the|) (commands|options|flags)",
            "(learn|know|see|find out) (what|which|all) (flags|options|commands) (a command has|a command takes|infer has|there are|exist)",
            "(look up|read about) (a|the|an) (option|flag|command|options|commands)",
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
            "(run|see|watch|show|start|do) (a|the) (short|quick|little|small|first) (demo|demonstration|example|show)",
            "(show|demonstrate) rbee to (a friend|my boss|somebody|others|my team)",
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
            "(run|start|do|repeat) (the|all|all of the|every|the whole) (tests|test|test suite|suite of tests|unit tests) (of the project|of rbee|again|)",
            "(make sure|see|check) (that|) my (change|code|patch|edit) (did not break|breaks|has not broken) (nothing|anything|a test|rbee)",
            "(run|start|execute|do) (the|all|all the|) (tests|test suite|unit tests|automatic tests)",
            "test (the code|my changes|the project|a change|the source code) (of rbee|)",
            "(check|see|verify) (that|whether|if) (my change|my changes|the code|a patch) (breaks nothing|works|passes|is right)",
        ),
        questions=("tests", "run tests", "test suite", "make test", "how are tests run"),
    ),
)
