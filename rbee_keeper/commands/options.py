"""Every option that more than one command has, declared once."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one value a line.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the result and errors.")]
QueenUrlOption = Annotated[
    str | None, typer.Option("--queen-url", metavar="URL", help="Use this queen instead of the local one.")
]
