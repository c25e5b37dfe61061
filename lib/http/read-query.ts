import { invalidValue, ScimError } from '../errors.js'

/** Query parameters of RFC 7644 §3.4.2 and §3.9 and RFC 9865 §2, in lower case. */
const knownParameters = new Set([
  'attributes',
  'excludedattributes',
  'filter',
  'sortby',
  'sortorder',
  'startindex',
  'count',
  'cursor',
])

const noParameters: ReadonlyMap<string, string> = new Map()

/**
 * The known parameters of a query string by lower-cased name, decoded once. Unknown ones are
 * ignored (RFC 7644 §3.4.2).
 *
 * The list or object notation of some frameworks (`filter[]=`) is refused rather than ignored,
 * because an ignored filter would return everybody.
 *
 * @throws ScimError 400 `invalidValue` for a known parameter given twice or in brackets; 400 for
 *   bad escapes
 */
export function readQuery(text: string): ReadonlyMap<string, string> {
  if (text === '') return noParameters
  const found = new Map<string, string>()
  for (const pair of text.split('&')) {
    const [name, value] = splitPair(pair)
    const known = name.replace(/\[.*$/s, '').toLowerCase()
    if (!knownParameters.has(known)) continue
    if (name.includes('[') || found.has(known)) {
      throw invalidValue(`Query parameter "${known}" must be given once, as "${known}=…".`)
    }
    found.set(known, value)
  }
  return found
}

function splitPair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf('=')
  const name = equals < 0 ? pair : pair.slice(0, equals)
  return [decode(name), equals < 0 ? '' : decode(pair.slice(equals + 1))]
}

/** Decodes a name or value of a query string once. */
function decode(text: string): string {
  try {
    return decodedOf(text)
  } catch {
    throw new ScimError(400, 'The query string contains a malformed percent-encoding.', {
      scimType: 'invalidValue',
    })
  }
}

/** @throws URIError for a malformed percent-encoding */
export function decodedOf(text: string): string {
  return decodeURIComponent(hasPlusForBlank(text) ? text.replaceAll('+', ' ') : text)
}

/**
 * Whether `+` is a space, as in form data: unless the first blank is `%20`. Clients that write
 * blanks so leave the plus sign of an address as it is (RFC 3986).
 */
export function hasPlusForBlank(text: string): boolean {
  return /\+|%20/.exec(text)?.[0] === '+'
}
