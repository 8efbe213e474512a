"""Reports of shifts, days and weeks: composed of the figures of pages, written in three forms."""
