import { decodedOf, hasPlusForBlank } from '../http/read-query.js'

type Replace = (text: string) => string

const literal = /"(?:[^"\\]|\\.)*"?/
/** A value without quotation marks, up to the end of its comparison; it may contain spaces. */
const bareValue =
  /(?<=\b(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)[^\s"()[\]][^"()[\]]*?(?=\s+(?:and|or)\s|\s*[()[\]"]|\s*$)/
const values = new RegExp(`${literal.source}|${bareValue.source}`, 'gi')
const plainLiteral = /^(?:true|false|null|-?\d+(?:\.\d+)?)$/i
/**
 * The values of these attributes do not identify a person, and the meaning of a filter depends on
 * them.
 */
const keptAttributes = /\b(?:type|primary|resourceType|active)\s+(?:eq|ne)\s+$/i

/**
 * A filter, or a PATCH path with one, with every value replaced. Attribute names, operators and
 * spaces stay as they are, even in text that is not a filter.
 */
export function anonymizeExpression(text: string, replace: Replace): string {
  return text.replace(values, (found: string, offset: number) => {
    if (plainLiteral.test(found) || keptAttributes.test(text.slice(0, offset))) return found
    if (!found.startsWith('"')) return replace(found)
    return JSON.stringify(replace(unquoted(found)))
  })
}

function unquoted(found: string): string {
  try {
    return String(JSON.parse(found))
  } catch {
    return found.replaceAll('"', '')
  }
}

/** Parameters whose values are names or numbers. */
const keptParameters = 'attributes excludedattributes sortby sortorder startindex count'.split(' ')

/**
 * A query string with the values of its filter replaced. The values of parameters unknown to SCIM
 * are removed, because they may be credentials. The encoding stays as it is.
 */
export function anonymizeQuery(query: string, replace: Replace): string {
  return query
    .split('&')
    .map((parameter) => anonymizeParameter(parameter, replace))
    .join('&')
}

function anonymizeParameter(parameter: string, replace: Replace): string {
  const equals = parameter.indexOf('=')
  if (equals < 0) return parameter === '' ? '' : 'not-recorded'
  const name = parameter.slice(0, equals)
  const lower = name.toLowerCase()
  if (keptParameters.includes(lower)) {
    const value = anonymizeExpression(decoded(parameter.slice(equals + 1)), replace)
    return value === decoded(parameter.slice(equals + 1)) ? parameter : `${name}=${encoded(value)}`
  }
  if (lower !== 'filter') return lower === 'cursor' ? `${name}=not-recorded` : 'not-recorded='
  const sent = parameter.slice(equals + 1)
  const text = encoded(anonymizeExpression(decoded(sent), replace))
  return `${name}=${hasPlusForBlank(sent) ? text.replaceAll('%20', '+') : text}`
}

function decoded(text: string): string {
  try {
    return decodedOf(text)
  } catch {
    return 'not-recorded'
  }
}

/**
 * Percent-encodes a text except for placeholders of saved values, which are filled in on replay.
 */
function encoded(text: string): string {
  return text
    .split(/(\$\{[^}]+\})/)
    .map((part) => (part.startsWith('${') ? part : encodeURIComponent(part)))
    .join('')
}
