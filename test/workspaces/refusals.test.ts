import { memoryAdapters } from '../../adapters/memory/index.js'
import { refusalRecorder, type SeenRefusal } from '../../lib/access/index.js'
import { maxRefusals } from '../../lib/stores/index.js'

const scope = {
  tenant: 'acme',
  actor: 'gate',
  requestId: 'request',
  signal: new AbortController().signal,
}
const since = '2026-01-01T00:00:00.000Z'
const seen = (more: Partial<SeenRefusal> = {}): SeenRefusal => ({
  at: '2026-01-31T09:00:00.000Z',
  identity: { accountId: 7, email: 'anna@example.com' },
  method: 'GET',
  path: '/api/projects/1',
  reason: 'not a member of the project',
  ...more,
})

function aRecorder(personOf = async (): Promise<string | undefined> => 'anna') {
  const { refusals } = memoryAdapters()
  const errors: unknown[] = []
  const onError = (error: unknown) => void errors.push(error)
  const recorder = refusalRecorder({ refusals }, { personOf, onError })!
  return { refusals, recorder, errors, list: () => refusals.list(scope, { since }) }
}

describe('the recorder of what would be refused', () => {
  it('counts by person, method and path, and names people as SCIM knows them', async () => {
    const { recorder, list } = aRecorder()
    recorder.add(scope, seen())
    recorder.add(scope, seen({ at: '2026-01-31T09:00:01.000Z' }))
    recorder.add(scope, seen({ method: 'DELETE' }))
    await recorder.flush()
    recorder.add(scope, seen({ at: '2026-01-31T09:00:02.000Z' }))
    await recorder.flush()
    const found = await list()
    expect(found.map(({ method, count, person }) => [method, count, person])).toEqual([
      ['GET', 3, 'anna'],
      ['DELETE', 1, 'anna'],
    ])
  })

  it('writes by itself after a second', async () => {
    jest.useFakeTimers()
    const { recorder, list, refusals } = aRecorder()
    const added = new Promise((resolve) => {
      const { add } = refusals
      const telling: typeof add = async (...given) => resolve(await add(...given))
      Object.assign(refusals, { add: telling })
    })
    recorder.add(scope, seen())
    jest.advanceTimersByTime(1_000)
    jest.useRealTimers()
    await added
    expect(await list()).toHaveLength(1)
  })

  it('names people without a SCIM user by address, else by account', async () => {
    const { recorder, list } = aRecorder(async () => undefined)
    recorder.add(scope, seen())
    recorder.add(scope, seen({ identity: { accountId: 8 } }))
    await recorder.flush()
    expect((await list()).map(({ person }) => person).sort()).toEqual(['8', 'anna@example.com'])
  })

  it('is bounded, and reports what could not be written', async () => {
    const { recorder, list, errors, refusals } = aRecorder()
    for (let index = 0; index < maxRefusals + 10; index += 1) {
      recorder.add(scope, seen({ path: `/api/tasks/${index}` }))
    }
    recorder.add(scope, seen({ path: `/${'x'.repeat(10_000)}` }))
    await recorder.flush()
    expect(await list()).toHaveLength(maxRefusals)
    Object.assign(refusals, { add: () => Promise.reject(new Error('down')) })
    recorder.add(scope, seen())
    await recorder.flush()
    expect(errors).toEqual([new Error('down')])
  })

  it('is none where the adapters keep no refusals', () => {
    const tools = { personOf: async () => undefined, onError: () => {} }
    expect(refusalRecorder({}, tools)).toBeUndefined()
  })
})
