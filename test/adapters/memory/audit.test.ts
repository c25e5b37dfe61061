import { memoryAdapters } from '../../../adapters/memory/index.js'
import { aScope } from '../support.js'

it('keeps the newest 10,000 audit entries, so that memory does not grow for ever', async () => {
  const { audit } = memoryAdapters()
  const scope = aScope()
  const entry = {
    at: '2026-01-01T00:00:00.000Z',
    event: 'user.patched',
    tenant: scope.tenant,
    actor: scope.actor,
    requestId: scope.requestId,
    outcome: 'succeeded',
  } as const
  for (let batch = 0; batch < 25; batch += 1) {
    await audit.append(
      scope,
      Array.from({ length: 1_000 }, () => entry),
    )
  }
  const kept = await audit.query(scope, { limit: 100_000 })
  expect(kept.length).toBeGreaterThanOrEqual(10_000)
  expect(kept.length).toBeLessThan(20_000)
  const sequences = kept.map(({ sequence }) => sequence)
  expect(sequences).toEqual(sequences.map((_, index) => 25_000 - index))
})
