"""Ready-made widgets: what a site's own stats, checks and records say. Each names what it needs."""
