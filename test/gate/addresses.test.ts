import { randomUUID } from 'node:crypto'
import { type MemoryAdapters, memoryAdapters } from '../../adapters/memory/index.js'
import { statusLookUp } from '../../lib/gate/decide.js'
import type { AccessRecord, User } from '../../lib/stores/index.js'
import { aUser, writeOf } from '../adapters/support.js'
import { scope } from './gated.js'

let adapters: MemoryAdapters

/**
 * Ann is active and has a second address, Kim is active; Lea's access has ended; Ida was only
 * imported, and somebody else had her address before.
 */
beforeEach(async () => {
  adapters = memoryAdapters()
  await add({ userName: 'ann@example.com', emails: [{ value: 'second@example.com' }] })
  await add({ userName: 'kim@example.com' })
  await add({ userName: 'lea@example.com', active: false })
  const ida = await add({ userName: 'ida@example.com', active: false })
  const listed = { id: '5', origin: 'imported' } as const
  await adapters.access.saveRecord(scope(), recordOf(ida.id, { account: listed }))
  // The host knows this one by an address that no attribute is written like.
  const blank = await add({ userName: ' blank@example.com ' })
  await adapters.access.saveRecord(scope(), recordOf(blank.id, { email: 'blank@example.com' }))
  // Somebody deleted, of whom the record is left.
  const gone = { email: 'gone@example.com', account: { id: '6', origin: 'created' } } as const
  await adapters.access.saveRecord(scope(), recordOf(randomUUID(), gone))
  const before = { email: 'ida@example.com', account: { id: '8', origin: 'created' } } as const
  await adapters.access.saveRecord(scope(), recordOf(randomUUID(), before))
})

async function add(attributes: Partial<User>): Promise<User> {
  const user = aUser({ active: true, ...attributes })
  await adapters.users.create(scope(), user, writeOf(user))
  return user
}

function recordOf(userId: string, rest: Partial<AccessRecord>): AccessRecord {
  const none = { applied: [], deferred: [], notes: [], hadRole: false }
  return { userId, enforced: 'active', at: '2026-01-01T00:00:00.000Z', ...none, ...rest }
}

/** Whose account it is: its address, as Label Studio tells it. */
it.each([
  // The person whose address it is.
  ['ann@example.com', 'active', 'ann@example.com'],
  ['ANN@EXAMPLE.COM', 'active', 'ann@example.com'],
  ['lea@example.com', 'deprovisioned', 'lea@example.com'],
  ['Lea@Example.com', 'deprovisioned', 'lea@example.com'],
  ['blank@example.com', 'active', ' blank@example.com '],
  // Another attribute of a person has it.
  ['second@example.com', 'active', 'ann@example.com'],
  // Somebody whom SCIM does not manage.
  ['ida@example.com', 'unknown', undefined],
  ['stranger@example.com', 'unknown', undefined],
  ['', 'unknown', undefined],
  // Somebody who left.
  ['gone@example.com', 'deprovisioned', undefined],
  ['Gone@example.com', 'deprovisioned', undefined],
  // An address that only looks like somebody's: full width, Kelvin, zero width, combining.
  ['\uff41nn@example.com', 'deprovisioned', undefined],
  ['\uff21\uff2e\uff2e@example.com', 'deprovisioned', undefined],
  ['\u212Aim@example.com', 'deprovisioned', undefined],
  ['an\u200bn@example.com', 'deprovisioned', undefined],
  ['an\u0332n@example.com', 'deprovisioned', undefined],
  ['ann@example.com\u0000\u200b', 'deprovisioned', undefined],
  ['\uff53econd@example.com', 'deprovisioned', undefined],
  ['\uff47one@example.com', 'deprovisioned', undefined],
  // Nobody's, however it is written.
  ['\uff5aed@example.com', 'unknown', undefined],
  ['\u017ded@example.com', 'unknown', undefined],
  // With the accent it is another letter.
  ['a\u0301nn@example.com', 'unknown', undefined],
])('an account with the address %j: %s', async (email, standing, userName) => {
  const status = await statusLookUp(adapters)(scope(), { email })
  expect(status.standing).toBe(standing)
  if (userName !== undefined) expect(status.user).toMatchObject({ userName })
})

it('of several people with an address, one with access lets it in', async () => {
  await add({ userName: 'out@example.com', active: false, emails: [{ value: 'both@example.com' }] })
  const lookUp = statusLookUp(adapters)
  const both = { email: 'both@example.com' }
  expect(await lookUp(scope(), both)).toMatchObject({ standing: 'deprovisioned' })
  await add({ userName: 'in@example.com', emails: [{ value: 'both@example.com' }] })
  expect(await lookUp(scope(), both)).toMatchObject({
    standing: 'active',
    user: { userName: 'in@example.com' },
  })
})

it('the account decides before the address, unless nobody is linked to it', async () => {
  const kai = await add({ userName: 'kai@example.com' })
  await adapters.access.saveRecord(
    scope(),
    recordOf(kai.id, { account: { id: '7', origin: 'created' } }),
  )
  const lookUp = statusLookUp(adapters)
  const by = async (accountId: string | number, email?: string) =>
    (await lookUp(scope(), { accountId, ...(email && { email }) })).standing
  expect(await by(7, 'lea@example.com')).toBe('active')
  expect(await by('6', 'ann@example.com')).toBe('deprovisioned')
  expect(await by(5, 'ann@example.com')).toBe('active')
  expect(await by(99, 'lea@example.com')).toBe('deprovisioned')
  expect(await by(99)).toBe('unknown')
  expect(await lookUp(scope(), {})).toEqual({ standing: 'unknown' })
})
