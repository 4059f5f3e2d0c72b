"""Children whose parent died: how they are known, and ended."""
