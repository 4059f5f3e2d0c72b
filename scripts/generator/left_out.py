"""What the reference language has and this one lacks, and what trying it gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One absent feature; `script` tries it and ends with `kind` and `message`."""

    feature: str
    reason: str
    script: str
    kind: str
    message: str
    in_policies_only: bool = False


LEFT_OUT = (
    LeftOut(
        "decimal numbers",
        "a feature of the reference engine that is off by default",
        'parse_decimal("1.5")',
        "ErrorFunctionNotFound",
        "Function not found: parse_decimal (&str | ImmutableString | String)",
    ),
    LeftOut(
        "integers of other widths",
        "only a Rust host can make them",
        "to_u8(1)",
        "ErrorFunctionNotFound",
        "Function not found: to_u8 (i64)",
    ),
    LeftOut(
        "value tags of anything but variables",
        "Python numbers carry no tag, so only a variable can keep one beside its value",
        "let a = [1]; a[0].tag = 5",
        "ErrorDotExpr",
        "No writable property 'tag' - a setter is not registered for type 'i64' to handle 'i64'",
    ),
    LeftOut(
        "waiting",
        "a decision may not wait",
        "sleep(1)",
        "ErrorRuntime",
        "Runtime error: sleep is not available to scripts",
    ),
    LeftOut(
        "custom operators",
        "a feature for hosts; scripts cannot define any in the reference either",
        "1 @ 2",
        "UnknownOperator",
        "Unknown operator: '@'",
    ),
    LeftOut(
        "modules, where no folder was given",
        "the host decides which folder may be read",
        'import "other" as o;',
        "ErrorModuleNotFound",
        "Module not found: other",
    ),
    LeftOut(
        "`eval` in routing policies",
        "what runs is what was checked",
        'eval("1")',
        "Reserved",
        "'eval' is a reserved keyword",
        in_policies_only=True,
    ),
    LeftOut(
        "files, network, environment",
        "there are no such functions",
        'open_file("x")',
        "ErrorFunctionNotFound",
        "Function not found: open_file (&str | ImmutableString | String)",
    ),
)
