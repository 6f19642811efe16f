"""Who may do what: organisations, projects, people, sessions and project keys."""
