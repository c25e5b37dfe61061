import { withTimeLimit } from '../../lib/access/time-limit.js'
import { createScope, type Scope } from '../../lib/stores/scope.js'

const caller = { tenant: 'acme', actor: 'okta', requestId: 'r1' }

/**
 * Work that is under way when `started` resolves, with the scope it was given, and goes on until
 * `end` is called.
 */
function hanging() {
  let report: (scope: Scope) => void
  let end = () => {}
  const started = new Promise<Scope>((resolve) => {
    report = resolve
  })
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const work = (scope: Scope) => {
    report(scope)
    return ended
  }
  return { started, work, end: () => end() }
}

const patient = { timeoutMs: 60_000, tooLate: () => new Error('too late') }
const hasty = { ...patient, timeoutMs: 1 }

describe('withTimeLimit', () => {
  it('comes to what the work comes to', async () => {
    const scope = createScope(caller, new AbortController())
    await expect(withTimeLimit(scope, patient, async () => 7)).resolves.toBe(7)
    const failure = new Error('no')
    await expect(withTimeLimit(scope, patient, () => Promise.reject(failure))).rejects.toBe(failure)
  })

  it('gives up in time, and aborts the signal of the work alone', async () => {
    const parent = new AbortController()
    const { started, work } = hanging()
    const limited = withTimeLimit(createScope(caller, parent), hasty, work)
    const { signal } = await started
    await expect(limited).rejects.toThrow('too late')
    expect(signal.aborted).toBe(true)
    expect(parent.signal.aborted).toBe(false)
  })

  it('aborts a signal that is asked for only after the time is up', async () => {
    const { started, work } = hanging()
    const scope = createScope(caller, new AbortController())
    await expect(withTimeLimit(scope, hasty, work)).rejects.toThrow('too late')
    expect((await started).signal.aborted).toBe(true)
  })

  it('aborts the signal of the work when its caller’s is, asked for before or after', async () => {
    const parent = new AbortController()
    const early = hanging()
    const late = hanging()
    const scope = createScope(caller, parent)
    const both = [early, late].map(({ work }) => withTimeLimit(scope, patient, work))
    const { signal } = await early.started
    const reason = new Error('the client has gone')
    parent.abort(reason)
    expect(signal.reason).toBe(reason)
    expect((await late.started).signal.reason).toBe(reason)
    early.end()
    late.end()
    await Promise.all(both)
  })

  it('leaves nothing on the caller’s signal when the work has ended', async () => {
    const parent = new AbortController()
    let own: AbortSignal | undefined
    await withTimeLimit(createScope(caller, parent), patient, async ({ signal }) => {
      own = signal
    })
    parent.abort()
    expect(own?.aborted).toBe(false)
  })
})

describe('the scope that stores are given', () => {
  it('is a plain value with a signal, also in copies of it (lib/stores/scope.ts)', () => {
    const controller = new AbortController()
    const scope = createScope(caller, controller)
    expect({ ...scope, tenant: 'other' }).toMatchObject({ ...caller, tenant: 'other' })
    expect({ ...scope }.signal).toBe(controller.signal)
    expect(scope.signal).toBe(controller.signal)
    const { signal, ...rest } = scope
    expect(signal).toBe(controller.signal)
    expect(Object.keys(rest)).toEqual(['tenant', 'actor', 'requestId'])
  })
})
