// Asks whether the worker has taken the switches, each second until it has. Without script the page says so as it loads.
(() => {
  const state = document.querySelector('[data-state]')
  if (!state || !state.dataset.waiting) return
  const ask = async () => {
    const answer = await fetch(state.dataset.state, { headers: { Accept: 'application/json' } })
    const { sentence, waiting, late } = await answer.json()
    state.querySelector('[data-sentence]').textContent = sentence
    state.querySelector('[data-late]').hidden = !late
    state.classList.toggle('warn', late)
    if (waiting) setTimeout(ask, 1000)
  }
  setTimeout(ask, 700)
})()
