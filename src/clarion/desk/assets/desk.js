// The desk: asks its own server how things stand, and shows it. Frames do the rest.
const SVG = "http://www.w3.org/2000/svg"
const EVERY = 600 // ms
const by = (id) => document.getElementById(id)
const { public: site, slug } = document.body.dataset
const calm = matchMedia("(prefers-reduced-motion: reduce)")
const said = (number) => number.toLocaleString("en")

// ---- the phone
const language = () => by("language").value
const show = (page) => { by("site").src = `${site}/${slug}/${language()}/${page}` }
by("language").addEventListener("change", () => show(""))
for (const button of document.querySelectorAll("[data-page]")) button.addEventListener("click", () => show(button.dataset.page))

// ---- the count: rolls to where it stands
let shown = 0
let rolling = 0
function roll(to) {
  cancelAnimationFrame(rolling)
  const from = shown, started = performance.now(), lasts = calm.matches ? 1 : 900
  const step = (now) => {
    const part = Math.min(1, (now - started) / lasts)
    shown = part < 1 ? Math.round(from + (to - from) * (1 - (1 - part) ** 3)) : to
    by("total").textContent = said(shown)
    if (part < 1) rolling = requestAnimationFrame(step)
  }
  rolling = requestAnimationFrame(step)
}

let total = -1
function showCounts({ total: found, by_country: countries }) {
  if (found === undefined || found === total) return
  total = found
  roll(found)
  const named = Object.keys(countries).length
  const where = named ? `${found === 1 ? "person" : "people"} in ${named} ${named === 1 ? "country" : "countries"} and beyond` : found === 1 ? "person" : "people"
  by("under").textContent = found ? `${where} signed and confirmed.` : "people have signed. Sign on the phone, open the mail, confirm: this number moves."
  showSpots(countries)
}

// ---- the map
let spots = {}
let drawn = ""
let last = {}
async function showMap(version) {
  if (!version || version === drawn) return
  drawn = version
  const text = await (await fetch("map.svg")).text()
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("svg")
  const old = by("map")
  markFresh(old, fresh)
  fresh.addEventListener("click", openCountry)
  const layer = document.createElementNS(SVG, "g")
  layer.id = "spots"
  layer.setAttribute("aria-hidden", "true")
  if (old) layer.append(...by("spots").childNodes)
  fresh.append(layer)
  by("globe").replaceChildren(fresh)
  showSpots(last)
}

function markFresh(old, fresh) {
  if (!old) return
  for (const link of fresh.querySelectorAll("a[href]")) {
    const before = old.querySelector(`a[href="${CSS.escape(link.getAttribute("href"))}"] .c`)
    const now = link.querySelectorAll(".c")
    if (!before) now.forEach((mark) => mark.classList.add("fresh"))
  }
}

function openCountry(event) {
  const link = event.target.closest("a[href]")
  if (!link) return
  event.preventDefault()
  show(`countries/${link.getAttribute("href").split("/").filter(Boolean).pop()}/`)
}

function showSpots(countries) {
  last = countries
  const layer = by("spots")
  if (!layer) return
  for (const [code, number] of Object.entries(countries)) {
    const spot = spots[code.toLowerCase()]
    if (!spot) continue
    let circle = layer.querySelector(`[data-code="${code}"]`)
    if (!circle) {
      circle = document.createElementNS(SVG, "circle")
      for (const [name, value] of Object.entries({ class: "spot", "data-code": code, cx: spot[0], cy: spot[1], r: 0 })) circle.setAttribute(name, value)
      layer.append(circle)
      circle.getBoundingClientRect() // so that it grows from nothing
    }
    circle.setAttribute("r", Math.min(14, 0.9 + Math.sqrt(number) * 0.48).toFixed(1))
  }
}

