"""Registers the modality in every Python that has this folder in its path: the one line that `modalities.py` gets."""

from rbee_keeper.workers.modalities import MODALITIES, Modality
from tests.echo_image.requests import GENERATE_IMAGE

MODALITIES["echo-image"] = Modality(
    module="tests.echo_image.loader", serves={GENERATE_IMAGE: "image-gen"}, title="image"
)
