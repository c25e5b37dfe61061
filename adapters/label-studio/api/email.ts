/**
 * The only spelling of an e-mail that this library sends to Label Studio: trimmed and lower-cased.
 *
 * Community keeps e-mails as sent and compares them exactly, so another spelling makes another
 * person. Its sign-in lower-cases the input, so an address with capitals can never sign in.
 */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase()
}
