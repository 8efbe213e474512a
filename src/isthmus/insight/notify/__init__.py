"""Who is to be told, and when: rotas, escalations, floods; pure."""
