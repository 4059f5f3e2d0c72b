"""What one run of a script may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use; 0 means no limit."""

    max_operations: int = 200_000
    wall_clock_s: float = 0.05
    compile_clock_s: float = 0.5
    max_call_levels: int = 64
    max_expression_depth: int = 64
    max_function_expression_depth: int = 32
    max_variables: int = 500
    max_functions: int = 128
    max_modules: int = 16
    max_string_size: int = 64 * 1024
    max_array_size: int = 10_000
    max_map_size: int = 1_000
    max_script_size: int = 256 * 1024
    max_output_size: int = 64 * 1024


UNLIMITED = Limits(
    max_operations=0,
    wall_clock_s=0.0,
    compile_clock_s=0.0,
    max_variables=0,
    max_functions=0,
    max_modules=0,
    max_string_size=0,
    max_array_size=0,
    max_map_size=0,
    max_script_size=0,
    max_output_size=0,
)
"""No limits but those on nesting, which protect the process."""
