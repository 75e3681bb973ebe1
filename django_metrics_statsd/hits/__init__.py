"""One record per request ("hit"), events beside them, and the road they take into the storages."""
