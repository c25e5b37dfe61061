/**
 * Whether a database can hold this text: no NUL and no half of a surrogate pair. Nothing stored has
 * such an id or value, so whoever looks for one finds nothing.
 */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}
