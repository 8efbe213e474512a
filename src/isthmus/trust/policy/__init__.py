"""Who may do what: one policy for pages, API, SQL, bus and command line."""
