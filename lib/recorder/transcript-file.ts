import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { RecordStep } from './recorder.js'
import type { Transcript } from './transcript.js'

/** The header of a recorded transcript. */
export type TranscriptHead = Pick<Transcript, 'name' | 'idp'> & Partial<Pick<Transcript, 'seen'>>

/**
 * Writes a recording to a file; pass the result as option `record` of `scimRouter`. After every
 * exchange the file is a complete transcript in JSON. An existing file is overwritten. Names,
 * addresses and ids are replaced by made-up ones, and credentials are omitted; still, review the
 * file before you share it.
 *
 * @param path path of the file; its folder must exist
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
