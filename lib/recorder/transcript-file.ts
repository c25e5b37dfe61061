import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { RecordStep } from './recorder.js'
import type { Transcript } from './transcript.js'

/** What a recorded transcript says of itself. */
export type TranscriptHead = Pick<Transcript, 'name' | 'idp'> & Partial<Pick<Transcript, 'seen'>>

/**
 * Writes what is recorded into a file: option `record` of `scimRouter` takes it. After every
 * exchange the file is a whole transcript in JSON. A file that is there already is overwritten. It
 * has no names, addresses, ids or credentials, only made-up ones in their places; look through it
 * all the same before giving it away.
 *
 * @param path where to; the folder must exist
 * @throws Error when the file cannot be opened
 */
export function transcriptFile(path: string, head: TranscriptHead): RecordStep {
  const file = openSync(path, 'w', 0o600)
  closeSync(file)
  const { name, idp, seen = ['recorded'] } = head
  const start = JSON.stringify({ name, idp, seen }, null, 2).replace(/\n\}$/, ',\n  "steps": [')
  const end = '\n  ]\n}\n'
  let length = 0
  return (step) => {
    const text = JSON.stringify(step, null, 2).replaceAll('\n', '\n    ')
    const more = Buffer.from(length === 0 ? `${start}\n    ${text}` : `,\n    ${text}`)
    const open = openSync(path, 'r+')
    try {
      ftruncateSync(open, length)
      writeSync(open, more, 0, more.length, length)
      length += more.length
      writeSync(open, end, length)
    } finally {
      closeSync(open)
    }
  }
}