// ---- the crowd
by("send").addEventListener("click", () => post("crowd"))
function showCrowd(crowd) {
  by("send").disabled = Boolean(crowd && !crowd.done && !crowd.trouble)
  by("stages").hidden = !crowd
  if (!crowd) return
  by("crowd-word").hidden = true
  for (const stage of ["signed", "mailed", "confirmed", "counted"]) {
    const bar = document.querySelector(`[data-bar="${stage}"]`)
    document.querySelector(`[data-stage="${stage}"]`).textContent = said(crowd[stage])
    bar.max = crowd.size
    bar.value = crowd[stage]
  }
  by("verdict").className = `verdict ${crowd.done ? "good" : crowd.trouble ? "bad" : ""}`
  by("verdict").textContent = verdict(crowd)
}

function verdict(crowd) {
  if (crowd.trouble) return `It ended early: ${crowd.trouble}.`
  if (!crowd.done) return `${said(crowd.size)} people from ${crowd.countries} countries, ${Math.floor(crowd.seconds)} s …`
  const others = crowd.others ? ` (and ${said(crowd.others)} who signed meanwhile)` : ""
  return `From ${said(crowd.base)} to ${said(crowd.base + crowd.counted + crowd.others)}: exactly ${said(crowd.counted)} more${others}, each confirmed by mail, in ${Math.round(crowd.seconds)} s.`
}

// ---- mails: newest first
let opened = ""
let newest = ""
function showMails({ total, latest }) {
  by("mail-total").textContent = total === 1 ? "1 mail" : `${said(total)} mails`
  if (!latest.length || latest[0].id === newest) return
  const known = new Set([...by("list").querySelectorAll("button")].map((button) => button.dataset.id))
  const first = newest === ""
  newest = latest[0].id
  by("list").replaceChildren(...latest.map((mail, at) => line(mail, !first && at < 3 && !known.has(mail.id))))
  const own = latest.find((mail) => !known.has(mail.id) && (!mail.crowd || !opened))
  if (own) open(own)
}

function line(mail, isNew) {
  const item = document.createElement("li")
  const button = document.createElement("button")
  button.type = "button"
  button.dataset.id = mail.id
  if (isNew) item.className = "new"
  if (mail.id === opened) button.setAttribute("aria-current", "true")
  button.append(text("b", mail.subject, mail.language), text("span", mail.to), text("span", new Date(mail.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })))
  button.addEventListener("click", () => open(mail))
  item.append(button)
  return item
}

function text(name, value, language) {
  const element = document.createElement(name)
  element.textContent = value
  if (language) element.lang = language
  if (name === "b") element.dir = "auto"
  return element
}

function open(mail) {
  opened = mail.id
  for (const button of by("list").querySelectorAll("button")) {
    if (button.dataset.id === opened) button.setAttribute("aria-current", "true")
    else button.removeAttribute("aria-current")
  }
  by("mail-to").textContent = `To ${mail.to}`
  by("mail").src = `mails/${encodeURIComponent(mail.id)}`
}

by("mail").addEventListener("load", () => {
  // No script runs in the mail; its links are followed from here, on the phone.
  by("mail").contentDocument?.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]")
    if (!link?.href.startsWith(`${site}/`)) return
    event.preventDefault()
    by("site").src = link.href
  })
})

// ---- the office
by("enter").addEventListener("click", async () => {
  const { address } = await (await post("office")).json()
  by("office").src = address
  by("code-word").hidden = false
})
function showCode({ digits, left }) {
  by("code").textContent = digits
  by("left").textContent = `(${left} s)`
}

// ---- all of it, again and again
const post = (path) => fetch(path, { method: "POST" })
async function look() {
  try {
    const state = await (await fetch("state.json", { cache: "no-store" })).json()
    showCounts(state.counts)
    showCrowd(state.crowd)
    showMails(state.mails)
    showCode(state.code)
    await showMap(state.map)
    document.body.classList.remove("gone")
  } catch {
    document.body.classList.add("gone")
  }
  setTimeout(look, document.hidden ? 5 * EVERY : EVERY)
}
spots = await (await fetch("spots.json")).json()
look()
