"""Tree to closures: one small Python function per node, over slotted frames."""
