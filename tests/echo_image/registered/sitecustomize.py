"""Registers the modality in every Python that has this folder in its path: the one line that `modalities.py` gets."""

from rbee_keeper.workers.modalities import MODALITIES, Modality

MODALITIES["echo-image"] = Modality(
    module="tests.echo_image.loader", serves={"/v1/images/generations": "image-gen"}, title="image"
)
