// Adds convenience where scripts run. Everything works without it, and it calls only the page
// itself.
const editor = document.querySelector('[data-editor]')
if (editor) edit(editor)
for (const form of document.forms) sendOnce(form)
for (const button of document.querySelectorAll('[data-copy]')) offerCopy(button)
for (const field of document.querySelectorAll('[data-path]')) {
  // Only the browser knows whether a proxy in front of the host speaks HTTPS.
  field.value = location.origin + field.dataset.path
}
showLocalTimes(document)
for (const field of document.querySelectorAll('[data-zone]')) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone
}
refresh()

function edit(form) {
  const bar = form.querySelector('[data-actions]')
  const unseen = bar.querySelector('[data-unseen]')
  const saved = form.dataset.saved === undefined ? undefined : fieldsOf(form)
  let isDirty
  const look = () => {
    isDirty = fieldsOf(form) !== saved
    bar.classList.toggle('ready', isDirty)
    unseen.querySelector('button').disabled = !isDirty
  }
  const changed = () => {
    // The draft differs from the preview now.
    for (const part of form.querySelectorAll(
      '[data-preview], [name=previewed], [data-previewed]',
    )) {
      part.remove()
    }
    unseen.hidden = false
    look()
  }
  look()
  form.addEventListener('input', (event) => {
    if (event.target.name && event.target.name !== 'confirm') changed()
  })
  form.addEventListener('click', (event) => {
    const button = event.target.closest('button')
    if (button?.matches('[data-add]')) {
      event.preventDefault()
      addRow(button.closest('[data-section]'))
      changed()
    } else if (button?.matches('[data-remove]')) {
      event.preventDefault()
      removeRow(button)
      changed()
    } else if (event.target.matches('[data-discard]')) {
      isDirty = false
    }
  })
  form.addEventListener('submit', () => {
    isDirty = false
  })
  window.addEventListener('beforeunload', (event) => {
    if (isDirty) event.preventDefault()
  })
  offerFilter(form)
}

/**
 * Sends a form once, and shows that it is being sent. The answer to a second click would hide that
 * to the first, e.g. a new token.
 */
function sendOnce(form) {
  let sent
  const release = () => {
    sent?.classList.remove('busy')
    sent = undefined
  }
  form.addEventListener('submit', (event) => {
    if (sent) return event.preventDefault()
    sent = event.submitter || form
    sent.classList.add('busy')
    // Nothing tells that the reader has stopped loading.
    setTimeout(release, 10_000)
  })
  window.addEventListener('pageshow', release)
}

function fieldsOf(form) {
  return new URLSearchParams(new FormData(form)).toString()
}

function addRow(section) {
  const row = section.querySelector('template').content.firstElementChild.cloneNode(true)
  section.querySelector('tbody').append(row)
  renumber(section)
  row.querySelector('select, input').focus()
}

function removeRow(button) {
  const section = button.closest('[data-section]')
  const row = button.closest('tr')
  const next = nextRow(row.nextElementSibling) || previousRow(row.previousElementSibling)
  if (row.nextElementSibling?.matches('.note')) row.nextElementSibling.remove()
  row.remove()
  renumber(section)
  const target = next?.querySelector('[data-remove]') || section.querySelector('[data-add]')
  target.focus()
}

function nextRow(row) {
  return row?.matches('.note') ? nextRow(row.nextElementSibling) : row
}

function previousRow(row) {
  return row?.matches('.note') ? previousRow(row.previousElementSibling) : row
}

function renumber(section) {
  const name = section.dataset.section
  const rows = [...section.querySelectorAll('tbody tr:not(.note)')]
  rows.forEach((row, index) => {
    row.id = `${name}-${index}`
    for (const field of row.querySelectorAll('[aria-label]')) {
      const label = field.getAttribute('aria-label')
      field.setAttribute('aria-label', label.replace(/rule \S+$/, `rule ${index + 1}`))
    }
    row.querySelector('[data-remove]').value = `remove:${name}:${index}`
  })
  section.querySelector('thead').hidden = rows.length === 0
  const empty = section.querySelector('[data-empty]')
  if (empty) empty.hidden = rows.length > 0
}

function offerFilter(form) {
  const filter = form.querySelector('[data-filter]')
  if (form.querySelectorAll('.rules tbody tr').length < 12) return
  filter.hidden = false
  const input = filter.querySelector('input')
  input.addEventListener('input', () => {
    const text = input.value.trim().toLowerCase()
    for (const row of form.querySelectorAll('.rules tbody tr:not(.note)')) {
      const values = [...row.querySelectorAll('input, select')].map(fieldText).join('\n')
      const isHidden = !values.toLowerCase().includes(text)
      row.hidden = isHidden
      if (row.nextElementSibling?.matches('.note')) row.nextElementSibling.hidden = isHidden
    }
  })
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault()
  })
}

function fieldText(field) {
  return field.selectedOptions ? field.selectedOptions[0]?.textContent || '' : field.value
}

function offerCopy(button) {
  const field = document.getElementById(button.dataset.copy)
  button.hidden = false
  button.addEventListener('click', async () => {
    field.select()
    if (await isCopied(field.value)) button.textContent = 'Copied'
  })
}

/** Browsers offer the clipboard only over HTTPS, and may refuse it. Then the selection is copied. */
async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return document.execCommand('copy')
  }
}

/** Shows times in the reader's time zone. The server knows only UTC. */
function showLocalTimes(part) {
  const format = new Intl.DateTimeFormat(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  })
  for (const time of part.querySelectorAll('time')) {
    time.title = time.textContent
    time.textContent = format.format(new Date(time.dateTime))
  }
}

/** Reloads the part that shows work in progress until the work is done. */
function refresh() {
  const part = document.querySelector('[data-refresh]')
  if (!part) return
  setTimeout(async () => {
    try {
      const path = location.pathname
      // The form token distinguishes this script from others at the same origin.
      const token = document.querySelector('main').dataset.formToken
      const response = await fetch(path, { headers: { 'X-Settings-Refresh': token } })
      if (!response.ok) return
      const page = new DOMParser().parseFromString(await response.text(), 'text/html')
      const next = page.getElementById(part.id)
      if (next) showLocalTimes(next)
      if (next) part.replaceWith(next)
    } catch {
      // The reader has to reload the page.
      return
    }
    refresh()
  }, Number(part.dataset.refresh) * 1000)
}
