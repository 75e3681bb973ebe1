// Lets a reader move and size tiles: with a mouse, a finger or the arrow keys. Kept by the server for who is
// logged in, by the browser for others.
(() => {
  "use strict";

  const grid = document.querySelector(".tiles");
  const tools = document.querySelector("[data-arrange-tools]");
  if (!grid || !tools) return;

  const texts = JSON.parse(grid.dataset.texts);
  const said = document.querySelector("[data-said]");
  const toggle = tools.querySelector("[data-arrange]");
  const reset = tools.querySelector("[data-reset]");
  const KEPT = "metrics_dashboard.layout";
  const COLUMNS = 4;
  const ROWS = 3;
  let saveTimer = 0;

  const tiles = () => [...grid.querySelectorAll(":scope > .tile")];
  const titleOf = (tile) => tile.querySelector("h2").textContent;

  function say(text, values = {}) {
    said.textContent = text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  // ----- order -----

  // The others move around the tile that is held: it stays in the document, and so keeps focus and finger.
  function place(tile, index) {
    const wanted = Math.max(0, Math.min(tiles().length - 1, index));
    let now = tiles().indexOf(tile);
    if (now === wanted) return false;
    while (now < wanted) {
      grid.insertBefore(tile.nextElementSibling, tile);
      now += 1;
    }
    while (now > wanted) {
      grid.insertBefore(tile.previousElementSibling, tile.nextElementSibling);
      now -= 1;
    }
    return true;
  }

  function sayPlace(tile) {
    const seen = tiles().filter((each) => !each.classList.contains("gone"));
    say(texts.moved, { title: titleOf(tile), place: seen.indexOf(tile) + 1, count: seen.length });
  }

  function moveByKey(tile, key) {
    const now = tiles().indexOf(tile);
    const right = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
    const to = {
      ArrowUp: now - 1,
      ArrowDown: now + 1,
      ArrowLeft: now - right,
      ArrowRight: now + right,
      Home: 0,
      End: tiles().length - 1,
    }[key];
    if (to === undefined) return false;
    place(tile, to);
    sayPlace(tile);
    tile.scrollIntoView({ block: "nearest" });
    save();
    return true;
  }

  // ----- size -----

  function size(tile, width, height) {
    const w = Math.max(1, Math.min(COLUMNS, width));
    const h = Math.max(1, Math.min(ROWS, height));
    if (w === Number(tile.dataset.w) && h === Number(tile.dataset.h)) return false;
    tile.classList.remove(`w${tile.dataset.w}`, `h${tile.dataset.h}`);
    tile.classList.add(`w${w}`, `h${h}`);
    tile.dataset.w = w;
    tile.dataset.h = h;
    return true;
  }

  function saySize(tile) {
    say(texts.sized, { title: titleOf(tile), width: tile.dataset.w, height: tile.dataset.h });
  }

  function sizeByKey(tile, key) {
    const right = getComputedStyle(grid).direction === "rtl" ? -1 : 1;
    const by = { ArrowLeft: [-right, 0], ArrowRight: [right, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
    if (!by) return false;
    size(tile, Number(tile.dataset.w) + by[0], Number(tile.dataset.h) + by[1]);
    saySize(tile);
    save();
    return true;
  }

  // ----- pointer -----

  function drag(button, event, moved, done) {
    event.preventDefault();
    button.focus();
    button.setPointerCapture(event.pointerId);
    const tile = button.closest(".tile");
    const before = layout();
    tile.classList.add("held");
    grid.classList.add("dragging");
    const end = (cancelled) => {
      tile.classList.remove("held");
      grid.classList.remove("dragging");
      controller.abort();
      if (cancelled) apply(before);
      else done(tile);
    };
    const controller = new AbortController();
    const options = { signal: controller.signal };
    button.addEventListener("pointermove", (each) => moved(tile, each), options);
    button.addEventListener("pointerup", () => end(false), options);
    button.addEventListener("pointercancel", () => end(true), options);
    button.addEventListener("keydown", (each) => each.key === "Escape" && end(true), options);
  }

  function moveTo(tile, event) {
    scrollNearEdge(event.clientY);
    const under = document.elementsFromPoint(event.clientX, event.clientY)
      .map((element) => element.closest?.(".tiles > .tile"))
      .find((each) => each && each !== tile);
    const own = tile.getBoundingClientRect();
    const inside = event.clientX >= own.left && event.clientX <= own.right
      && event.clientY >= own.top && event.clientY <= own.bottom;
    if (!under || inside) return;
    place(tile, tiles().indexOf(under));
  }

  function scrollNearEdge(y) {
    if (y < 40) window.scrollBy(0, -12);
    else if (y > window.innerHeight - 40) window.scrollBy(0, 12);
  }

  // By how far the pointer went, not by where it is: a tile that grows may wrap into the next row.
  function sizer(tile, start) {
    const style = getComputedStyle(grid);
    const columns = style.gridTemplateColumns.split(" ").length;
    const column = grid.clientWidth / columns * (style.direction === "rtl" ? -1 : 1);
    const [w, h] = [Number(tile.dataset.w), Number(tile.dataset.h)];
    const row = tile.getBoundingClientRect().height / h;
    return (each, event) => size(
      each,
      w + Math.round((event.clientX - start.clientX) / column),
      h + Math.round((event.clientY - start.clientY) / row),
    );
  }

  grid.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const move = event.target.closest("[data-move]");
    const corner = event.target.closest("[data-size]");
    if (move) drag(move, event, moveTo, (tile) => { sayPlace(tile); save(); });
    if (corner) {
      drag(corner, event, sizer(corner.closest(".tile"), event), (tile) => { saySize(tile); save(); });
    }
  });

  grid.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const button = event.target.closest("[data-move], [data-size]");
    if (!button) return;
    const tile = button.closest(".tile");
    const done = button.matches("[data-move]") ? moveByKey(tile, event.key) : sizeByKey(tile, event.key);
    if (done) event.preventDefault();
  });

  // ----- keeping it -----

  function layout() {
    const order = tiles().map((tile) => tile.dataset.tile);
    const sizes = Object.fromEntries(
      tiles().map((tile) => [tile.dataset.tile, [Number(tile.dataset.w), Number(tile.dataset.h)]]));
    return { order, sizes };
  }

  function apply(kept) {
    const there = new Set(tiles().map((tile) => tile.dataset.tile)); // widgets come and go
    kept.order.filter((name) => there.has(name)).forEach((name, index) => {
      place(tiles().find((each) => each.dataset.tile === name), index);
    });
    for (const tile of tiles()) {
      const wanted = kept.sizes[tile.dataset.tile];
      if (wanted) size(tile, wanted[0], wanted[1]);
    }
  }

  function save() {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(send, 250);
  }

  async function send(data = layout()) {
    clearTimeout(saveTimer);
    saveTimer = 0;
    if (!grid.dataset.layout) {
      keep(data);
      return true;
    }
    try {
      const answer = await fetch(grid.dataset.layout, {
        method: "POST",
        keepalive: true,
        headers: { "Content-Type": "application/json", "X-CSRFToken": grid.dataset.csrf },
        body: JSON.stringify(data),
      });
      if (!answer.ok) throw new Error(answer.statusText);
      return true;
    } catch {
      say(texts.unsaved);
      return false;
    }
  }

  function keep(data) {
    try {
      if (data.reset) localStorage.removeItem(KEPT);
      else localStorage.setItem(KEPT, JSON.stringify(data));
    } catch {
      // A browser that keeps nothing: the order lasts as long as the page.
    }
  }

  function recall() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT));
      if (Array.isArray(kept?.order) && kept.sizes) apply(kept);
    } catch {
      // Not ours, or not readable: the order of the widgets then.
    }
  }

  // ----- the switch -----

  toggle.addEventListener("click", () => {
    const on = toggle.getAttribute("aria-pressed") !== "true";
    toggle.setAttribute("aria-pressed", String(on));
    reset.hidden = !on;
    grid.classList.toggle("arranging", on);
    grid.querySelectorAll(".tile-tools").forEach((each) => { each.hidden = !on; });
    say(on ? texts.arranging : texts.arranged);
  });

  reset.addEventListener("click", async () => {
    if (await send({ reset: true })) location.reload();
  });

  window.addEventListener("pagehide", () => saveTimer && send());
  if (!grid.dataset.layout) recall();
  tools.hidden = false;
})();
