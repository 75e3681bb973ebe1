// What the web-vitals package makes of this page, for the test to read.
window.measured = {};
for (const name of ["onCLS", "onINP", "onLCP", "onFCP", "onTTFB"]) {
  webVitals[name]((metric) => (window.measured[metric.name] = metric), { reportAllChanges: true });
}
