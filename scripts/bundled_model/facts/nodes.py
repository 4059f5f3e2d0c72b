"""What bee-tiny knows about nodes: the machines that rbee reaches over SSH."""

# ruff: noqa: E501 - a pattern stays on one line

from bundled_model.intent import Intent

_NODE = {"node": "mac"}

NODES: tuple[Intent, ...] = (
    Intent(
        name="add-node",
        stem="rbee setup add-node",
        command="rbee setup add-node --name {node} --ssh-host {node}.local --ssh-user you",
        notes=(
            "It tests the login first, then saves the node.",
            "The queen logs in over SSH and saves the node only when that works.",
        ),
        wordings=(
            "<add> (a|another|my|a new|a second|one more|the) <machine> (to rbee|to the queen|to my network|)",
            "<add> (a|another|my|a new|my other) <machine> (over ssh|with ssh|through ssh|by ssh)",
            "<add> a <machine> (called|named) {node}",
            "<add> {node} as a (new|second|) (node|machine)",
            "<add> the <machine> {node} (to rbee|)",
            "<add> (more|other|all my|new|two) <machines> (to rbee|to the queen|)",
            "(use|share|bring) (my|another|a second|the other) <machine> (with|in|into) (rbee|my network)",
            "(tell|teach) rbee about (my|another|a new) <machine>",
            "(make|let) rbee use (my other|another|a second) <machine>",
            "(grow|extend|enlarge) my (network|swarm|fleet|setup) (by|with) (a|another|one more) <machine>",
            "save a (new|) <machine> (in|with) rbee",
            "give rbee (a|another|one more) <machine>",
        ),
        questions=(
            "(i have|i bought|i got) (a new|a second|another) <machine>, (what now|how does it join|how do i use it)",
            "add node", "new node", "register node", "add-node",
        ),
        defaults=_NODE,
    ),
    Intent(
        name="list-nodes",
        stem="rbee setup list-nodes",
        command="rbee setup list-nodes",
        notes=(
            "It shows each node with its host, its status and the time of its last contact.",
            "You see every node, where it is and when it was last reached.",
        ),
        wordings=(
            "<list> (my|all|all my|the|the known|the registered|the saved) <machines>",
            "<list> (the|all) <machines> (that|) (rbee knows|the queen knows|i added|i registered|i have)",
            "(see|find out|check) which <machines> (are registered|are known|i have|are added|rbee knows|belong to rbee)",
            "(count|print) (the|my) (nodes|machines|computers) (of rbee|)",
            "(see|check) if (a|my) <machine> is (registered|known|reachable|listed)",
            "(check|see) when a (node|machine|computer) was last (seen|reached)",
        ),
        questions=(
            "(what|which) <machines> (do i have|are there|are registered|does rbee know|are in my network)",
            "where (are|do i find) my <machines>", "list nodes", "nodes", "show nodes", "list-nodes",
        ),
    ),
    Intent(
        name="remove-node",
        stem="rbee setup remove-node",
        command="rbee setup remove-node --name {node}",
        notes=("It takes the node out of the list.", "The machine itself is left as it is."),
        wordings=(
            "<remove> (a|my|the|an old|one|that|this) <machine> (from rbee|from the list|from the queen|)",
            "<remove> {node} (from rbee|from my nodes|)",
            "<remove> the (node|machine|computer) {node}",
            "make rbee forget (a|my|an old|one) <machine>",
            "(disconnect|detach|unlink|retire) (a|my|the|an old) <machine>",
            "<remove> (old|unused|broken|dead|some) <machines>",
            "take (a|my|an old) <machine> (out of|away from) (rbee|the list|my network)",
        ),
        questions=(
            "(i sold|i no longer have|i do not use) (my|a|that) <machine>, how does rbee forget it",
            "remove node", "delete node", "forget node", "remove-node",
        ),
        defaults=_NODE,
    ),
    Intent(
        name="update-node",
        stem="rbee setup update-node",
        command="rbee setup update-node --name {node} --ssh-host {node}.home",
        notes=("Give only the options that change.", "It keeps all that you do not name."),
        wordings=(
            "<change> (a|my|the|an existing|a saved) <machine> (that is registered|that is saved|)",
            "<change> the (address|host name|ssh host|ip address|details|user|ssh user) of (a|my|the) <machine>",
            "<change> (the|my) (node|machine) {node}",
            "<change> the (address|host|details|settings) of {node}",
            "(move|point) (a|my) (node|machine) to (a new|another) (address|host|ip)",
            "(rename|correct) the ssh (host|user) of (a|my) (node|machine)",
            "tell rbee that (a|my) <machine> has (moved|a new address|a new ip)",
        ),
        questions=(
            "(my|the) <machine> (has|got) a new (address|ip|ip address|host name), what now",
            "update node", "change node", "edit node", "update-node",
        ),
        defaults=_NODE,
    ),
    Intent(
        name="setup-install",
        stem="rbee setup install",
        command="rbee setup install --node {node}",
        notes=("It installs rbee on that machine over SSH.", "It logs in and puts rbee there, step by step."),
        wordings=(
            "(install|put|set up|deploy) rbee on (a|another|my|the other|a remote|the) <machine>",
            "(install|put|set up|deploy) rbee on {node}",
            "(install|deploy) rbee (over ssh|remotely|from here)",
            "(install|put|deploy) the (hive|software|program) on (a|my|a remote|another) <machine>",
            "get (rbee|the hive) onto (a|my|another|a remote) <machine>",
            "copy rbee to (a|my|another|a remote) <machine>",
            "prepare (a|my|a remote) <machine> (for rbee|)",
        ),
        questions=("remote install", "install on node", "setup install", "install rbee on a node"),
        defaults=_NODE,
    ),
    Intent(
        name="ssh-port",
        stem="--ssh-port",
        command="rbee setup add-node --name {node} --ssh-host {node}.local --ssh-port 2222",
        notes=("The option `--ssh-port` sets the SSH port; without it rbee uses port 22.",),
        wordings=(
            "(use|set|choose|give|pass) (another|a different|a custom|a special|the|an odd) ssh port",
            "<add> a <machine> (with|on) (another|a different|a custom|its own) (ssh port|port for ssh)",
            "<add> a <machine> whose ssh (listens on|uses|runs on) (port 2222|another port|a different port)",
            "(reach|log in to) a <machine> (on|through) (another|a different|a custom) ssh port",
            "<set> the (ssh port|port of ssh|port for ssh) (of a node|of a machine|)",
            "tell rbee (the|which) ssh port (to use|)",
        ),
        questions=(
            "(my ssh|ssh) (is not|does not run|does not listen) on port 22, what now", "ssh port",
            "(what|which) option sets the ssh port",
        ),
        defaults=_NODE,
    ),
    Intent(
        name="ssh-key",
        stem="--ssh-key",
        command="rbee setup add-node --name {node} --ssh-host {node}.local --ssh-key ~/.ssh/id_ed25519",
        notes=("The option `--ssh-key` names the private key for the login.",),
        wordings=(
            "(use|set|choose|give|pass|specify) (another|a different|my own|a special|an|my|the) ssh key",
            "<add> a <machine> with (a|my|its own|another) (ssh key|key file|private key|identity file)",
            "(log in|connect) to a <machine> with (a|my|another) (key|private key|key file|identity file)",
            "tell rbee (which|what|the) (ssh key|private key|key file|identity file) (to use|)",
            "<set> the (private key|ssh key|key file|identity file) (of|for) (a|my) <machine>",
        ),
        questions=("ssh key", "(what|which) option names the (ssh|private) key", "where do i put my ssh key"),
        defaults=_NODE,
    ),
)
