// The address just typed goes with this tab to the next page, is shown there if that says what comes, and dropped.
const TYPED = "typed";
const INBOXES = {
  "gmail.com": "https://mail.google.com/", "googlemail.com": "https://mail.google.com/",
  "outlook.com": "https://outlook.live.com/", "hotmail.com": "https://outlook.live.com/",
  "hotmail.fr": "https://outlook.live.com/", "live.com": "https://outlook.live.com/", "msn.com": "https://outlook.live.com/",
  "yahoo.com": "https://mail.yahoo.com/", "yahoo.fr": "https://mail.yahoo.com/", "yahoo.co.uk": "https://mail.yahoo.com/",
  "yahoo.de": "https://mail.yahoo.com/", "yahoo.es": "https://mail.yahoo.com/", "yahoo.com.br": "https://mail.yahoo.com/",
  "aol.com": "https://mail.aol.com/", "icloud.com": "https://www.icloud.com/mail", "me.com": "https://www.icloud.com/mail",
  "proton.me": "https://mail.proton.me/", "protonmail.com": "https://mail.proton.me/", "gmx.de": "https://www.gmx.net/",
  "gmx.net": "https://www.gmx.net/", "gmx.at": "https://www.gmx.at/", "gmx.ch": "https://www.gmx.ch/", "web.de": "https://web.de/",
  "t-online.de": "https://email.t-online.de/", "posteo.de": "https://posteo.de/", "mailbox.org": "https://mailbox.org/",
  "orange.fr": "https://messagerie.orange.fr/", "wanadoo.fr": "https://messagerie.orange.fr/", "free.fr": "https://zimbra.free.fr/",
  "laposte.net": "https://www.laposte.net/", "sfr.fr": "https://messagerie.sfr.fr/", "libero.it": "https://mail.libero.it/",
  "mail.ru": "https://e.mail.ru/", "yandex.ru": "https://mail.yandex.ru/", "rambler.ru": "https://mail.rambler.ru/",
  "qq.com": "https://mail.qq.com/", "163.com": "https://mail.163.com/", "126.com": "https://mail.126.com/",
  "uol.com.br": "https://email.uol.com.br/", "bol.com.br": "https://email.bol.uol.com.br/", "seznam.cz": "https://email.seznam.cz/",
  "wp.pl": "https://poczta.wp.pl/",
};

function keepTyped(form) {
  const address = form.elements.email && form.elements.email.value.trim();
  try {
    if (address) sessionStorage.setItem(TYPED, address);
  } catch {
    // A browser that stores nothing: the next page shows no address.
  }
}

function takeTyped() {
  try {
    const address = sessionStorage.getItem(TYPED);
    sessionStorage.removeItem(TYPED);
    return address;
  } catch {
    return null;
  }
}

function startMail() {
  for (const form of document.querySelectorAll('form[data-form="sign"], form[data-form="host"]')) form.addEventListener("submit", () => keepTyped(form));
  const place = document.querySelector("[data-typed]");
  const address = takeTyped();
  if (!place || !address) return;
  place.querySelector("[data-typed-address]").textContent = address;
  place.hidden = false;
  const inbox = INBOXES[address.split("@").pop().toLowerCase()];
  const link = place.querySelector("[data-inbox]");
  if (!inbox || !link) return;
  link.href = inbox;
  link.hidden = false;
}
