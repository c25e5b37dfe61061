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
    emails.find(({ type }) => type?.toLowerCase() === 'work')?.value,
    user.userName,
    ...emails.filter(({ type }) => type?.toLowerCase() !== 'home').map(({ value }) => value),
  ]
  return candidates
    .map((text) => text && foldEmail(text))
    .find((text) => text && address.test(text))
}

/** Every address in a person's attributes, lower-cased: e-mails, and `userName` where it is one. */
export function addressesOf(user: User): readonly string[] {
  const texts = [user.userName, ...readEmails(user).map(({ value }) => value)]
  const folded = texts.map((text) => foldEmail(text ?? ''))
  return [...new Set(folded)].filter((text) => address.test(text))
}

interface Email {
  readonly value?: string
  readonly type?: string
  readonly primary?: boolean
}

function readEmails(user: User): readonly Email[] {
  return Array.isArray(user.emails) ? (user.emails as readonly Email[]) : []
}
