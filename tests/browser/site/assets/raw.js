// As the package's own page has it: a beacon for each metric.
const where = new URL(document.currentScript.dataset.beacon, location.href);
where.searchParams.set("client", "vitals");
for (const name of ["onCLS", "onINP", "onLCP", "onFCP", "onTTFB"]) {
  webVitals[name](({ name, value, rating, delta, id, navigationType }) =>
    navigator.sendBeacon(where, JSON.stringify({ name, value, rating, delta, id, navigationType })),
  );
}
