// The queue by keyboard: j and k go to the next and the one before, the letters on the buttons press them.
(() => {
  const links = [...document.querySelectorAll('.queue-list a')]
  const here = links.findIndex((link) => link.hasAttribute('aria-current'))
  const go = (at) => { if (links[at]) links[at].click() }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input,textarea,select')) return
    if (event.key === 'j') return go(here + 1)
    if (event.key === 'k') return go(here - 1)
    const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)
    if (!button) return
    event.preventDefault()
    const fold = document.querySelector(button.getAttribute('href') || 'none')
    if (fold) {
      fold.closest('details').open = true
      fold.focus()
    } else {
      button.click()
    }
  })
})()
