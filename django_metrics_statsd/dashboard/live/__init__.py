"""How a change reaches open pages: the table of changes is the truth, Redis only wakes those who read it."""
