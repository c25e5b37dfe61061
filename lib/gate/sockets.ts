import type { Duplex } from 'node:stream'
import { grouped } from '../stores/grouped.js'
import { mapConcurrently } from '../stores/read-many.js'
import type { Identity } from './decide.js'
import type { Verdict } from './verdict.js'

/** Open sockets whose owners are checked regularly. */
export interface SocketWatch {
  add(socket: Duplex, owners: readonly Identity[]): void
  /** Closes all sockets, so that the server can stop. */
  close(): void
}

/** Few, because requests of people must not wait for the stores meanwhile. */
const decisionsAtOnce = 8

/**
 * Closes each socket once `decide` refuses one of its owners. If `decide` fails, the socket stays
 * open until the next check.
 */
export function watchSockets(
  recheckMs: number,
  decide: (owners: readonly Identity[]) => Promise<{ readonly kind: Verdict['kind'] }>,
): SocketWatch {
  const watched = new Map<Duplex, readonly Identity[]>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const look = async () => {
    // Sockets of the same people need one decision.
    const groups = grouped(watched, ([, owners]) => JSON.stringify(owners))
    await mapConcurrently([...groups.values()], decisionsAtOnce, async (same) => {
      const owners = same[0]?.[1] ?? []
      const { kind } = await decide(owners).catch(() => ({ kind: 'pass' }) as const)
      if (kind !== 'refused') return
      // With an error, so that http-proxy ends its side too.
      for (const [socket] of same) socket.destroy(new Error('Access was withdrawn.'))
    })
    schedule()
  }
  const schedule = () => {
    timer = watched.size > 0 ? setTimeout(() => void look(), recheckMs).unref() : undefined
  }
  return {
    add(socket, owners) {
      if (isClosed) {
        socket.destroy()
        return
      }
      watched.set(socket, owners)
      socket.once('close', () => watched.delete(socket))
      if (!timer) schedule()
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      for (const socket of watched.keys()) socket.destroy(new Error('The gate was closed.'))
      watched.clear()
    },
  }
}
