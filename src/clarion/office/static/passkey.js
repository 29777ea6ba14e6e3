// Passkeys: the one thing that a browser offers to scripts only. Options come with the page (or from the address
// named by data-options), the answer goes into the form's hidden field.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }))

  const answer = (credential) => {
    const given = credential.response
    const response = { clientDataJSON: text(given.clientDataJSON) }
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (given[name]) response[name] = text(given[name])
    }
    if (given.getTransports) response.transports = given.getTransports()
    return {
      type: credential.type,
      id: credential.id,
      rawId: text(credential.rawId),
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response
    }
  }

  const create = ({ publicKey: key }) => navigator.credentials.create({
    publicKey: {
      ...key,
      challenge: bytes(key.challenge),
      user: { ...key.user, id: bytes(key.user.id) },
      excludeCredentials: known(key.excludeCredentials),
      authenticatorSelection: {
        ...key.authenticatorSelection, residentKey: 'required', requireResidentKey: true, userVerification: 'required'
      }
    }
  })

  const show = ({ publicKey: key }) => navigator.credentials.get({
    publicKey: { ...key, challenge: bytes(key.challenge), allowCredentials: known(key.allowCredentials) }
  })

  const options = async (form) => {
    const data = document.getElementById('js_data')
    if (!form.dataset.options) {
      const { creation_options: making, request_options: showing } = JSON.parse(data.textContent)
      return making || showing
    }
    const answer = await fetch(form.dataset.options, { headers: { Accept: 'application/json' } })
    return (await answer.json()).request_options
  }

  for (const form of document.querySelectorAll('form[data-passkey]')) {
    const trouble = form.querySelector('[data-trouble]')
    form.querySelector('[data-go]').disabled = !window.PublicKeyCredential
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      try {
        const asked = await options(form)
        const credential = await (form.dataset.passkey === 'create' ? create(asked) : show(asked))
        form.elements.credential.value = JSON.stringify(answer(credential))
        form.submit()
      } catch (error) {
        trouble.hidden = false
        trouble.textContent = error.name === 'InvalidStateError'
          ? 'This device holds a passkey for this office already.'
          : 'The device gave no passkey. Try again, or use the other way.'
      }
    })
  }
})()
