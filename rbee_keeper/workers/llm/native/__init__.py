"""llama.cpp's own functions, in objects: nothing else in rbee calls them."""
