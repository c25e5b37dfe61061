import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import express from 'express'
import { createDatabase } from '../../../adapters/sql/database.js'
import { openSqlite } from '../../../adapters/sql/dialects/sqlite-open.js'
import { sqlAdapters } from '../../../adapters/sql/index.js'
import { sql } from '../../../adapters/sql/sql.js'
import { scimRouter } from '../../../lib/index.js'
import { patchUrn, userUrn } from '../../protocol/server.js'
import { oneOf, randomOf } from '../../support/random.js'
import { sqliteDatabase, type TestDatabase } from '../../support/test-database.js'
import { aScope, everything } from '../support.js'

/** What a disk writes in one piece. */
const sectorBytes = 512
const changes = 450
const clients = 6
/** Power fails at one of so many answers, and at each in so many ways. */
const answersPerFailure = 10
const failuresPerMoment = 3
/** So much that the log is written into the database, and begun anew, every now and then. */
const bulk = 'x'.repeat(6_000)

/** What `title` and `displayName` of each person are; `undefined`: there is nobody. */
type People = ReadonlyMap<string, string | undefined>

/** The disk at the moment of an answer, and what has been answered until then. */
interface Moment {
  readonly database: Buffer
  /** The log when the last flush began that has ended: this much is on the disk. */
  readonly flushed: Buffer
  /** The log as it is: any sector written since the flush may be on the disk, or not. */
  readonly written: Buffer
  readonly acknowledged: People
  /** What requests without an answer make of people: done in whole or not at all. */
  readonly underWay: People
}

let database: TestDatabase
let file: string
beforeEach(() => {
  database = sqliteDatabase()
  file = database.url.slice('sqlite:'.length)
})
afterEach(async () => {
  jest.restoreAllMocks()
  await database.drop()
})

it('has everything that was answered, and no half of a change, wherever power fails (S-INT-04)', async () => {
  const random = randomOf(1)
  const moments = await momentsOf(random)
  expect(moments.length).toBeGreaterThan(changes / answersPerFailure / 2)
  expect(new Set(moments.map(({ written }) => saltOf(written))).size).toBeGreaterThan(1)
  for (const moment of moments) {
    for (let failure = 0; failure < failuresPerMoment; failure += 1) {
      requireKept(moment, await peopleAfter(moment, random))
    }
  }
}, 120_000)

/** SQLite gives a log another one each time it begins anew. */
function saltOf(log: Buffer): string {
  return log.toString('hex', 16, 24)
}

/** Sends changes to the library over a database in a file, and looks at the file meanwhile. */
async function momentsOf(random: () => number): Promise<readonly Moment[]> {
  const flushed = watchFlushes(`${file}-wal`)
  const adapters = await sqlAdapters({ url: database.url })
  const moments: Moment[] = []
  const acknowledged = new Map<string, string | undefined>()
  const underWay = new Map<string, string | undefined>()
  const onAnswer = (userName: string) => {
    acknowledged.set(userName, underWay.get(userName))
    underWay.delete(userName)
    if (random() * answersPerFailure > 1) return
    moments.push({
      database: fs.readFileSync(file),
      flushed: flushed(),
      written: fs.readFileSync(`${file}-wal`),
      acknowledged: new Map(acknowledged),
      underWay: new Map(underWay),
    })
  }
  const app = express()
  app.use((request, response, next) => {
    const end = response.end.bind(response) as (...all: unknown[]) => typeof response
    response.end = ((...all: unknown[]) => {
      if (response.statusCode < 300) onAnswer(String(request.headers['x-user-name']))
      return end(...all)
    }) as typeof response.end
    next()
  })
  const principal = { name: 'idp', tenant: 'acme', scopes: ['scim:read', 'scim:write'] } as const
  app.use(scimRouter(adapters, { authenticate: () => principal }))
  const server = http.createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const send = Array.from({ length: clients }, (_, client) =>
    sendChanges(origin, { client, random, underWay }),
  )
  await Promise.all(send)
  server.close()
  server.closeAllConnections()
  await adapters.close()
  jest.restoreAllMocks()
  return moments
}

