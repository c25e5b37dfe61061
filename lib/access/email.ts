import { isObject } from '../schema/json.js'
import type { User } from '../stores/resource.js'

/** Tells an address from a login name. Whether the address is valid is for the host to decide. */
const address = /^[^\s@]+@[^\s@]+$/

/** An e-mail address as addresses are compared: trimmed and lower-cased. */
export function foldEmail(text: string): string {
  return text.trim().toLowerCase()
}

/**
 * The e-mail address that identifies a person in Label Studio, trimmed and lower-cased: the primary
 * e-mail, else the work e-mail, else `userName`, else the first one that is not labelled `home`
 * (R-USER-25); `undefined` when none of them is an address. A private address counts only where the
 * client says that it is the primary one.
 */
export function emailOf(user: User): string | undefined {
  const emails = readEmails(user)
  const candidates = [
    emails.find(({ primary }) => primary)?.value,
    emails.find((email) => isOfType(email, 'work'))?.value,
    user.userName,
    ...emails.filter((email) => !isOfType(email, 'home')).map(({ value }) => value),
  ]
  return candidates
    .filter((text) => typeof text === 'string')
    .map(foldEmail)
    .find((text) => address.test(text))
}

/** `userName` and the values of `emails`, as the client sent them: a person may sign in with each. */
export function loginNamesOf(user: User): readonly string[] {
  const texts = [user.userName, ...readEmails(user).map(({ value }) => value)]
  return texts.filter((text) => typeof text === 'string')
}

/** Every address in a person's attributes, lower-cased: e-mails, and `userName` where it is one. */
export function addressesOf(user: User): readonly string[] {
  return [...new Set(loginNamesOf(user).map(foldEmail))].filter((text) => address.test(text))
}

interface Email {
  readonly value?: unknown
  readonly type?: unknown
  readonly primary?: unknown
}

/** The users of a host's own store may have been checked by nobody, and have texts as e-mails. */
function readEmails(user: User): readonly Email[] {
  const emails: readonly unknown[] = Array.isArray(user.emails) ? user.emails : []
  return emails.map((email) => (isObject(email) ? email : { value: email }))
}

function isOfType({ type }: Email, name: string): boolean {
  return typeof type === 'string' && type.toLowerCase() === name
}
