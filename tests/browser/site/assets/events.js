// A button that is slow to answer, a block that comes in late, and what the page knows of how it is shown.
window.shown = [];
addEventListener("pageshow", (event) => window.shown.push(event.persisted));
addEventListener("DOMContentLoaded", () => {
  document.getElementById("slow").addEventListener("click", () => {
    const end = performance.now() + 120;
    while (performance.now() < end);
  });
  const block = document.createElement("p");
  block.textContent = "Late";
  if (location.search.includes("shift")) {
    setTimeout(() => {
      document.getElementById("above").append(block);
      block.insertAdjacentHTML("afterend", "<p>more</p>".repeat(8));
    }, 300);
  }
});
