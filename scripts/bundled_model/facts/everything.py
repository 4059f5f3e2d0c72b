"""All intents that bee-tiny is taught, in one tuple."""

from bundled_model.facts.by_hand import BY_HAND
from bundled_model.facts.daemons import DAEMONS
from bundled_model.facts.inference import INFERENCE
from bundled_model.facts.interfaces import INTERFACES
from bundled_model.facts.models import MODELS
from bundled_model.facts.nodes import NODES
from bundled_model.facts.sampling import SAMPLING
from bundled_model.facts.upkeep import UPKEEP
from bundled_model.intent import Intent

INTENTS: tuple[Intent, ...] = (
    *NODES,
    *INFERENCE,
    *SAMPLING,
    *DAEMONS,
    *BY_HAND,
    *MODELS,
    *UPKEEP,
    *INTERFACES,
)
