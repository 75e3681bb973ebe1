// stick.send(url, {vitals: true, sample: 0.1}) or data-url, data-vitals, data-sample; stick.navigated(path)
// for a new page without a load; stick.vitals(webVitals) for that package.
(() => {
  "use strict";
  if (window.stick && window.stick.send) return;

  const INSTANT = /^(?!nav|act).*(Start|End|Interactive|Complete)$/;
  const VITALS = ["LCP", "INP", "CLS", "FCP", "TTFB"];
  const clock = window.performance || {};

  let target;
  let kept = true; // not by the sampling
  let activation; // when a prerendered page was shown
  let life; // of the page, until it navigates or comes back
  let shifts; // 0 where the browser reports them
  let painted;
  let adapted;
  const observed = [];

  // Whatever a browser lacks or refuses, the page must not notice.
  const guarded = (work) => (...given) => {
    try {
      return work(...given);
    } catch (error) {}
  };
  const on = (type, work) => addEventListener(type, guarded(work));
  const onHidden = (work) => on("visibilitychange", () => isHidden() && work());
  const isHidden = () => document.visibilityState === "hidden";
  const entries = (type) => (clock.getEntriesByType ? clock.getEntriesByType(type) : []);
  const navigation = () => entries("navigation")[0] || clock.navigation || {};
  const sinceShown = (ms) => Math.max(0, ms - activation);
  const beacon = guarded((url, body) => navigator.sendBeacon(url, body));

  function deliver(url, body) {
    if (!url || !kept || beacon(url, body)) return;
    fetch(url, { method: "POST", body, keepalive: true, mode: "no-cors" }).catch(() => {});
  }

  // JSON leaves out what is undefined.
  function json(client, page, fields) {
    const connection = (navigator.connection || {}).effectiveType;
    return JSON.stringify(Object.assign({ client, page, connection }, fields));
  }

  function sendNavigation(about, fields) {
    const all = Object.assign({ "window.performance.navigation.type": about.kind }, fields);
    deliver(target, new URLSearchParams(JSON.parse(json("stick", about.page, all))));
  }

  function sendMetrics(url, page, metrics) {
    if (metrics.length) deliver(url, json("vitals", page, { metrics }));
  }

  function begin(kind, page) {
    life = { kind, page: page || location.pathname, CLS: shifts, sum: 0, first: -1e9, last: -1e9, slow: {} };
    life.before = clock.interactionCount;
    return life;
  }

  // Navigation Timing Level 2 is in ms since the start, 0 for what was not; Level 1 since 1970.
  function loadFields() {
    const old = clock.timing || {};
    const entry = navigation();
    const from = entry.name ? entry : old;
    const start = from === old ? old.navigationStart : 0;
    const fields = { "window.performance.navigation.redirectCount": entry.redirectCount };
    const put = (name, ms) => (fields["window.performance.timing." + name] = Math.round(sinceShown(ms)));
    for (const name in from) if (INSTANT.test(name) && from[name] > 0) put(name, from[name] - start);
    // Level 1 alone has domLoading. It is rounded in another way, so keep the order.
    const loading = old.domLoading - old.navigationStart;
    if (old.domLoading > 0) put("domLoading", Math.min(loading, entry.domInteractive || loading));
    return fields;
  }

  function observe(type, work) {
    if (PerformanceObserver.supportedEntryTypes.indexOf(type) < 0) return;
    const take = guarded((list) => list.forEach(work));
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    observer.observe({ type, buffered: true, durationThreshold: 40 });
    observed.push(() => take(observer.takeRecords()));
    return 0;
  }

  // web.dev/lcp, /fcp: if never hidden before. The browser ends LCP at the first input.
  function watchPaints(load) {
    const hide = entries("visibility-state").find((it) => it.name === "hidden" && it.startTime >= activation);
    const hidden = hide ? hide.startTime : isHidden() ? 0 : Infinity;
    const paint = (name) => (entry) => {
      if (entry.startTime < hidden && entry.name !== "first-paint") load[name] = sinceShown(entry.startTime);
    };
    observe("largest-contentful-paint", paint("LCP"));
    observe("paint", paint("FCP"));
  }

  // web.dev/cls: the worst window of up to 5 s, shifts less than 1 s apart.
  function shift(entry) {
    const at = entry.startTime;
    if (entry.hadRecentInput) return;
    if (at - life.last >= 1000 || at - life.first >= 5000) {
      life.sum = 0;
      life.first = at;
    }
    life.last = at;
    life.sum += entry.value;
    life.CLS = Math.max(life.CLS, life.sum);
  }

  // web.dev/inp: the slowest interaction, leaving out one of each 50.
  function interact(entry) {
    const id = entry.interactionId;
    if (id) life.slow[id] = Math.max(life.slow[id] || 0, entry.duration);
  }

  function slowest() {
    const all = Object.keys(life.slow).map((id) => life.slow[id]).sort((a, b) => b - a);
    const skipped = (clock.interactionCount - life.before) / 50 || 0;
    return all[Math.min(Math.floor(skipped), all.length - 1)];
  }

  function watch() {
    const response = navigation().responseStart;
    if (response > 0 && response < clock.now()) life.TTFB = sinceShown(response);
    life.before = 0;
    watchPaints(life);
    observe("event", interact);
    observe("first-input", interact);
    life.CLS = shifts = observe("layout-shift", shift);
  }

  // When the page is first hidden, which may be its end.
  function sendVitals() {
    if (!observed.length || life.told || adapted) return;
    observed.forEach((take) => take());
    life.told = true;
    life.INP = slowest();
    painted = painted || life.FCP >= 0;
    if (!painted) life.CLS = -1; // as Chrome's own report
    const metric = (name) => ({ name, value: life[name], navigationType: life.kind });
    sendMetrics(target, life.page, VITALS.map(metric).filter((it) => it.value >= 0));
  }

  // Nothing loads; paints as web-vitals has them.
  function comeBack(event) {
    if (!event.persisted) return;
    const back = begin("back_forward_cache");
    sendNavigation(back);
    back.TTFB = 0;
    const paint = () => (back.LCP = back.FCP = clock.now() - event.timeStamp);
    requestAnimationFrame(() => requestAnimationFrame(paint));
  }

  function start(vitals) {
    const entry = navigation();
    activation = entry.activationStart || 0;
    const load = begin(activation ? "prerender" : entry.type);
    let told;
    const report = guarded(() => told || sendNavigation(load, loadFields((told = true))));
    const afterLoad = () => setTimeout(report);
    if (document.readyState === "complete") afterLoad();
    else on("load", afterLoad);
    on("pagehide", report);
    on("pagehide", sendVitals);
    onHidden(sendVitals);
    on("pageshow", comeBack);
    if (vitals) watch();
  }

  function send(url, options) {
    if (target || !url) return;
    const { vitals, sample } = options || {};
    target = url;
    kept = !(Math.random() >= sample);
    const go = guarded(() => kept && start(vitals));
    if (document.prerendering) document.addEventListener("prerenderingchange", go);
    else go();
  }

  function navigated(page) {
    if (!life) return;
    sendVitals();
    sendNavigation(begin("soft_navigation", page));
  }

  // The package calls back before this, in the capture phase.
  function adapt(webVitals, url) {
    const latest = {};
    const told = {};
    adapted = true;
    const keep = ({ id, name, value, rating, navigationType }) =>
      (latest[id] = { name, value, rating, navigationType });
    VITALS.forEach((name) => webVitals["on" + name](keep));
    onHidden(() => {
      const fresh = Object.keys(latest).filter((id) => !told[id]);
      sendMetrics(url || target, location.pathname, fresh.map((id) => latest[id]));
      Object.assign(told, latest);
    });
  }

  window.stick = { send: guarded(send), navigated: guarded(navigated), vitals: guarded(adapt) };
  const { url, vitals, sample } = (document.currentScript || {}).dataset || {};
  window.stick.send(url, { vitals: vitals !== undefined, sample });
})();
