// Asks whether the worker has taken the switches, each second until it has. Without script the page says so as it loads.
(() => {
  const state = document.querySelector('[data-state]')
  if (!state || !state.dataset.waiting) return
  const show = ({ sentence, late }) => {
    state.querySelector('[data-sentence]').textContent = sentence
    state.querySelector('[data-late]').hidden = !late
    state.classList.toggle('warn', late)
  }
  const ask = async () => {
    try {
      const answer = await fetch(state.dataset.state, {
        headers: { Accept: 'application/json' }, redirect: 'error', signal: AbortSignal.timeout(10000)
      })
      if (!answer.ok) throw new Error(answer.status)
      const now = await answer.json()
      show(now)
      if (now.waiting) setTimeout(ask, 1000)
    } catch {
      // A moment without a network, an office that starts anew, a session that is over: what stood there may be past.
      state.querySelector('[data-sentence]').textContent =
        'The office cannot be asked just now, and is asked again. If this stays, load the page anew.'
      state.classList.add('warn')
      setTimeout(ask, 3000)
    }
  }
  setTimeout(ask, 700)
})()
