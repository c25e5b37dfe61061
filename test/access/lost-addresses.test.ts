import { memoryAdapters } from '../../adapters/memory/index.js'
import { isFormerAddress } from '../../lib/access/standing.js'
import type { AccessStore, Adapters } from '../../lib/stores/index.js'
import { aScope } from '../adapters/support.js'
import { type Answer, type ServiceProvider, serve } from '../protocol/server.js'

const scope = aScope('acme')
const addresses = Array.from({ length: 300 }, (_, index) => `ines-${index}@example.com`)
const emails = addresses.map((value) => ({ value }))

/** Adapters that count how often their access store writes values. */
function counting(hidden: readonly (keyof AccessStore)[] = []) {
  const adapters = memoryAdapters()
  const { access } = adapters
  const calls = { setValue: 0, setValues: 0 }
  const counted = {
    ...access,
    setValue: (...given: Parameters<typeof access.setValue>) => {
      calls.setValue += 1
      return access.setValue(...given)
    },
    setValues: (...given: Parameters<NonNullable<AccessStore['setValues']>>) => {
      calls.setValues += 1
      return access.setValues?.(...given) ?? Promise.resolve()
    },
  }
  for (const name of hidden) delete (counted as Partial<AccessStore>)[name]
  return { adapters: { ...adapters, access: counted } as Adapters, calls }
}

const ways: readonly (readonly [
  string,
  (scim: ServiceProvider, url: string) => Promise<Answer>,
])[] = [
  ['is deleted', (scim, url) => scim.delete(url)],
  ['loses them', (scim, url) => scim.patch(url, [{ op: 'remove', path: 'emails' }])],
]

describe.each(ways)('a person with hundreds of addresses who %s', (_, lose) => {
  it.each([
    ['in one write', [], 20],
    ['one by one in a store that has no setValues', ['setValues'], 320],
  ] as const)('is remembered under each of them, %s', async (__, hidden, most) => {
    const { adapters, calls } = counting(hidden)
    const scim = await serve(adapters)
    const { id } = await scim.user('ines', { emails, active: false })
    const answer = await lose(scim, `/Users/${id}`)
    expect(answer.status).toBeLessThan(300)
    expect(calls.setValue + calls.setValues).toBeLessThan(most)
    for (const address of addresses) {
      expect([address, await isFormerAddress(adapters, scope, address)]).toEqual([address, true])
    }
    expect(await isFormerAddress(adapters, scope, 'bob@example.com')).toBe(false)
  })
})
