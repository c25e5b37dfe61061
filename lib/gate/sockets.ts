import type { Duplex } from 'node:stream'
import type { Identity } from './decide.js'

/** Open sockets whose owners are looked at again and again. */
export interface SocketWatch {
  add(socket: Duplex, identity: Identity): void
  close(): void
}

/** Closes each socket once `decide` refuses its owner. A failure to decide closes nothing: the next look will. */
export function watchSockets(
  recheckMs: number,
  decide: (identity: Identity) => Promise<{ readonly kind: 'pass' | 'refused' }>,
): SocketWatch {
  const owners = new Map<Duplex, Identity>()
  let timer: NodeJS.Timeout | undefined

  const look = async () => {
    for (const [socket, identity] of owners) {
      const { kind } = await decide(identity).catch(() => ({ kind: 'pass' }) as const)
      if (kind === 'refused') socket.destroy()
    }
    schedule()
  }
  const schedule = () => {
    timer = owners.size > 0 ? setTimeout(() => void look(), recheckMs).unref() : undefined
  }
  return {
    add(socket, identity) {
      owners.set(socket, identity)
      socket.once('close', () => owners.delete(socket))
      if (!timer) schedule()
    },
    close() {
      clearTimeout(timer)
      owners.clear()
    },
  }
}
