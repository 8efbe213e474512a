"""People are told: routes, rotas, escalations, an outbox on disk, channels."""
