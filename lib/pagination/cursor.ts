import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto'
import { expiredCursor, invalidCount, invalidCursor } from '../errors.js'
import type { KeysetPosition } from '../stores/query.js'

/**
 * The query to which a cursor is bound: one query of one principal in one tenant, as canonical
 * text.
 */
export interface CursorBinding {
  readonly tenant: string
  /** Name of the principal. */
  readonly principal: string
  /** Name of the resource type; any other unique text for queries over several types. */
  readonly resourceType: string
  readonly filter?: string | undefined
  readonly sortBy?: string | undefined
  readonly sortOrder?: string | undefined
  readonly attributes?: string | undefined
  readonly excludedAttributes?: string | undefined
}

/** The contents of a cursor. */
export interface CursorPayload {
  readonly binding: CursorBinding
  /** The next page starts after this position. */
  readonly position: KeysetPosition
  /** Resources per page, after applying the service provider's limit. */
  readonly limit: number
  /** How many resources matched when the first page was read. They are counted only once (D12). */
  readonly total: number
  /** Milliseconds since 1970. */
  readonly issuedAt: number
}

/** The values with which a cursor has to agree. */
export interface CursorExpectation {
  readonly binding: CursorBinding
  readonly limit: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly maxAgeSeconds: number
}

type Contents = readonly [position: KeysetPosition, limit: number, issuedAt: number, total: number]

const tagLength = 16

/**
 * Makes a cursor (RFC 9865 §2). It is encrypted, authenticated and made of unreserved characters,
 * so it reveals nothing and cannot be forged. The service provider keeps no state for it.
 *
 * @param secret the same on all instances of a service provider; more than 32 bytes do not make it
 *   more secure
 */
export function encodeCursor(payload: CursorPayload, secret: string | Uint8Array): string {
  const { encryption, authentication } = deriveKeys(secret)
  const contents: Contents = [payload.position, payload.limit, payload.issuedAt, payload.total]
  const plaintext = Buffer.from(JSON.stringify(contents))
  // The tag is also the initialization vector (as in RFC 5297), so no random numbers are needed and
  // no vector is used twice.
  const tag = tagOf(authentication, payload.binding, plaintext)
  const cipher = createCipheriv('aes-256-ctr', encryption, tag)
  return Buffer.concat([tag, cipher.update(plaintext), cipher.final()]).toString('base64url')
}

/**
 * Reads a cursor and returns where the page starts and the total number of results.
 *
 * @throws ScimError `invalidCursor` (400) with the same detail for a cursor that is damaged,
 *   forged, or from another tenant, principal or query; `expiredCursor` (400) when it is too old;
 *   `invalidCount` (400) when the page size differs from the previous page
 * @see RFC 9865 §2.1, §5.2
 */
export function decodeCursor(
  text: string,
  secret: string | Uint8Array,
  expected: CursorExpectation,
): Pick<CursorPayload, 'position' | 'total'> {
  const contents = open(text, secret, expected.binding)
  if (contents === undefined) throw invalidCursor('The cursor is not valid for this query.')
  const [position, limit, issuedAt, total] = contents
  if (expected.now - issuedAt > expected.maxAgeSeconds * 1000) {
    throw expiredCursor('The cursor has expired. Start again with an empty cursor.')
  }
  if (limit !== expected.limit) {
    throw invalidCount('"count" is not the same as for the page before.')
  }
  return { position, total }
}

function open(
  text: string,
  secret: string | Uint8Array,
  binding: CursorBinding,
): Contents | undefined {
  const bytes = Buffer.from(text, 'base64url')
  const isCanonical = bytes.toString('base64url') === text
  if (!isCanonical || bytes.length <= tagLength) return undefined
  const { encryption, authentication } = deriveKeys(secret)
  const tag = bytes.subarray(0, tagLength)
  const cipher = createDecipheriv('aes-256-ctr', encryption, tag)
  const plaintext = Buffer.concat([cipher.update(bytes.subarray(tagLength)), cipher.final()])
  if (!timingSafeEqual(tag, tagOf(authentication, binding, plaintext))) return undefined
  return JSON.parse(plaintext.toString()) as Contents
}

function deriveKeys(secret: string | Uint8Array): { encryption: Buffer; authentication: Buffer } {
  const keys = Buffer.from(hkdfSync('sha256', secret, '', 'label-studio-scim cursor 1', 64))
  return { encryption: keys.subarray(0, 32), authentication: keys.subarray(32) }
}

/**
 * Authenticates the contents and the query to which they are bound, which is unambiguous as JSON
 * text on one line.
 */
function tagOf(key: Buffer, binding: CursorBinding, plaintext: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(`${bindingText(binding)}\n`)
    .update(plaintext)
    .digest()
    .subarray(0, tagLength)
}

function bindingText(binding: CursorBinding): string {
  const { tenant, principal, resourceType, filter, sortBy, sortOrder } = binding
  const { attributes, excludedAttributes } = binding
  return JSON.stringify([
    tenant,
    principal,
    resourceType,
    filter ?? null,
    sortBy ?? null,
    sortOrder ?? null,
    attributes ?? null,
    excludedAttributes ?? null,
  ])
}
