"""The API, the live stream and the pages."""
