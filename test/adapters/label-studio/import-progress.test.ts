import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryAdapters } from '../../../adapters/memory/index.js'
import { type ImportState, lastImport } from '../../../lib/access/index.js'
import { startFakeLabelStudio } from '../../support/fake-label-studio/index.js'
import { scopeOf, startProduct } from './product.js'

async function anImport() {
  const fake = await startFakeLabelStudio({ mode: 'oss-new' })
  const storage = memoryAdapters()
  const product = await startProduct(fake, { storage, isWorking: false })
  const states: ImportState[] = []
  return {
    fake,
    states,
    importer: product.adapters.importer,
    noted: () => lastImport(storage.access, scopeOf()),
    onProgress: (state: ImportState) => void states.push(state),
    stop: async () => {
      await product.stop()
      await fake.stop()
    },
  }
}

describe('an import', () => {
  it('notes when it begins and how it ends, for administrators of every host', async () => {
    const { importer, states, noted, onProgress, stop } = await anImport()
    expect(await noted()).toBeUndefined()
    await importer.run({ onProgress })
    expect(states[0]).toMatchObject({ done: 0 })
    expect(states[0]).not.toHaveProperty('total')
    const last = await noted()
    expect(last).toMatchObject({ outcome: 'succeeded', total: last?.done })
    expect(last?.done).toBeGreaterThan(0)
    expect(states.at(-1)).toEqual(last)
    await stop()
  })

  it('notes that it failed', async () => {
    const { fake, importer, noted, stop } = await anImport()
    await importer.run()
    await fake.stop()
    await expect(importer.run()).rejects.toMatchObject({ code: expect.any(String) })
    expect(await noted()).toMatchObject({ outcome: 'failed', done: 0 })
    await stop().catch(() => {})
  })

  it('is started once, until it is stopped', async () => {
    const { importer, states, onProgress, stop } = await anImport()
    const runs = () => states.filter(({ total, outcome }) => !total && !outcome).length
    for (const _ of [1, 2]) importer.start({ onProgress, intervalMs: 3_600_000 })
    while (states.at(-1)?.outcome === undefined) await nextTurn()
    await importer.stop()
    expect(runs()).toBe(1)
    importer.start({ onProgress, intervalMs: 3_600_000 })
    await importer.stop()
    expect(runs()).toBe(2)
    await stop()
  })

  it('does not go on beside one that is started before it has been stopped', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout')
    const { importer, states, onProgress, stop } = await anImport()
    importer.start({ intervalMs: 12_345 })
    const stopped = importer.stop()
    importer.start({ onProgress, intervalMs: 3_600_000 })
    await stopped
    while (states.at(-1)?.outcome === undefined) await nextTurn()
    await importer.stop()
    expect(timers.mock.calls.map(([, ms]) => ms)).not.toContain(12_345)
    timers.mockRestore()
    await stop()
  })

  it('is told about once a second while it runs', async () => {
    const { importer, states, onProgress, stop } = await anImport()
    const { Date: clock } = globalThis
    const now = jest.spyOn(clock, 'now')
    let at = 1_000_000
    now.mockImplementation(() => (at += 600))
    await importer.run({ onProgress })
    now.mockRestore()
    const running = states.filter(({ total, outcome }) => total !== undefined && !outcome)
    expect(running.length).toBeGreaterThan(0)
    await stop()
  })
})
