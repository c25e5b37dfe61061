import { send } from './client.js'
import { bulkBody, groupBody, userBody } from './data.js'
import type { Databases } from './databases.js'
import { plainDriver } from './driver/drivers.js'
import { range } from './seed.js'
import { type RunningServer, startServer } from './start-server.js'
import { digits, table } from './statistics.js'
import { specOf } from './subjects.js'

const users = 10_000
const bulkSize = 500

/** Measures how many bytes a user and a membership take: of heap, of the file, of the tables. */
export async function measureBytes(databases: Databases): Promise<string> {
  const rows: string[][] = []
  for (const name of ['memory', 'sqlite', 'postgres'] as const) {
    const spec = await specOf(name, databases)
    if (spec === undefined) continue
    const server = await startServer({ ...spec, nodeOptions: ['--expose-gc'] })
    const size = () => (spec.url === undefined ? heapOf(server) : sizeOf(spec.url))
    const { user, membership } = await growth(server, size)
    await server.stop()
    rows.push([`  ${name}`, digits(user), digits(membership)])
  }
  const title = `with ${digits(users)} of each`
  return table([[title, 'bytes per user', 'bytes per membership'], ...rows])
}

/** Creates users, then one group with all of them. The audit log is part of what is stored. */
async function growth({ baseUrl }: RunningServer, size: () => Promise<number>) {
  const ids: string[] = []
  await send('POST', `${baseUrl}/Users`, userBody(users))
  const empty = await size()
  for (let start = 0; start < users; start += bulkSize) {
    const body = bulkBody('/Users', range(start, start + bulkSize).map(userBody))
    const { Operations } = (await send('POST', `${baseUrl}/Bulk`, body)) as {
      readonly Operations: readonly { readonly location: string }[]
    }
    ids.push(...Operations.map(({ location }) => location.slice(location.lastIndexOf('/') + 1)))
  }
  const filled = await size()
  await send('POST', `${baseUrl}/Groups`, groupBody('Everybody', ids))
  return { user: (filled - empty) / users, membership: ((await size()) - filled) / users }
}

async function heapOf(server: RunningServer): Promise<number> {
  return (await server.usage()).heapBytes
}

const sizes = {
  sqlite: 'select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()',
  // Tables with their indexes.
  postgres: `select sum(pg_total_relation_size(oid)) as bytes from pg_class
    where relkind = 'r' and relname like 'scim\\_%'`,
}

async function sizeOf(url: string): Promise<number> {
  const driver = plainDriver(url)
  const connection = await driver.connect()
  const text = url.startsWith('sqlite:') ? sizes.sqlite : sizes.postgres
  const [row] = await connection.run({ kind: 'rows', text, parameters: [] }, [])
  connection.release()
  await driver.close()
  return Number(row?.['bytes'])
}
