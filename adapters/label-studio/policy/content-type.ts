import type { IncomingHttpHeaders } from 'node:http'

const token = String.raw`[!#$%&'*+.^_\`|~\w-]+`
/** `charset` only as UTF-8, and the boundary of a form with files; each once. */
const parameter = String.raw`\s*;\s*(?:charset="?utf-?8"?|boundary="?[\w'()+,./:=?-]{1,70}"?)`
const twice = String.raw`.*;\s*(charset|boundary)=.*;\s*\2=`
const plain = new RegExp(`^(${token}/${token})(?!${twice})(?:${parameter})*\\s*(?:;\\s*)?$`, 'i')

/**
 * The media type of a request in lower case, `''` without one. Django decodes also the query with
 * the charset that is named here, whether there is a body or not, and knows many ways to name one;
 * so `undefined` if the header has anything but the type and what it needs.
 */
export function plainTypeOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['content-type']
  if (given === undefined || given === '') return ''
  return plain.exec(given)?.[1]?.toLowerCase()
}
