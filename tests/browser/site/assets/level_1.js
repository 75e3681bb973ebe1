// A browser that has Navigation Timing Level 1 alone.
performance.getEntriesByType = undefined;
