// The phone's own sheet where there is one; else the text goes to the clipboard, or is marked for copying.
async function share(button) {
  const source = button.closest("[data-url]");
  const {title, url} = source.dataset;
  const area = source.querySelector("textarea");
  try {
    if (navigator.share) await navigator.share({title, url});
    else {
      await navigator.clipboard.writeText(title + "\n" + url);
      button.textContent = words.copied;
    }
  } catch {
    if (area) area.select();
  }
}

function startSharing() {
  for (const button of document.querySelectorAll("[data-share-button]")) {
    const canCopy = navigator.clipboard || button.closest("[data-share]");
    button.hidden = !(navigator.share || canCopy);
    button.addEventListener("click", () => share(button));
  }
}
