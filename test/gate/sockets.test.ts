import { Duplex } from 'node:stream'
import { watchSockets } from '../../lib/gate/sockets.js'

const recheckMs = 5

function aSocket() {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const errors: string[] = []
  socket.on('error', ({ message }: Error) => errors.push(message))
  return { socket, errors }
}

/** Resolves when a socket is closed, with an error or without. */
function closed(socket: Duplex): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** Decides about addresses, and lets a test wait until it was asked. */
function decider(decide: (emails: readonly (string | undefined)[]) => Promise<'pass' | 'refused'>) {
  const waiting: (() => void)[] = []
  let times = 0
  const watch = watchSockets(recheckMs, async (owners) => {
    times += 1
    for (const goOn of waiting.splice(0)) goOn()
    return { kind: await decide(owners.map(({ email }) => email)) }
  })
  const asked = () => new Promise<void>((resolve) => waiting.push(resolve))
  return { watch, asked, times: () => times }
}

describe('open sockets', () => {
  it('are closed once one of their owners is refused, and no others', async () => {
    const out = new Set<string | undefined>()
    const { watch, asked } = decider(async (emails) =>
      emails.some((email) => out.has(email)) ? 'refused' : 'pass',
    )
    const [ann, both, bob] = [aSocket(), aSocket(), aSocket()]
    watch.add(ann.socket, [{ email: 'ann' }])
    watch.add(both.socket, [{ email: 'bob' }, { email: 'ann' }])
    watch.add(bob.socket, [{ email: 'bob' }])
    await asked()
    expect([ann, both, bob].map(({ socket }) => socket.destroyed)).toEqual([false, false, false])
    const ended = Promise.all([closed(ann.socket), closed(both.socket)])
    out.add('ann')
    await ended
    expect([ann.errors, both.errors]).toEqual([
      ['Access was withdrawn.'],
      ['Access was withdrawn.'],
    ])
    await asked()
    await asked()
    expect([bob.socket.destroyed, bob.errors]).toEqual([false, []])
    watch.close()
  })

  it('do not wait for a decision about somebody else', async () => {
    const { watch } = decider(async (emails) =>
      emails.includes('slow') ? new Promise<never>(() => {}) : 'refused',
    )
    const [slow, ann] = [aSocket(), aSocket()]
    watch.add(slow.socket, [{ email: 'slow' }])
    watch.add(ann.socket, [{ email: 'ann' }])
    await closed(ann.socket)
    expect(slow.socket.destroyed).toBe(false)
    watch.close()
  })

  it('of one person need one decision, which closes all', async () => {
    const { watch, times } = decider(async () => 'refused')
    const sockets = [1, 2, 3].map(() => aSocket().socket)
    for (const socket of sockets) watch.add(socket, [{ email: 'ann' }])
    await Promise.all(sockets.map(closed))
    expect(times()).toBe(1)
    watch.close()
  })

  it('stay open while nothing can be decided, and are checked again', async () => {
    let isDown = true
    const { watch, asked } = decider(async () => {
      if (isDown) throw new Error('down')
      return 'refused'
    })
    const { socket } = aSocket()
    watch.add(socket, [])
    await asked()
    await asked()
    expect(socket.destroyed).toBe(false)
    isDown = false
    await closed(socket)
    watch.close()
  })

  it('are not asked about any more once they are closed, and again when one is added', async () => {
    const { watch, asked, times } = decider(async () => 'pass')
    const first = aSocket()
    watch.add(first.socket, [])
    await asked()
    first.socket.destroy()
    await closed(first.socket)
    // The check in progress may be the last.
    await new Promise((resolve) => setTimeout(resolve, recheckMs * 4))
    const before = times()
    await new Promise((resolve) => setTimeout(resolve, recheckMs * 4))
    expect(times()).toBe(before)
    watch.add(aSocket().socket, [])
    await asked()
    watch.close()
  })

  it('are closed with the gate, as are those that come later', async () => {
    const { watch } = decider(async () => 'pass')
    const [before, after] = [aSocket(), aSocket()]
    watch.add(before.socket, [])
    watch.close()
    await closed(before.socket)
    expect(before.errors).toEqual(['The gate was closed.'])
    watch.add(after.socket, [])
    expect(after.socket.destroyed).toBe(true)
  })
})
