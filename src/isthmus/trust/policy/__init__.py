"""Who may do what, where: grants, the one decision, its explanation, its changes."""
