// Small conveniences, and the start of all parts. Everything works without.
function startCountry() {
  const region = ((navigator.language || "").match(/-([A-Za-z]{2})(?:-|$)/) || [])[1];
  for (const select of document.querySelectorAll("select[data-region]")) {
    if (region && !select.value && select.querySelector('option[value="' + region.toUpperCase() + '"]')) select.value = region.toUpperCase();
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

for (const start of [startHints, startCities, startCounts, startSharing, startMail, startTimes, startCountry, startVenues, startButtons]) start();
