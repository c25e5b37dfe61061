import fc from 'fast-check'
import type { ScimError } from '../../lib/errors.js'
import {
  type CursorBinding,
  type CursorExpectation,
  type CursorPayload,
  decodeCursor,
  encodeCursor,
} from '../../lib/pagination/cursor.js'
import { thrownBy } from '../filter/support.js'

const secret = 'a secret of this test'
const binding: CursorBinding = {
  tenant: 'acme',
  principal: 'okta',
  resourceType: 'User',
  filter: 'active eq true',
  sortBy: 'userName',
  sortOrder: 'descending',
  attributes: 'userName',
  excludedAttributes: 'groups',
}
const position = { sortKey: 'ada', created: '2026-01-01T00:00:00.000Z', id: 'u1' }
const issuedAt = Date.UTC(2026, 0, 31)
const payload: CursorPayload = { binding, position, limit: 10, total: 42, issuedAt }
const expected: CursorExpectation = {
  binding,
  limit: 10,
  now: issuedAt + 1000,
  maxAgeSeconds: 3600,
}

const invalid = {
  status: 400,
  scimType: 'invalidCursor',
  message: 'The cursor is not valid for this query.',
}
const refusal = (
  text: string,
  changes: Partial<CursorExpectation> = {},
  key: string | Uint8Array = secret,
) => {
  const { status, scimType, message } = thrownBy(() =>
    decodeCursor(text, key, { ...expected, ...changes }),
  ) as ScimError
  return { status, scimType, message }
}

describe('a cursor', () => {
  it('carries any position there and back (R-CUR-19)', () => {
    const keys = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    )
    fc.assert(
      fc.property(
        keys,
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        (sortKey, id, filter) => {
          const place = { sortKey, created: position.created, id }
          const bound = { ...binding, filter }
          const text = encodeCursor({ ...payload, position: place, binding: bound }, secret)
          expect(decodeCursor(text, secret, { ...expected, binding: bound })).toEqual({
            position: place,
            total: 42,
          })
        },
      ),
    )
  })

  it('needs no sort key', () => {
    const { sortKey: _, ...place } = position
    expect(
      decodeCursor(encodeCursor({ ...payload, position: place }, secret), secret, expected),
    ).toEqual({ position: place, total: 42 })
  })

  it('is made of unreserved characters only (R-CUR-04)', () => {
    const ids = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(ids, (id) =>
        /^[A-Za-z0-9._~-]+$/.test(
          encodeCursor({ ...payload, position: { ...position, id } }, secret),
        ),
      ),
    )
  })

  it('reveals nothing of what it carries (R-CUR-15, S-LEAK-08)', () => {
    const secretive = { sortKey: 'CANARY-CANARY-CANARY', created: 'CANARY', id: 'CANARY' }
    const text = encodeCursor({ ...payload, position: secretive }, secret)
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain('CANARY')
  })

  it('is read on another host with the same secret, given as text or bytes (S-DOS-13, R-CUR-17)', () => {
    expect(decodeCursor(encodeCursor(payload, Buffer.from(secret)), secret, expected)).toEqual({
      position,
      total: 42,
    })
  })

  it.each<[string, Partial<CursorBinding>]>([
    ['tenant (R-CUR-13, S-LEAK-08)', { tenant: 'other' }],
    ['principal (R-CUR-13)', { principal: 'entra' }],
    ['resource type', { resourceType: 'Group' }],
    ['filter (R-CUR-05)', { filter: 'active eq false' }],
    ['absent filter (R-CUR-05)', { filter: undefined }],
    ['sortBy (R-CUR-05)', { sortBy: 'title' }],
    ['sortOrder (R-CUR-05)', { sortOrder: undefined }],
    ['attributes (R-CUR-05)', { attributes: 'title' }],
    ['excludedAttributes (R-CUR-05)', { excludedAttributes: undefined }],
    ['parameter moved to another name', { attributes: 'groups', excludedAttributes: 'userName' }],
  ])('is refused for another %s', (_, changes) => {
    expect(refusal(encodeCursor(payload, secret), { binding: { ...binding, ...changes } })).toEqual(
      invalid,
    )
  })

  it('is refused with another secret (R-CUR-15)', () => {
    expect(refusal(encodeCursor(payload, secret), {}, 'another secret')).toEqual(invalid)
  })

  it('is refused when any character of it was changed, added or taken away (R-CUR-15, R-CUR-16)', () => {
    const text = encodeCursor(payload, secret)
    for (let index = 0; index < text.length; index += 1) {
      const other = text[index] === 'A' ? 'B' : 'A'
      expect(refusal(text.slice(0, index) + other + text.slice(index + 1))).toEqual(invalid)
      expect(refusal(text.slice(0, index))).toEqual(invalid)
    }
    for (const more of ['A', '=', ' ', 'AAAA']) expect(refusal(text + more)).toEqual(invalid)
  })

  it('is refused in the same words when it is garbage (R-CUR-06, R-CUR-16)', () => {
    const garbage = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.base64String({ maxLength: 200 }),
    )
    fc.assert(fc.property(garbage, (text) => expect(refusal(text)).toEqual(invalid)))
  })

  it('expires (R-CUR-06)', () => {
    const text = encodeCursor(payload, secret)
    expect(decodeCursor(text, secret, { ...expected, now: issuedAt + 3_600_000 })).toEqual({
      position,
      total: 42,
    })
    expect(refusal(text, { now: issuedAt + 3_600_001 })).toMatchObject({
      status: 400,
      scimType: 'expiredCursor',
    })
  })

  it('is not too young for a host whose clock is behind', () => {
    expect(
      decodeCursor(encodeCursor(payload, secret), secret, { ...expected, now: issuedAt - 5000 }),
    ).toEqual({ position, total: 42 })
  })

  it('goes with one page size (R-CUR-05, R-CUR-07)', () => {
    expect(refusal(encodeCursor(payload, secret), { limit: 11 })).toMatchObject({
      status: 400,
      scimType: 'invalidCount',
    })
  })

  it('says nothing of its age or page size to whom it does not belong (R-CUR-16)', () => {
    const changes = { binding: { ...binding, tenant: 'other' }, limit: 11, now: issuedAt + 1e12 }
    expect(refusal(encodeCursor(payload, secret), changes)).toEqual(invalid)
  })
})
