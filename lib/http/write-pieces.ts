import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Response } from 'express'

/**
 * Writes a body in pieces, no faster than the client takes them, and lets other requests have their
 * turn in between. Ends when the client goes.
 */
export async function writePieces(response: Response, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (!response.write(piece)) await roomForMore(response)
    await nextTurn()
    if (response.destroyed) return
  }
  response.end()
}

/** Until what was written has left, or nobody waits for it any more. */
export function roomForMore(response: Response): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end)
      resolve()
    }
    response.on('drain', end).on('close', end)
  })
}
