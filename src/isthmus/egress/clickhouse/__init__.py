"""Samples and events as tables of ClickHouse, over its HTTP interface."""
