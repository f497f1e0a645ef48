"""A board of one's own on this machine: its private PostgreSQL and Redis, the service, and who keeps them up."""