/** Notes the log at the start of each flush: what is written while it runs may not be flushed. */
function watchFlushes(log: string): () => Buffer {
  let flushed = Buffer.alloc(0)
  const open = fsPromises.open
  jest.spyOn(fsPromises, 'open').mockImplementation(async (...parameters) => {
    const opened = await open(...parameters)
    const datasync = opened.datasync.bind(opened)
    opened.datasync = async () => {
      const before = fs.readFileSync(log)
      await datasync()
      flushed = before
    }
    return opened
  })
  return () => flushed
}

interface Client {
  readonly client: number
  readonly random: () => number
  readonly underWay: Map<string, string | undefined>
}

/** Creates, changes and deletes people of one client's own, one after the other. */
async function sendChanges(origin: string, { client, random, underWay }: Client): Promise<void> {
  const ids = new Map<string, string>()
  for (let change = 0; change < changes / clients; change += 1) {
    const userName = `${client}-${oneOf(random, ['ann', 'bob', 'cleo'])}`
    const id = ids.get(userName)
    const isDeletion = id !== undefined && random() < 0.2
    const text = isDeletion ? undefined : `text-${client}-${change}`
    underWay.set(userName, text)
    const response = await fetch(`${origin}/Users${id === undefined ? '' : `/${id}`}`, {
      headers: {
        Authorization: 'Bearer x',
        'Content-Type': 'application/scim+json',
        'X-User-Name': userName,
      },
      ...requestOf({ userName, id, text }),
    })
    if (!response.ok) throw new Error(`The answer is ${response.status}.`)
    if (isDeletion) ids.delete(userName)
    else ids.set(userName, ((await response.json()) as { id: string }).id)
  }
}

interface Change {
  readonly userName: string
  readonly id: string | undefined
  readonly text: string | undefined
}

function requestOf({ userName, id, text }: Change): RequestInit {
  if (text === undefined) return { method: 'DELETE' }
  const texts = { title: text, displayName: text }
  if (id === undefined) {
    const body = { schemas: [userUrn], userName, nickName: bulk, ...texts }
    return { method: 'POST', body: JSON.stringify(body) }
  }
  const Operations = Object.entries(texts).map(([path, value]) => ({ op: 'replace', path, value }))
  return { method: 'PATCH', body: JSON.stringify({ schemas: [patchUrn], Operations }) }
}

/** Everybody whom a host finds that starts on what is left of the disk. */
async function peopleAfter(moment: Moment, random: () => number): Promise<People> {
  const left = sqliteDatabase()
  const leftFile = left.url.slice('sqlite:'.length)
  fs.mkdirSync(path.dirname(leftFile), { recursive: true })
  fs.writeFileSync(leftFile, moment.database)
  fs.writeFileSync(`${leftFile}-wal`, logAfter(moment, random))
  const opened = createDatabase(await openSqlite(leftFile, 1000))
  expect(await opened.all(sql`pragma integrity_check`)).toEqual([{ integrity_check: 'ok' }])
  await opened.close()
  const adapters = await sqlAdapters({ url: left.url })
  const page = { kind: 'index', offset: 0, limit: 1000 } as const
  const { resources } = await adapters.users.query(aScope('acme'), { ...everything, page })
  await adapters.close()
  await left.drop()
  return new Map(
    resources.map(({ userName, title, displayName }) => {
      expect(displayName).toBe(title)
      return [String(userName), String(title)]
    }),
  )
}

/** What was flushed, and of the rest each sector or not. */
function logAfter({ flushed, written }: Moment, random: () => number): Buffer {
  const log = Buffer.from(written)
  for (let at = 0; at < log.length; at += sectorBytes) {
    const sector = log.subarray(at, at + sectorBytes)
    // Where the file has grown since, the disk has zeros.
    const before = Buffer.alloc(sector.length)
    before.set(flushed.subarray(at, at + sector.length))
    if (!before.equals(sector) && random() < 0.5) before.copy(sector)
  }
  return log
}

function requireKept({ acknowledged, underWay }: Moment, found: People): void {
  for (const [userName, text] of acknowledged) {
    const allowed = underWay.has(userName) ? [text, underWay.get(userName)] : [text]
    expect(allowed).toContain(found.get(userName))
  }
  const known = new Set([...acknowledged.keys(), ...underWay.keys()])
  expect([...found.keys()].filter((userName) => !known.has(userName))).toEqual([])
}
