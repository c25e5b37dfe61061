import type { Duplex } from 'node:stream'
import type { Identity } from './decide.js'
import type { Verdict } from './verdict.js'

/** Open sockets whose owners are looked at again and again. */
export interface SocketWatch {
  add(socket: Duplex, owners: readonly Identity[]): void
  /** Closes all sockets, so that a server can end. */
  close(): void
}

/**
 * Closes each socket once `decide` refuses one of its owners. A failure to decide closes nothing:
 * the next look will.
 */
export function watchSockets(
  recheckMs: number,
  decide: (owners: readonly Identity[]) => Promise<{ readonly kind: Verdict['kind'] }>,
): SocketWatch {
  const watched = new Map<Duplex, readonly Identity[]>()
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const look = async () => {
    for (const [socket, owners] of watched) {
      const { kind } = await decide(owners).catch(() => ({ kind: 'pass' }) as const)
      // With an error, because that is how http-proxy learns that it must end its side too.
      if (kind === 'refused') socket.destroy(new Error('Access was withdrawn.'))
    }
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
