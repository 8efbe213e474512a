"""From devices to the stream: links and their health, what happens to values on the way."""
