import { type Html, html } from '../html.js'

/** A value to copy. */
export interface CopyField {
  readonly value: string
  /** Set if the value is only this path: a script shows it behind the address of the page. */
  readonly path?: string | undefined
}

/** A value with a copy button. The button appears only if scripts run. */
export function copyField(id: string, label: string, { value, path }: CopyField): Html {
  return html`<p class="copy"><label for="${id}" class="unseen">${label}</label><input id="${id}" readonly value="${value}"${path !== undefined && html` data-path="${path}"`}> <button type="button" class="button" hidden data-copy="${id}">Copy</button></p>`
}
