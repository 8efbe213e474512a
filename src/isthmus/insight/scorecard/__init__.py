"""The scorecard that operations and IT share: measures, verdicts, trends; pure."""
