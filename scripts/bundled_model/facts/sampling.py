"""What bee-tiny knows about sampling options, pipes and stopping an answer."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

SAMPLING: tuple[Intent, ...] = (
    Intent(
        name="top-p",
        stem="--top-p",
        command='rbee infer -p "hello" --top-p 0.9',
        notes=("Only the likeliest words that together reach this share are drawn from.",),
        wordings=(
            "<set> (top p|top-p|nucleus sampling|the nucleus)",
            "(use|turn on|do) nucleus sampling",
            "(limit|restrict|cut) sampling (to a share of the probability|to the likeliest share|by probability)",
            "sample with (top p|top-p|a nucleus)",
        ),
        questions=("top p", "top-p", "nucleus sampling", "(what|which) option sets top p"),
    ),
    Intent(
        name="top-k",
        stem="--top-k",
        command='rbee infer -p "hello" --top-k 40',
        notes=("Only so many of the likeliest words are drawn from.",),
        wordings=(
            "<set> (top k|top-k|top k sampling)",
            "(limit|restrict|cut) sampling to the (40|best 40|likeliest 40|ten likeliest|few likeliest) (words|tokens)",
            "(draw|pick|sample) (only|) from the (40|ten|few) (likeliest|best) (words|tokens)",
            "sample with (top k|top-k)",
        ),
        questions=("top k", "top-k", "top k sampling", "(what|which) option sets top k"),
    ),
    Intent(
        name="min-p",
        stem="--min-p",
        command='rbee infer -p "hello" --min-p 0.05',
        notes=("Words that are far less likely than the best one are left out.",),
        wordings=(
            "<set> (min p|min-p|the min p value|the smallest probability|the minimum probability)",
            "(leave out|drop|skip|exclude) (very unlikely|unlikely|rare) (words|tokens)",
            "sample with (min p|min-p)",
        ),
        questions=("min p", "min-p", "minimum probability", "(what|which) option sets min p"),
    ),
    Intent(
        name="pipe",
        stem="| rbee infer",
        command='cat {file} | rbee infer -p "Summarise:"',
        notes=("The text from the pipe is put after the prompt.",),
        wordings=(
            "(pipe|feed|send|pass|give) (text|a file|a document|the output of a command|something|input) (into|to|through) (rbee|a model|the model|infer)",
            "(summarise|shorten|summarize|sum up) (a file|a document|a text|text|my notes|{file})",
            "(use|read from|read) (stdin|standard input|a pipe)",
            "(ask|put) (a question|something) about (a file|a text file|a document|{file})",
            "(read|use) (a file|text from a file|a document) as (input|the prompt|prompt)",
        ),
        questions=("stdin", "pipe", "can rbee read (from a pipe|stdin|standard input|a file)", "does rbee read stdin"),
        defaults={"file": "notes.txt"},
    ),
    Intent(
        name="git-log",
        stem="git log -1 | rbee infer",
        command='git log -1 | rbee infer -p "Summarise:" --max-tokens 60',
        notes=("The model reads the commit and says in a sentence what it does.",),
        wordings=(
            "(summarise|summarize|explain|describe|sum up|shorten) (a|my|the|the last|my last|the latest) (commit|git commit|git log|change in git)",
            "(ask|get a summary) about (my|the) (last|latest) commit",
            "use rbee with git",
            "pipe git (log|) (into|to) (rbee|a model)",
            "(turn|make) (a|the|my last) commit (into a sentence|short)",
        ),
        questions=("git log", "git summary", "summarise my commit", "can rbee read my git log"),
    ),
    Intent(
        name="cancel",
        stem="Press Ctrl-C",
        command="Ctrl-C",
        notes=("The task is cancelled, its slot is free again, and rbee exits with code 130.",),
        wordings=(
            "(cancel|interrupt|abort|break off|stop) (a|the|my|an|this) (task|answer|prompt|generation|running answer|request|inference)",
            "(stop|interrupt) (rbee|the model|it) (while it is writing|while it writes|in the middle|half way|mid sentence)",
            "(stop|end|abort) (an answer|a prompt|a task) (early|that takes too long|that is running|before it ends)",
            "(make|let) the model stop (talking|writing) (now|at once|right away|immediately)",
        ),
        questions=(
            "cancel", "abort", "interrupt", "which key (stops|cancels|interrupts) (it|an answer|a task)",
            "the model (does not stop|will not stop|talks for ever), what now",
        ),
    ),
    Intent(
        name="exit-codes",
        stem="130 after",
        command="echo $?",
        notes=("The exit code is 0 when all went well, 1 after an error and 130 after Ctrl-C.",),
        wordings=(
            "(see|read|check|use|understand|interpret|get|know) (the|its|an|rbee) exit (code|codes|status)",
            "(tell|know|see|check|find out) (in a script|) (if|whether) (rbee|a command|a prompt) (failed|worked|succeeded|went well)",
            "(test|check) (for|) (success|failure|errors) in a (shell script|script)",
        ),
        questions=(
            "(what|which) exit codes (are there|does rbee have|does rbee use)", "what does exit code (1|130|0) mean",
            "exit code", "exit codes", "exit status",
        ),
    ),
)
