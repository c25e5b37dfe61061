import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { send } from './client.js'
import { userBody } from './data.js'
import type { Databases } from './databases.js'
import { authorization, startServer } from './start-server.js'
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
  const bare = await medianOf(() => firstAnswer(bareHost))
  const first = await medianOf(() => firstAnswer(hostOn(url)))
  const rows: [string, number][] = [
    ['import of express, CPU time with Node itself', express],
    ['import of the package beyond it', both - express],
    ['import of the package with adapters/sql beyond it', withSql - express],
    ['process to first answer, Express alone', bare],
    ['process to first answer beyond it, SQLite, 100 people', first - bare],
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

const listening = "listen(0, '127.0.0.1', function () { console.log(this.address().port) })"

/** Programs of hosts, which print their ports. */
const bareHost = `import express from 'express'
  express().get('/scim/v2/Users', (_, response) => response.json({})).${listening}`
const hostOn = (url: string) => `import express from 'express'
  import { bearerTokens, scimRouter } from 'label-studio-scim'
  import { sqlAdapters } from 'label-studio-scim/adapters/sql'
  const adapters = await sqlAdapters({ url: ${JSON.stringify(url)} })
  const token = '${authorization}'.slice('Bearer '.length)
  const authenticate = bearerTokens([{ name: 'bench', token }])
  express().use('/scim/v2', scimRouter(adapters, { authenticate })).${listening}`

/** Milliseconds from the start of a process to its first answer. */
async function firstAnswer(program: string): Promise<number> {
  const startedAt = performance.now()
  const host = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [port] = (await once(host.stdout, 'data')) as [Buffer]
  await send('GET', `http://127.0.0.1:${Number(port)}/scim/v2/Users?count=1`)
  const elapsed = performance.now() - startedAt
  host.kill()
  await once(host, 'exit')
  return elapsed
}
