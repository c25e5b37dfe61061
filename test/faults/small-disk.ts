import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Account } from '../support/postgres-server.js'

/** A file system of its own, a few megabytes large. */
export interface SmallDisk {
  readonly folder: string
  /** Takes all the room that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
  remove(): void
}

/** @throws Error where this process may not mount a file system */
export function smallDisk(megabytes: number, owner: Account = {}): SmallDisk {
  const place = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-disk-'))
  const options = `size=${megabytes}m${owner.uid ? `,uid=${owner.uid},gid=${owner.gid}` : ''}`
  fs.chmodSync(place, 0o755)
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place])
  const unmount = () => execFileSync('umount', ['--lazy', place])
  process.once('exit', unmount)
  const ballast = path.join(place, 'ballast')
  return {
    folder: place,
    fill: () => fillUp(ballast),
    free: () => fs.rmSync(ballast),
    remove() {
      process.off('exit', unmount)
      unmount()
      fs.rmdirSync(place)
    },
  }
}

function fillUp(file: string): void {
  const descriptor = fs.openSync(file, 'w')
  const block = Buffer.alloc(4_096)
  try {
    for (;;) fs.writeSync(descriptor, block)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    fs.closeSync(descriptor)
  }
}
