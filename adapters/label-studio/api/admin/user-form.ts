import { LabelStudioError } from '../errors.js'
import { controlOf, type HtmlForm, readForms, withChecked, withText } from './html-form.js'

/** An account as shown by Label Studio's admin, where nothing is masked. */
export interface AdminUser {
  id: number
  email: string
  username: string
  firstName: string
  lastName: string
  /** `false`: sessions, tokens and sign-in are refused at once. */
  isActive: boolean
  isStaff: boolean
  /** The owner, in Community. */
  isSuperuser: boolean
}

/** A change of an account; absent members stay as they are. */
export type AdminUserChange = Partial<
  Pick<AdminUser, 'email' | 'username' | 'firstName' | 'lastName' | 'isActive'>
>

const texts = {
  email: 'email',
  username: 'username',
  firstName: 'first_name',
  lastName: 'last_name',
} as const

const checkboxes = {
  isActive: 'is_active',
  isStaff: 'is_staff',
  isSuperuser: 'is_superuser',
} as const

/**
 * Finds the form that changes an account in a page of the admin.
 *
 * @throws LabelStudioError `unexpected` when it is missing or not the form this library knows
 */
export function readUserForm(html: string): HtmlForm {
  const form = readForms(html).find(({ id }) => id === 'user_form')
  if (form === undefined) throw unknownForm('there is no form "user_form"')
  if (form.method !== 'post') throw unknownForm('it is not sent with POST')
  for (const name of Object.values(texts)) {
    const type = controlOf(form, name)?.type
    if (type !== 'text' && type !== 'email') throw unknownForm(`it has no text "${name}"`)
  }
  for (const name of Object.values(checkboxes)) {
    if (controlOf(form, name)?.type !== 'checkbox')
      throw unknownForm(`it has no checkbox "${name}"`)
  }
  return form
}

/** Reads the account from a form found by `readUserForm`. */
export function toAdminUser(id: number, form: HtmlForm): AdminUser {
  const text = (name: string) => controlOf(form, name)?.value ?? ''
  const isChecked = (name: string) => controlOf(form, name)?.isSent ?? false
  return {
    id,
    email: text(texts.email),
    username: text(texts.username),
    firstName: text(texts.firstName),
    lastName: text(texts.lastName),
    isActive: isChecked(checkboxes.isActive),
    isStaff: isChecked(checkboxes.isStaff),
    isSuperuser: isChecked(checkboxes.isSuperuser),
  }
}

/** The form with `change` filled in and everything else unchanged. */
export function fillUserForm(form: HtmlForm, change: AdminUserChange): HtmlForm {
  const { isActive, ...others } = change
  const filled = Object.entries(others).reduce(
    (each, [name, value]) => withText(each, texts[name as keyof typeof texts], value),
    form,
  )
  return isActive === undefined ? filled : withChecked(filled, checkboxes.isActive, isActive)
}

/** The error for an admin page that this library does not know. */
export function unknownForm(complaint: string): LabelStudioError {
  return new LabelStudioError(
    'unexpected',
    `Label Studio's admin form is not the one this library knows (${complaint}). ` +
      'Nothing was changed.',
  )
}
