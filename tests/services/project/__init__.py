"""The small site the services tests run under real application servers."""
