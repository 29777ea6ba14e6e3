// The reader's own time beside an event's, where the clocks differ.
function startTimes() {
  for (const place of document.querySelectorAll("[data-utc]")) {
    const at = new Date(place.dataset.utc);
    const [day, clock] = [at.toLocaleDateString("sv"), at.toLocaleTimeString("sv").slice(0, 5)];
    if (isNaN(at) || day + "T" + clock === place.dataset.local) continue;
    const form = {weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit"};
    place.append(at.toLocaleString(words.tongue, form));
    place.hidden = false;
  }
}
