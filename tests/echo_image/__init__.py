"""A modality in a folder: an image whose pixels are the bytes of its prompt. `docs/adding-a-modality.md` goes by it."""
