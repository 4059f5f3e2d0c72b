"""What every worker answers, whatever its model is for."""
