import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SqlClient, SqlClients } from './dialect.js'

/** After this time, statements let other work of the event loop come in between. */
const mostAtOnceMs = 2

/**
 * For a driver that works in this thread: runs a statement in the next turn of the event loop if
 * earlier ones have taken long, so that a request of many statements does not block it until its
 * end. Readers and writers each keep their own pace, so that a short read waits for no long change.
 */
export function paced(clients: SqlClients): SqlClients {
  const pace = createPace()
  const wrap = ({ run, release }: SqlClient): SqlClient => ({
    run: (text, values) => pace(() => run(text, values)),
    release,
  })
  return {
    take() {
      const client = clients.take()
      return client instanceof Promise ? client.then(wrap) : wrap(client)
    },
  }
}

function createPace() {
  let spentMs = 0
  const timed = <T>(work: () => T): T => {
    const startedAt = performance.now()
    try {
      return work()
    } finally {
      spentMs += performance.now() - startedAt
    }
  }
  return <T>(work: () => T | Promise<T>): T | Promise<T> => {
    if (spentMs < mostAtOnceMs) return timed(work)
    return nextTurn().then(() => {
      spentMs = 0
      return timed(work)
    })
  }
}
