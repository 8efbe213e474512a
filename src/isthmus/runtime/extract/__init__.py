"""What an export holds: samples, or one row a stretch, as tables for any kind of file."""
