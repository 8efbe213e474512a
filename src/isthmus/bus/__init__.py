"""The message backbone: frames, streams, windowed publishing, consumers, last values, uplink."""
