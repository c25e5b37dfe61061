import http from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { sql } from '../../adapters/sql/sql.js'
import { scimRouter } from '../../lib/http/router.js'
import type { Adapters } from '../../lib/stores/adapters.js'
import type { User } from '../../lib/stores/index.js'
import { insertNumbered, openDirectly } from '../support/direct-database.js'

/**
 * A host in a process of its own, so that its memory can be measured: `memory` or the URL of a
 * database, and people.
 */
const [, , url = '', people = '0'] = process.argv
const count = Number(people)

async function main(): Promise<void> {
  const adapters = url === 'memory' ? await inMemory() : await onDatabase()
  const app = express()
  // Sampled, because `process.resourceUsage().maxRSS` begins with that of the parent process.
  let most = 0
  const sample = () => {
    const rss = process.memoryUsage.rss()
    most = Math.max(most, rss)
    return rss
  }
  setInterval(sample, 10).unref()
  app.get('/memory', (_request, response) => {
    response.json({ rssMb: sample() / 2 ** 20, maxRssMb: most / 2 ** 20 })
  })
  const principal = { tenant: 'acme', name: 'idp', scopes: ['scim:read', 'scim:write'] }
  app.use('/scim/v2', scimRouter(adapters, { authenticate: () => principal }))
  const server = http.createServer(app).listen(0, '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
}

async function inMemory(): Promise<Adapters> {
  const adapters = memoryAdapters()
  const { signal } = new AbortController()
  const scope = { tenant: 'acme', actor: 'seed', requestId: 'seed', signal }
  const at = '2026-01-31T09:00:00.000Z'
  for (let number = 1; number <= count; number += 1) {
    const meta = { resourceType: 'User', created: at, lastModified: at, version: 'v' }
    const user: User = { id: `user-${number}`, userName: `user-${number}`, active: true, meta }
    await adapters.users.create(scope, user, { keys: [], comparable: () => ({}) })
  }
  return adapters
}

/** People straight into the table: creating them one by one is not what is measured. */
async function onDatabase(): Promise<Adapters> {
  const adapters = await sqlAdapters({ url, timeoutMs: 60_000 })
  const direct = await openDirectly(url)
  const json = url.startsWith('sqlite:') ? sql`text` : sql`jsonb`
  await insertNumbered(
    direct,
    count,
    (numbers) => sql`
    insert into scim_resources
      (tenant, id, resource_type, created, last_modified, version, document, comparable)
    select 'acme', 'user-' || n, 'User', n, n, 'v',
      '{"id":"user-' || n || '","userName":"user-' || n || '","active":true}',
      cast('{"id":"user-' || n || '","userName":"user-' || n || '","active":true}' as ${json})
    from ${numbers}`,
  )
  await direct.close()
  return adapters
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
