// The count, read again while the page is looked at, at most once in 15 seconds.
const PAUSE = 15000;

function startCounts() {
  const place = document.querySelector("[data-counts]");
  const figure = place && place.querySelector("[data-total]");
  if (!figure) return;
  const word = place.querySelector("[data-word]");
  const numbers = new Intl.NumberFormat(words.tongue);
  const rules = new Intl.PluralRules(words.tongue);
  let last = Date.now();
  let timer = 0;
  function show(total) {
    if (!total && figure.hidden) return;
    figure.textContent = numbers.format(total);
    word.textContent = word.dataset[rules.select(total)] || word.textContent;
    figure.hidden = false;
  }
  async function read() {
    last = Date.now();
    try {
      const answer = await fetch(place.dataset.counts);
      if (answer.ok) show((await answer.json()).total);
    } catch {
      // The line is down: the figure that stands there stays.
    }
    wait();
  }
  function wait() {
    clearTimeout(timer);
    if (document.visibilityState === "visible") timer = setTimeout(read, Math.max(0, last + PAUSE - Date.now()));
  }
  document.addEventListener("visibilitychange", wait);
  wait();
}
