import type { ServerResponse } from 'node:http'
import type { Identity } from './decide.js'
import type { Refusal } from './verdict.js'

/** Bytes that the gate keeps in memory for one request. */
export interface Held {
  /** Counts more bytes; false if its people have too many in memory, and these must not be kept. */
  take(bytes: number): boolean
  /** To be called when nothing of the request is kept any more, nor will be: it has ended. */
  release(): void
}

/** Starts to count for a request of these people. */
export type HeldFor = (people: readonly Identity[]) => Held

/** Enough for one of the longest answers and some bodies. */
const maxHeldBytes = 96 * 1024 * 1024

/** The answer to a person whose requests would fill the memory that is for all. */
export const tooMuchHeld: Refusal = {
  kind: 'refused',
  status: 503,
  detail: 'Your other requests are still being worked on. Try again in a moment.',
  retryAfterSeconds: 1,
}

/** Counts what is kept for each person, so that nobody fills the memory with parallel requests. */
export function heldBytes(max = maxHeldBytes): HeldFor {
  const held = new Map<string, number>()
  const add = (person: string, bytes: number) => {
    const now = (held.get(person) ?? 0) + bytes
    if (now > 0) held.set(person, now)
    else held.delete(person)
  }
  return ([identity]) => {
    const person = `${identity?.accountId ?? identity?.email ?? ''}`
    let own = 0
    // Whatever is written to an answer after its client has left would be counted for ever.
    let isOver = false
    return {
      take(bytes) {
        if (isOver || (held.get(person) ?? 0) + bytes > max) return false
        own += bytes
        add(person, bytes)
        return true
      },
      release() {
        isOver = true
        add(person, -own)
        own = 0
      },
    }
  }
}

/**
 * Calls `tell` when the answer has ended in any way. Node tells an answer that waits for one before
 * it nothing of the end of its connection, and a request that was answered early never ends.
 */
export function onceOver(response: ServerResponse, tell: () => void): void {
  const { socket } = response.req
  if (response.destroyed || socket.destroyed) {
    tell()
    return
  }
  socket.once('close', tell)
  response.once('close', () => {
    socket.off('close', tell)
    tell()
  })
}
