"""`rbee rhai`: check, test, run and measure routing scripts; one file per verb."""
