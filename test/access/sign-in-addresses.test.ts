import { memoryAdapters } from '../../adapters/memory/index.js'
import { createReconciler, onSignIn } from '../../lib/access/index.js'
import { statusLookUp } from '../../lib/gate/decide.js'
import { emptyRecord } from '../../lib/stores/empty-record.js'
import { aScope } from '../adapters/support.js'
import { type ServiceProvider, serve } from '../protocol/server.js'

const scope = aScope('acme')
const address = 'shared@example.com'

type Step = (scim: ServiceProvider) => Promise<unknown>

const own =
  (userName: string, active: boolean): Step =>
  (scim) =>
    scim.user(userName, { active, emails: [{ value: address, primary: true }] })
const other =
  (userName: string, active: boolean): Step =>
  (scim) => {
    const emails = [{ value: `${userName}@example.com`, primary: true }, { value: address }]
    return scim.user(userName, { active, emails })
  }
const former =
  (userName: string, active: boolean): Step =>
  async (scim) => {
    const { id } = await scim.user(userName, { emails: [{ value: address, primary: true }] })
    const value = [{ value: `${userName}@example.com`, primary: true }]
    await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'emails', value }])
    if (!active) await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { active } }])
  }
const deleted =
  (make: (userName: string, active: boolean) => Step): Step =>
  async (scim) => {
    const { id } = (await make('gone', true)(scim)) as { id: string }
    await scim.delete(`/Users/${id}`)
  }

/** Who has the address, and how it is met. Somebody else's further address lets nobody in. */
const situations: readonly (readonly [string, readonly Step[], string])[] = [
  ['nobody', [], 'unknown'],
  ['an active person', [own('ann', true)], 'active'],
  ['an inactive person', [own('bob', false)], 'deprovisioned'],
  ['an active person besides their own', [other('ann', true)], 'unknown'],
  ['an inactive person besides their own', [other('bob', false)], 'deprovisioned'],
  ['both besides their own', [other('bob', false), other('ann', true)], 'unknown'],
  ['an inactive and an active person', [own('bob', false), own('ann', true)], 'active'],
  [
    'an inactive person, and an active one besides their own',
    [own('bob', false), other('ann', true)],
    'deprovisioned',
  ],
  [
    'an active person, and an inactive one besides their own',
    [own('ann', true), other('bob', false)],
    'active',
  ],
  ['an active person until a while ago', [former('ann', true)], 'unknown'],
  ['an inactive person until a while ago', [former('bob', false)], 'deprovisioned'],
  ['a deleted person', [deleted(own)], 'deprovisioned'],
  ['a deleted person besides their own', [deleted(other)], 'deprovisioned'],
]

describe.each([
  ['before the reconciler has worked', false],
  ['after the reconciler has worked', true],
])('%s, an address that somebody has signs in', (_, isDrained) => {
  it.each(situations)('as that of %s', async (__, steps, reason) => {
    const scim = await serve(memoryAdapters())
    const { adapters } = scim
    for (const step of steps) {
      await step(scim)
      if (isDrained) await createReconciler(adapters).drain()
    }
    const decided = await onSignIn(adapters, scope, ` ${address.toUpperCase()} `)
    expect(decided).toMatchObject({ reason, allowed: reason !== 'deprovisioned' })
    const { standing } = await statusLookUp(adapters)(scope, { email: address })
    expect(standing === 'deprovisioned').toBe(!decided.allowed)
  })
})

it.each([true, false])(
  'whom an import has only listed is unknown, active or not: %s',
  async (active) => {
    const scim = await serve(memoryAdapters())
    const { id } = (await own('ida', active)(scim)) as { id: string }
    const { access } = scim.adapters
    const account = { id: '5', origin: 'imported' } as const
    await access?.saveRecord(scope, { ...emptyRecord(id, new Date()), account })
    const refusing = { unknownPeople: 'refuse' } as const
    const decided = await onSignIn(scim.adapters, scope, address, refusing)
    expect(decided).toEqual({ allowed: false, reason: 'unknown' })
  },
)

it.each([undefined, null, '', '  ', 7, ['ann@example.com']])(
  'nobody signs in with the address %j',
  async (given) => {
    const adapters = memoryAdapters()
    await expect(onSignIn(adapters, scope, given as string)).rejects.toMatchObject({
      code: 'ERR_SCIM_SIGN_IN',
    })
  },
)

it.each([undefined, {}, { tenant: '' }, { tenant: 7 }])(
  'nobody signs in to the tenant of %j',
  async (given) => {
    const tenantless = given as unknown as { tenant: string }
    await expect(onSignIn(memoryAdapters(), tenantless, address)).rejects.toMatchObject({
      code: 'ERR_SCIM_SIGN_IN',
    })
  },
)
