import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { send } from './client.js'
import { userBody } from './data.js'
import type { Databases } from './databases.js'
import { startServer } from './start-server.js'
import { digits, median, table } from './statistics.js'

const run = promisify(execFile)
const repetitions = 9

/**
 * Measures how long imports take, and how long a server on a database takes to answer its first
 * request.
 */
export async function measureStart(databases: Databases): Promise<string> {
  const url = await databases.create('sqlite')
  if (url === undefined) throw new Error('There is no SQLite.')
  const filled = await startServer({ kind: 'sql', url })
  for (let each = 0; each < 100; each += 1) {
    await send('POST', `${filled.baseUrl}/Users`, userBody(each))
  }
  await filled.stop()
  const express = await medianOf(() => importTime(['express']))
  const both = await medianOf(() => importTime(['express', 'label-studio-scim']))
  const withSql = await medianOf(() =>
    importTime(['express', 'label-studio-scim', 'label-studio-scim/adapters/sql']),
  )
  const first = await medianOf(() => firstAnswer(url))
  const rows: [string, number][] = [
    ['import of express, CPU time with Node itself', express],
    ['import of the package beyond it', both - express],
    ['import of the package with adapters/sql beyond it', withSql - express],
    ['process to first answer, SQLite, 100 people', first],
  ]
  return table([['', 'ms'], ...rows.map(([name, ms]) => [`  ${name}`, digits(ms)])])
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  for (let each = 0; each < repetitions; each += 1) times.push(await measure())
  return median(times)
}

/** Milliseconds of CPU time that a new process takes to import these modules. */
async function importTime(modules: readonly string[]): Promise<number> {
  const imports = modules.map((name) => `await import(${JSON.stringify(name)});`).join('')
  const used = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1_000)'
  const program = `${imports} ${used}`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program])
  return Number(stdout)
}

async function firstAnswer(url: string): Promise<number> {
  const startedAt = performance.now()
  const server = await startServer({ kind: 'sql', url })
  await send('GET', `${server.baseUrl}/Users?count=1`)
  const elapsed = performance.now() - startedAt
  await server.stop()
  return elapsed
}
