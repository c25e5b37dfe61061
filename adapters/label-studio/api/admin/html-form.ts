import { readTags, type Tag } from './html-tags.js'

/** A control of a form. */
export interface FormControl {
  name: string
  /** The `type` of an `input` (default `text`), else `select` or `textarea`. */
  type: string
  /**
   * The value to send: for a checkbox or radio button, its value when checked; for a select, an
   * option's value.
   */
  value: string
  /** Whether a browser would send it: `false` if it is not checked, not selected or disabled. */
  isSent: boolean
}

/** A form in a page. */
export interface HtmlForm {
  id: string
  method: string
  /** In the page's order; a select has one control per option. */
  controls: readonly FormControl[]
}

/** Reads the forms of a page. */
export function readForms(html: string): HtmlForm[] {
  const forms: { id: string; method: string; controls: FormControl[] }[] = []
  let select: SelectState | undefined
  let isOpen = false
  for (const tag of readTags(html)) {
    if (tag.name === 'form') {
      isOpen = !tag.closing
      if (isOpen) forms.push(newForm(tag))
    }
    if (tag.name === 'select') select = tag.closing ? undefined : newSelect(tag)
    const form = forms.at(-1)
    if (form === undefined || !isOpen || tag.closing) continue
    const control = readControl(tag, select)
    if (control !== undefined) form.controls.push(control)
  }
  return forms
}

/** The entries that a browser would send for `form`, without any button. */
export function toEntries(form: HtmlForm): [string, string][] {
  return form.controls.filter(({ isSent }) => isSent).map(({ name, value }) => [name, value])
}

/** The same form with `value` in the text control `name`. */
export function withText(form: HtmlForm, name: string, value: string): HtmlForm {
  return changed(form, (each) => (each.name === name ? { ...each, value, isSent: true } : each))
}

/** The same form with the checkbox `name` checked or not. */
export function withChecked(form: HtmlForm, name: string, isChecked: boolean): HtmlForm {
  return changed(form, (each) => (each.name === name ? { ...each, isSent: isChecked } : each))
}

/** The same form with the radio button or option `value` of `name` chosen, and no other. */
export function withChoice(form: HtmlForm, name: string, value: string): HtmlForm {
  return changed(form, (each) =>
    each.name === name ? { ...each, isSent: each.value === value } : each,
  )
}

/** The first control called `name`. */
export function controlOf(form: HtmlForm, name: string): FormControl | undefined {
  return form.controls.find((each) => each.name === name)
}

/**
 * The messages of a refused Django form: texts by control name (`''` for the whole form). Before
 * Django 5.2, messages do not name their control, but stand before it.
 */
export function readFormErrors(html: string): ReadonlyMap<string, string[]> {
  const errors = new Map<string, string[]>()
  let list: ErrorList | undefined
  let isInList = false
  const end = (control: string) => {
    if (list) errors.set(control, [...(errors.get(control) ?? []), ...list.messages])
    list = undefined
  }
  for (const tag of readTags(html)) {
    if (tag.name === 'ul' && !tag.closing && isErrorList(tag)) {
      end('')
      list = { control: controlOfErrors(tag), messages: [] }
    }
    if (tag.name === 'ul') isInList = !tag.closing && isErrorList(tag)
    if (tag.name === 'li' && !tag.closing && isInList) list?.messages.push(tag.text.trim())
    if (!list || isInList) continue
    const named = list.control ?? readControl(tag, undefined)?.name
    if (named !== undefined) end(named)
  }
  end('')
  return errors
}

interface ErrorList {
  /** `undefined` if it does not say so. */
  readonly control: string | undefined
  readonly messages: string[]
}

function isErrorList({ attributes }: Tag): boolean {
  return (attributes.get('class') ?? '').split(/\s+/).includes('errorlist')
}

function controlOfErrors({ attributes }: Tag): string | undefined {
  if (/\bnonfield\b/.test(attributes.get('class') ?? '')) return ''
  return /^id_(.+)_error$/.exec(attributes.get('id') ?? '')?.[1]
}

function changed(form: HtmlForm, change: (control: FormControl) => FormControl): HtmlForm {
  return { ...form, controls: form.controls.map(change) }
}

function newForm({ attributes }: Tag) {
  const method = (attributes.get('method') ?? 'get').toLowerCase()
  return { id: attributes.get('id') ?? '', method, controls: [] as FormControl[] }
}

interface SelectState {
  name: string
  isDisabled: boolean
}

function newSelect({ attributes }: Tag): SelectState {
  return { name: attributes.get('name') ?? '', isDisabled: attributes.has('disabled') }
}

/** Controls that a browser sends only after a person has pressed or filled them. */
const neverSentTypes = new Set(['submit', 'button', 'reset', 'image', 'file'])

function readControl(tag: Tag, select: SelectState | undefined): FormControl | undefined {
  if (tag.name === 'option' && select !== undefined) return toOption(tag, select)
  if (tag.name !== 'input' && tag.name !== 'textarea') return undefined
  const { attributes } = tag
  const name = attributes.get('name') ?? ''
  const type =
    tag.name === 'textarea' ? 'textarea' : (attributes.get('type') ?? 'text').toLowerCase()
  if (name === '' || neverSentTypes.has(type)) return undefined
  const isCheckable = type === 'checkbox' || type === 'radio'
  const isChosen = !isCheckable || attributes.has('checked')
  return {
    name,
    type,
    value: valueIn(tag, isCheckable),
    isSent: isChosen && !attributes.has('disabled'),
  }
}

function valueIn({ name, attributes, text }: Tag, isCheckable: boolean): string {
  // A browser drops the line break that follows the opening tag.
  if (name === 'textarea') return text.replace(/^\r?\n/, '')
  return attributes.get('value') ?? (isCheckable ? 'on' : '')
}

function toOption({ attributes, text }: Tag, select: SelectState): FormControl | undefined {
  if (select.name === '') return undefined
  const isSent = attributes.has('selected') && !attributes.has('disabled') && !select.isDisabled
  return {
    name: select.name,
    type: 'select',
    value: attributes.get('value') ?? text.trim(),
    isSent,
  }
}
