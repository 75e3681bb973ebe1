// Keeps the health page up to date: asks for the checks again and again, and puts them in place.
"use strict";

(() => {
  const box = document.getElementById("health");
  const line = document.getElementById("live-text");
  const pause = document.getElementById("live-pause");
  const status = document.getElementById("status");
  if (!box || !window.fetch) return;

  const every = 1000 * Number(box.dataset.every || 5);
  const longest = 60000;
  let timer = 0, wait = every, paused = false, gone = null, asking = false;

  const time = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const say = (text, bad) => { line.textContent = text; line.classList.toggle("gone", Boolean(bad)); };
  const tell = (text) => { status.textContent = text; };  // a live region: read out when it changes

  function states() {
    const found = new Map();
    for (const row of box.querySelectorAll("[data-key]")) found.set(row.dataset.key, row.dataset.state);
    return found;
  }

  function name() {
    const state = box.querySelector("#overall")?.dataset.state;
    document.title = state ? `${state} – ${box.dataset.title}` : box.dataset.title;
  }

  // What the reader has opened, and where the focus is, stays so.
  function swap(html) {
    const open = new Set([...box.querySelectorAll("details[open]")].map((each) => each.dataset.open));
    const focused = box.contains(document.activeElement) ? document.activeElement.closest("details")?.dataset.open : null;
    const inTrace = focused && document.activeElement.tagName === "PRE";
    const scrolled = new Map([...box.querySelectorAll("pre")].map((pre) => [pre.getAttribute("aria-label"), pre.scrollTop]));
    const before = states();
    box.innerHTML = html;
    for (const each of box.querySelectorAll("details")) {
      each.open = open.has(each.dataset.open);
      if (each.dataset.open === focused) each.querySelector(inTrace ? "pre" : "summary")?.focus({ preventScroll: true });
    }
    for (const pre of box.querySelectorAll("pre")) pre.scrollTop = scrolled.get(pre.getAttribute("aria-label")) || 0;
    window.htmx?.process(box);
    name();
    const news = [];
    for (const [key, state] of states()) {
      if (before.has(key) && before.get(key) !== state) news.push(`${key} ${box.dataset.now} ${state}`);
    }
    if (news.length) tell(news.join("; "));
  }

  function address() {
    const url = new URL(location.href);
    url.searchParams.set("fragment", "1");
    url.hash = "";
    return url;
  }

  async function look(again = false) {
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(address(), { credentials: "same-origin", cache: "no-store", redirect: "error", signal: AbortSignal.timeout(30000) });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!html.includes('id="overall"')) throw new Error("not the checks");  // a login page, say
      if (paused && !again) return;
      if (gone) tell(line.dataset.live);
      swap(html);  // what it tells of changes goes before that
      gone = null;
      wait = every;
      say(`${paused ? line.dataset.paused : line.dataset.live} · ${time(new Date())}`);
    } catch {
      if (!gone) { gone = new Date(); tell(`${line.dataset.gone} ${time(gone)}`); }
      say(`${line.dataset.gone} ${time(gone)}`, true);
      wait = Math.min(longest, 2 * wait);
    } finally {
      asking = false;
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (!paused && !document.hidden) timer = setTimeout(() => look(), wait);
  }

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (paused) { clearTimeout(timer); say(`${line.dataset.paused} · ${time(new Date())}`); } else { look(); }
  });
  document.getElementById("live-again").addEventListener("click", (event) => { event.preventDefault(); look(true); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused) { wait = every; look(); } else { clearTimeout(timer); } });
  name();
  plan();
})();
