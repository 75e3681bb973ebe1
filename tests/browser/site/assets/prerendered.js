// Runs without a driver, as one that is attached forbids prerendering: the first page waits and goes on, the
// prerendered one says what it knows of its load.
if (location.pathname === "/before") {
  setTimeout(() => document.getElementById("next").click(), 1500);
} else {
  const tell = () =>
    setTimeout(() => {
      const entry = performance.getEntriesByType("navigation")[0].toJSON();
      const old = performance.timing;
      const domLoading = Math.min(old.domLoading - old.navigationStart, entry.domInteractive);
      fetch("/said", { method: "POST", body: JSON.stringify(Object.assign(entry, { domLoading })) });
    }, 300);
  if (document.prerendering) document.addEventListener("prerenderingchange", tell);
  else tell();
}
