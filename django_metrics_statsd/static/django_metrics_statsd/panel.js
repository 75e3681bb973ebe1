// Adds searching and sorting to the StatsD panel of django-debug-toolbar 6, 7 and 8.
// Without it the panel shows the same tables, in the order that matters most.

const PANEL = "[data-statsd-panel]";
const listening = new WeakSet();

// Since 7.0 the toolbar lives in a shadow root. No element is kept: all of it may be replaced.
function debugElement() {
    const root = document.getElementById("djDebugRoot");
    return (root?.shadowRoot ?? document).getElementById("djDebug");
}

function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
}

function enhance(panel, djDebug) {
    if (panel.dataset.statsdPanel === "ready") {
        return;
    }
    panel.dataset.statsdPanel = "ready";
    addStyle(panel, djDebug);
    for (const table of panel.querySelectorAll("[data-statsd-table]")) {
        makeSortable(table);
    }
    addSearch(panel);
}

// A panel that is loaded later cannot know the page's nonce; the toolbar's own style sheet does.
function addStyle(panel, djDebug) {
    if (panel.querySelector("link")) {
        return;
    }
    const link = element("link", { rel: "stylesheet", href: panel.dataset.statsdCss });
    link.nonce = djDebug.getRootNode().querySelector("link[nonce]")?.nonce ?? "";
    panel.prepend(link);
}

function rowsOf(table) {
    return [...table.tBodies].flatMap((body) => [...body.rows]);
}

// Searching

function addSearch(panel) {
    const place = panel.querySelector("[data-statsd-tools]");
    const rows = [...panel.querySelectorAll("[data-statsd-table]")]
        .flatMap(rowsOf)
        .map((row) => ({ row, text: row.textContent.toLowerCase() }));
    if (!place || rows.length === 0) {
        return;
    }
    const field = element("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    const count = element("output", { "aria-live": "polite" });
    const show = () => search(panel, rows, field.value, count);
    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
        // Escape empties the field first; then it closes the panel, as everywhere in the toolbar.
        if (event.key === "Escape" && field.value !== "") {
            event.stopPropagation();
            event.preventDefault();
            field.value = "";
            show();
        }
    });
    place.replaceChildren(element("label", {}, "Search ", field), " ", count);
    show();
}

function search(panel, rows, text, count) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const each of rows) {
        const found = words.every((word) => each.text.includes(word));
        each.row.hidden = !found;
        shown += found ? 1 : 0;
    }
    for (const table of panel.querySelectorAll("[data-statsd-table]")) {
        table.parentElement.hidden = rowsOf(table).every((row) => row.hidden);
    }
    count.value =
        words.length === 0
            ? `${rows.length} rows`
            : `${shown} of ${rows.length} rows shown`;
}

// Sorting

function makeSortable(table) {
    for (const heading of table.tHead.querySelectorAll("th")) {
        const button = element("button", { type: "button" }, ...heading.childNodes);
        button.addEventListener("click", () => sort(table, heading));
        heading.append(button);
    }
}

function keyOf(row, index) {
    const cell = row.cells[index];
    const number = cell.dataset.sort;
    if (number !== undefined) {
        return Number(number);
    }
    return (cell.querySelector(".statsd-name") ?? cell).textContent.trim();
}

function compare(a, b) {
    return typeof a === "number" && typeof b === "number"
        ? a - b
        : String(a).localeCompare(String(b));
}

function sort(table, heading) {
    const before = heading.getAttribute("aria-sort");
    const numeric = heading.classList.contains("statsd-number");
    // Numbers begin with the largest, words with A.
    const first = numeric ? "descending" : "ascending";
    const other = numeric ? "ascending" : "descending";
    const order = before === first ? other : first;
    for (const each of table.tHead.querySelectorAll("th")) {
        each.removeAttribute("aria-sort");
    }
    heading.setAttribute("aria-sort", order);
    const direction = order === "ascending" ? 1 : -1;
    const sorted = rowsOf(table)
        .map((row) => ({ row, key: keyOf(row, heading.cellIndex) }))
        .sort((a, b) => direction * compare(a.key, b.key));
    table.tBodies[0].append(...sorted.map((each) => each.row));
}

// The toolbar dispatches this event when it shows a panel, loaded later or not.
function attach() {
    const djDebug = debugElement();
    if (!djDebug || document.readyState === "loading") {
        return;
    }
    const enhanceAll = () => {
        for (const panel of djDebug.querySelectorAll(PANEL)) {
            enhance(panel, djDebug);
        }
    };
    if (!listening.has(djDebug)) {
        listening.add(djDebug);
        djDebug.addEventListener("djdt.panel.render", enhanceAll);
    }
    enhanceAll();
}

// With RENDER_PANELS this script, being async, may come before the rest of its panel has been parsed.
if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", attach);
} else {
    attach();
}
// HTMX or Turbo may have replaced the toolbar; a click, heard here before the toolbar hears it, is how
// its panels are opened.
document.addEventListener("click", attach, { capture: true });
