import { memoryAdapters } from '../../adapters/memory/index.js'
import { enforcementOf, noteEnforcement } from '../../lib/access/index.js'
import type { Scope } from '../../lib/stores/index.js'

const scope: Scope = {
  tenant: 'acme',
  actor: 'test',
  requestId: 'r',
  signal: new AbortController().signal,
}
const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000)
const access = () => memoryAdapters().access

it('is that of the gate in use, whichever was started last', async () => {
  const store = access()
  await noteEnforcement(store, scope, 'enforce', { gate: 'one', now: at(0) })
  await noteEnforcement(store, scope, 'off', { gate: 'two', now: at(10) })
  expect(await enforcementOf(store, scope, at(11))).toBe('off')
  await noteEnforcement(store, scope, 'enforce', { gate: 'one', now: at(120) })
  expect(await enforcementOf(store, scope, at(121))).toBe('enforce')
})

it('is the weakest of those in use', async () => {
  const store = access()
  const gates = [
    ['one', 'off'],
    ['two', 'enforce'],
    ['three', 'report'],
  ] as const
  for (const [gate, mode] of gates) await noteEnforcement(store, scope, mode, { gate, now: at(0) })
  expect(await enforcementOf(store, scope, at(1))).toBe('off')
})

it('stays that of the last gate while none gets requests', async () => {
  const store = access()
  await noteEnforcement(store, scope, 'off', { gate: 'one', now: at(0) })
  await noteEnforcement(store, scope, 'enforce', { gate: 'two', now: at(50) })
  expect(await enforcementOf(store, scope, at(100_000))).toBe('enforce')
})

it('can be read as earlier versions noted it', async () => {
  const store = access()
  expect(await enforcementOf(store, scope)).toBeUndefined()
  await store.setValue(scope, 'gate.enforcement', 'enforce')
  expect(await enforcementOf(store, scope)).toBe('enforce')
  await noteEnforcement(store, scope, 'report', { gate: 'one' })
  expect(await enforcementOf(store, scope)).toBe('report')
})
