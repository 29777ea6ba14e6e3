// Hints as you type: what is missing, an address that cannot be one, a mistyped mail domain.
const words = (document.getElementById("words") || {dataset: {}}).dataset;
const DOMAINS = ("gmail.com googlemail.com hotmail.com hotmail.fr hotmail.co.uk outlook.com outlook.fr live.com msn.com " +
"yahoo.com yahoo.fr yahoo.co.uk yahoo.de yahoo.es yahoo.co.in yahoo.com.br icloud.com me.com proton.me protonmail.com " +
"gmx.de gmx.net gmx.at gmx.ch web.de t-online.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr " +
"libero.it mail.ru yandex.ru rambler.ru qq.com 163.com 126.com uol.com.br bol.com.br terra.com.br aol.com seznam.cz wp.pl " +
"mail.com email.com ymail.com").split(" ");
// Those have an ending for nearly every country: hotmail.de is no slip for hotmail.fr. But .co, .cm and .om are slips for .com.
const ELSEWHERE = /^(?:hotmail|outlook|live|yahoo|ymail|gmx|aol|msn)\.(?:com?\.)?(?!c[mo]$|om$)[a-z]{2}$/;
const ADDRESS = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/u;

// Slips between two words: a letter more, less, other, or two swapped.
function slips(a, b) {
  let before = [], row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length];
}

function meantDomain(domain) {
  if (DOMAINS.includes(domain) || ELSEWHERE.test(domain)) return "";
  return DOMAINS.find((known) => slips(domain, known) <= (known.length > 9 ? 2 : 1)) || "";
}

function problemWith(input) {
  const value = input.value.trim();
  if (!value) return input.required ? words.missing : "";
  if (input.type === "email" && !ADDRESS.test(value)) return words.shape;
  return "";
}

function tell(input, content) {
  const id = input.id + "-error";
  const old = document.getElementById(id);
  const described = (input.getAttribute("aria-describedby") || "").split(" ").filter((name) => name && name !== id);
  if (old) old.remove();
  if (content) {
    const line = document.createElement("p");
    line.className = "error";
    line.id = id;
    line.setAttribute("role", "status");
    line.append(content);
    input.closest(".field").append(line);
    described.push(id);
  }
  if (described.length) input.setAttribute("aria-describedby", described.join(" "));
  else input.removeAttribute("aria-describedby");
}

function look(input) {
  const problem = problemWith(input);
  input.setAttribute("aria-invalid", problem ? "true" : "false");
  if (problem || input.type !== "email" || !input.value) return tell(input, problem);
  const [name, domain] = input.value.trim().toLowerCase().split("@");
  const meant = meantDomain(domain);
  tell(input, meant ? suggestion(input, input.value.trim().slice(0, name.length) + "@" + meant) : "");
}

function suggestion(input, address) {
  const button = document.createElement("button");
  button.type = "button";
  const isolated = document.createElement("bdi");
  isolated.textContent = address;
  button.append(words.meant, " ", isolated);
  button.addEventListener("click", () => {
    input.value = address;
    look(input);
    input.focus();
  });
  return button;
}

function startHints() {
  for (const form of document.querySelectorAll("form[data-form]")) {
    form.addEventListener("focusout", (event) => {
      const input = event.target;
      // Not at once: a line that comes or goes between press and release would move the button from under the finger.
      if (input.closest(".field") && input.id && (input.value || input.dataset.touched)) setTimeout(look, 250, input);
    });
    form.addEventListener("input", (event) => {
      const input = event.target;
      input.dataset.touched = "1";
      if (input.getAttribute("aria-invalid") === "true") look(input);
    });
  }
}
