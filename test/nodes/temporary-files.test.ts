import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { nodeExecutable, nodeVersions } from '../support/node-versions.js'
import { sqliteDatabase } from '../support/test-database.js'

const runner = path.join(__dirname, '../support/run-typescript.cjs')
const program = path.join(__dirname, 'large-change-process.ts')

it.each(nodeVersions)(
  'SQLite needs no temporary file on Node %s, as some hosts can write nothing but the database',
  async (version) => {
    const database = sqliteDatabase()
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-temporary-'))
    const isChanged = watched(folder)
    try {
      execFileSync(nodeExecutable(version), [runner, program, database.url, '1000'], {
        env: { ...process.env, SQLITE_TMPDIR: folder, NODE_NO_WARNINGS: '1' },
      })
      expect(isChanged()).toBe(false)
    } finally {
      fs.rmSync(folder, { recursive: true })
      await database.drop()
    }
  },
  60_000,
)

/** Tells whether a file was made in a folder, even if it is gone again. */
function watched(folder: string): () => boolean {
  const longAgo = new Date(0)
  fs.utimesSync(folder, longAgo, longAgo)
  return () => fs.statSync(folder).mtimeMs !== longAgo.getTime()
}
