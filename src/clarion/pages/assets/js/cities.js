// Names of cities as one types, in any script in which the gazetteer has them; the list of one country is read once.
const lists = {};

function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
}

function citiesOf(country) {
  lists[country] = lists[country] || fetch("/-/cities/" + country.toLowerCase() + ".json")
    .then((answer) => (answer.ok ? answer.json() : []))
    .catch(() => []);
  return lists[country];
}

function matching(rows, typed) {
  const found = [];
  for (const [, ...names] of rows) {
    const name = names.find((one) => plain(one).startsWith(typed));
    if (name) found.push([name, names[0]]);
    if (found.length === 8) break;
  }
  return found;
}

async function offer(input, list) {
  const field = input.form.elements.country;
  const typed = plain(input.value.trim());
  if (!field || !field.value || typed.length < 2) return;
  const rows = await citiesOf(field.value);
  if (typed !== plain(input.value.trim())) return;
  list.replaceChildren(...matching(rows, typed).map(([name, main]) => {
    const option = document.createElement("option");
    option.value = name;
    if (main !== name) option.label = main;
    return option;
  }));
}

function startCities() {
  for (const input of document.querySelectorAll("input[data-city]")) {
    let list = input.list;
    if (!list) {
      list = document.createElement("datalist");
      list.id = input.id + "-list";
      input.after(list);
      input.setAttribute("list", list.id);
    }
    input.addEventListener("input", () => offer(input, list));
  }
}
