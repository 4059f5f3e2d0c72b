"""What crosses a wire: pure data, closed unions, no I/O."""
