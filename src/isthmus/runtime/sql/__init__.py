"""The SQL endpoint: its thread, who may enter, what each sees."""
