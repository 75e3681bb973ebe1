// Puts a chart into the page after it has been loaded, as a page does that loads its charts one by one.
document.getElementById("load").addEventListener("click", async () => {
    const answer = await fetch("/fragment/");
    document.getElementById("place").innerHTML = await answer.text();
});
