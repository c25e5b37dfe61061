/**
 * Whether a database can hold this text: it has no NUL and no unpaired surrogate. No stored id or
 * value has these, so a search for one finds nothing.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}
