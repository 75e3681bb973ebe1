// A browser with none of what stick asks for.
Object.defineProperty(navigator, "sendBeacon", { value: undefined });
for (const name of ["performance", "PerformanceObserver", "fetch", "URLSearchParams"]) {
  Object.defineProperty(window, name, { value: undefined });
}
