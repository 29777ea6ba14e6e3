// Small conveniences, and the start of all parts. Everything works without.
// The region of the browser's language comes first in the list. It is not chosen: English of the US is spoken everywhere,
// and a country that nobody chose would be counted.
function startCountry() {
  const region = ((navigator.language || "").match(/-([A-Za-z]{2})(?:-|$)/) || [])[1];
  for (const select of document.querySelectorAll("select[data-region]")) {
    const near = region && select.querySelector('option[value="' + region.toUpperCase() + '"]');
    const first = select.querySelector('option:not([value=""])');
    if (near && near !== first) first.before(near);
  }
}

function chooseVenue(ref) {
  const select = document.getElementById("host-venue");
  if (select && [...select.options].some((option) => option.value === ref)) select.value = ref;
}

function startVenues() {
  const asked = new URLSearchParams(location.search).get("venue");
  if (asked) chooseVenue(asked);
  for (const link of document.querySelectorAll("a[data-venue]")) link.addEventListener("click", () => chooseVenue(link.dataset.venue));
}

function startButtons() {
  for (const [name, act] of [["print", () => window.print()], ["back", () => history.back()]]) {
    for (const button of document.querySelectorAll("[data-" + name + "]")) {
      button.hidden = false;
      button.addEventListener("click", act);
    }
  }
}

for (const start of [startHints, startCities, startCounts, startSharing, startMail, startTimes, startCountry, startVenues, startButtons]) {
  try {
    start();
  } catch (error) {
    console.error(error);  // what one part needs and a browser lacks must not cost the others
  }
}
