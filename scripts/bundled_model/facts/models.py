"""What bee-tiny knows about models: getting, listing and removing them."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

MODELS: tuple[Intent, ...] = (
    Intent(
        name="models-download",
        stem="rbee models download",
        command="rbee models download {model}",
        notes=("The file is then kept in the models directory.", "It shows how far the download is."),
        wordings=(
            "<get> (a|some|another|a larger|a stronger|a small) (model|models|gguf) (onto|to|on|for) (this|my) (machine|computer|disk|laptop)",
            "<get> (a|the|some) (model|weights|model weights) (first|already|now|for later|for tomorrow)",
            "(load|bring|copy) (a|another|a new|a bigger) model (down|) from (the hub|hugging face|the internet|the net)",
            "<get> (a|another|a new|the|a bigger|one more|a better|some) (model|models|gguf model|language model|model file)",
            "<get> {model}",
            "<get> a model (from the hub|from hugging face|from the internet|ahead of time|before i need it)",
            "(install|add) (a|another|a new|a bigger) (model|language model)",
            "(put|save) a (new|bigger|) model on (my|this) (disk|machine|computer)",
        ),
        questions=(
            "download model", "get model", "models download", "pull model", "(i need|i want) a (bigger|better|new) model",
            "where do i get (a|more|bigger) (model|models)",
        ),
        defaults={"model": "hf:org/repo"},
    ),
    Intent(
        name="models-list",
        stem="rbee models list",
        command="rbee models list",
        notes=("It shows each model on disk with its size and its reference.",),
        wordings=(
            "(see|find out|learn|remember) (what|which) models (i own|i got|i downloaded|are here|i have here|sit on my disk|lie on the disk)",
            "(get|see|print) (a table|a list|an overview|an inventory) of (all|my|the|all the) (local|installed|downloaded|) models",
            "<list> (my|all|the|all my|the installed|the downloaded|available|local) models",
            "(see|find out|check|know) which models (are installed|are on disk|i have|are downloaded|are there|are available|i can use)",
            "<list> the (catalog|model catalog|contents of the catalog|downloaded model files)",
            "(see|check|find out) how (big|large) (a model is|my models are|the models are)",
        ),
        questions=(
            "(which|what) models (are there|do i have|are installed|are available|can i use|are on disk)",
            "list models", "models", "models list", "show models", "what is in the catalog",
        ),
    ),
    Intent(
        name="models-rm",
        stem="rbee models rm",
        command="rbee models rm {model}",
        notes=("The file is removed from the disk and from the catalog.",),
        wordings=(
            "<remove> (a|an old|some|one) model (from|off) (the|my) (disk|machine|computer|catalog)",
            "<remove> (a|the|some) (model|models) (that|which) (i never use|nobody needs|is too big|is old|i downloaded|are old)",
            "(make|get|win) (some|more|) (room|space) on (the|my) disk",
            "<remove> (a|the|an old|one|my|an unused) (model|model file|language model|downloaded model)",
            "<remove> (old|unused|big|some|all old) models",
            "<remove> {model}",
            "(free|save|win back|reclaim|get back) (disk space|space on disk|room on my disk|disk)",
            "(uninstall|clean up|wipe) (a|an old|the) model",
        ),
        questions=(
            "remove model", "delete model", "models rm", "rm model", "my disk is full", "a model takes too much (space|disk)",
        ),
        defaults={"model": "hf:org/repo"},
    ),
    Intent(
        name="catalog-backup",
        stem="rbee catalog backup",
        command="rbee catalog backup",
        notes=("It writes a copy with the date in its name and says how to restore it.",),
        wordings=(
            "(back up|save|store|copy|keep) (the|my) (catalog|model catalog) (somewhere|first|in a safe place|to a file|before a change|every day)",
            "(get|have|want|do) (a|some) (safe copy|second copy|backup) of (the|my) (catalog|model list|model catalog)",
            "(back up|backup|save|copy|secure|export) (the|my) (catalog|model catalog|catalogue|catalog database|list of models)",
            "(make|take|create|write|keep) (a|one) (backup|copy|safety copy|spare copy) of (the|my) (catalog|model catalog|list of models)",
            "(protect|secure) (the|my) catalog (against damage|)",
        ),
        questions=("backup", "catalog backup", "back up", "is there a backup", "can the catalog be (saved|backed up)"),
    ),
    Intent(
        name="models-dir",
        stem="~/.local/share/rbee/models",
        command="ls ~/.local/share/rbee/models",
        notes=("That directory holds the model files.",),
        wordings=(
            "(find|see|know|learn|look up) (the place|the folder|the directory|the path) (of|for|with) (the|my|all) (models|model files|downloads)",
            "(look at|open|touch|see|list) the (model files|gguf files|files of the models) (on disk|myself|by hand|)",
            "(know|see|learn|find out) where (on the disk|on my disk|) (rbee puts|rbee stores|rbee saves) (models|the models|my models|them)",
            "(find|see|open|look into|locate) the (models directory|model directory|model folder|models folder|folder of the models|directory with the models)",
            "(find|locate|see) (the|my) model files (on disk|)",
            "(find out|see|know) where (the models|model files|my models|downloads) (are|are kept|are stored|live|go|are saved)",
            "put my own (gguf|model file) where rbee (finds|sees) it",
        ),
        questions=(
            "where (are|does rbee keep|does rbee store|does rbee put) (the models|my models|the model files|model files)",
            "models directory", "model folder", "where do (downloads|models) go", "models dir",
        ),
    ),
    Intent(
        name="model-reference",
        stem="hf:",
        command='rbee infer -m {model} -p "hello"',
        notes=("A reference is `hf:org/repo`, with `@rev` or `:Q4_K_M` after it if you like.",),
        wordings=(
            "(use|run|load|start|take|try) (a|some|any) (gguf|model|gguf model|file) (directly|) (from|on) (hugging face|the hugging face hub|the hub)",
            "(write|type|spell|put) (the|a) (name|reference|address) of a (hugging face model|model on the hub|hub model|model)",
            "(tell rbee about|ask for|point at) a model (on|from) (hugging face|the hub)",
            "(write|name|spell|give|form) (a|the) (model reference|reference|reference of a model|hugging face model|model from the hub)",
            "(use|run|name|try) (a|any|some) (model|gguf|) from (hugging face|the hub|huggingface)",
            "(refer|point) to a (model on the hub|hugging face model|model on hugging face)",
            "(pick|choose|name) (a|the) (quantisation|quantization|revision|quant) (of a model|)",
        ),
        questions=(
            "what (does|is) a model reference (look like|)", "hugging face", "hf", "model reference", "what does hf mean",
            "does rbee (know|use|support) hugging face",
        ),
        defaults={"model": "hf:org/repo"},
    ),
)
