"""How long history is kept, where, and how much disk it takes."""
