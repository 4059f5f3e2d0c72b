"""The functions of arrays, blobs, maps and ranges."""
