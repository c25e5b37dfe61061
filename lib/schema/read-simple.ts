import { invalidValue } from '../errors.js'
import { foldCase } from './comparable.js'
import { parseDateTime } from './date-time.js'
import type { ReadContext } from './read-context.js'
import type { AttributeDefinition, AttributeType, Json } from './types.js'

type SimpleType = Exclude<AttributeType, 'complex'>
type Reader = (value: Json, place: SimplePlace) => Json

interface SimplePlace {
  readonly definition: AttributeDefinition
  readonly context: ReadContext
  /** Path of the attribute, for error details. */
  readonly path: string
}

/** Default maximum length of a value in UTF-16 units. */
const longestText = 32_768
/**
 * Factor for the maximum length of `binary` and `reference` values, which carry pictures and
 * certificates.
 */
const documentFactor = 8

/** Text that needs no further checks. */
const plainText = /^[ -~]*$/
const loneSurrogate = /\p{Cs}/u
/**
 * Control characters and line breaks. Format characters are allowed, because names in many scripts
 * need them (RFC 8264 §9.8).
 */
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u
/** Characters that neither a URI nor an IRI may contain (RFC 3986 §2, RFC 3987 §2.2). */
const outsideUri = /[\s<>"{}|\\^`\p{Cc}]|%(?![0-9A-Fa-f]{2})/u
/** Schemes that run code or contain a document where a link is expected. */
const activeScheme = /^(?:javascript|vbscript|data):/i
/** A picture in a format that cannot contain scripts. */
const inlinePicture = /^data:image\/(?:png|jpeg|jpg|gif|webp);base64,/i
const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const base64Url = /^[A-Za-z0-9_-]*={0,2}$/
const countryCode = /^[A-Za-z]{2}$/

const readers: Readonly<Record<SimpleType, Reader>> = {
  string: readString,
  boolean: readBoolean,
  decimal: (value, place) =>
    typeof value === 'number' && Number.isFinite(value) ? value : refuse(place, 'a number'),
  integer: (value, place) =>
    typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse(place, 'an integer'),
  dateTime: (value, place) =>
    typeof value === 'string' && parseDateTime(value) !== undefined
      ? value
      : refuse(place, 'a dateTime such as 2026-01-31T09:00:00Z'),
  binary: readBinary,
  reference: readReference,
}

/**
 * Reads one value of a simple attribute (RFC 7643 §2.3); a boolean may be given as text if the
 * deviation `stringBooleans` is on.
 *
 * @param path path of the attribute, for error details
 * @throws ScimError `invalidValue` naming the attribute
 */
export function readSimple(
  definition: AttributeDefinition,
  value: Json,
  context: ReadContext,
  path: string,
): Json {
  return readers[definition.type as SimpleType](value, { definition, context, path })
}

function readString(value: Json, place: SimplePlace): Json {
  const text = readText(value, place)
  const { required, uniqueness } = place.definition
  if (required && foldCase(text).trim() === '') return refuse(place, 'a string that is not blank')
  if (uniqueness !== 'none' && control.test(text)) {
    return refuse(place, 'a string without control characters and line separators')
  }
  const isCountry = place.path === 'addresses.country'
  if (isCountry && !place.context.deviations.has('countryNames') && !countryCode.test(text)) {
    return refuse(place, 'an ISO 3166-1 alpha-2 code')
  }
  return value
}

/** Reads a string that can be stored: not too long, without NUL and unpaired surrogates. */
function readText(value: Json, place: SimplePlace, factor = 1): string {
  const longest = factor * (place.context.maxStringLength ?? longestText)
  if (typeof value !== 'string') return refuse(place, 'a string')
  if (value.length > longest)
    return refuse(place, `a string of at most ${longest} characters (limit "maxStringLength")`)
  if (!plainText.test(value) && (value.includes('\0') || loneSurrogate.test(value))) {
    return refuse(place, 'a string without NUL and incomplete surrogate pairs')
  }
  return value
}

function readBoolean(value: Json, place: SimplePlace): Json {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string' && place.context.deviations.has('stringBooleans')) {
    const lower = value.toLowerCase()
    if (lower === 'true' || lower === 'false') return lower === 'true'
  }
  return refuse(place, 'true or false')
}

/** Padding may be omitted (RFC 7643 §2.3.6). */
function readBinary(value: Json, place: SimplePlace): Json {
  const text = readText(value, place, documentFactor)
  const digits = text.replace(/=/g, '').length
  const padded = text.length % 4 === 0 || !text.includes('=')
  const isBase64 = (base64.test(text) || base64Url.test(text)) && digits % 4 !== 1 && padded
  return isBase64 ? value : refuse(place, 'a base64 string')
}

/**
 * Reads a relative or absolute URI. Schemes that a browser would execute are refused; inline
 * pictures are allowed in `photos`.
 */
function readReference(value: Json, place: SimplePlace): Json {
  const text = readText(value, place, documentFactor)
  if (outsideUri.test(text)) return refuse(place, 'a URI')
  const isPicture = place.path === 'photos.value' && inlinePicture.test(text)
  if (activeScheme.test(text) && !isPicture) {
    return refuse(place, 'a URI with a scheme other than javascript, vbscript and data')
  }
  return value
}

function refuse(place: SimplePlace, expected: string): never {
  throw invalidValue(`Attribute "${place.path}" must be ${expected}.`)
}
