import pg from 'pg'
import { buildHost } from '../host/start-host.js'
import { type DurablePostgres, startDurablePostgres } from '../support/postgres-server.js'
import { smallDisk } from './small-disk.js'
import { type Fault, survives } from './under-load.js'

let postgres: DurablePostgres
beforeAll(buildHost, 120_000)
beforeEach(async () => {
  postgres = await startDurablePostgres({ max_connections: 30 })
})
afterEach(() => postgres.stop())

const faultOf = ({ begin, end }: Pick<Fault, 'begin' | 'end'>): Fault => ({
  databaseUrl: postgres.url,
  begin,
  end,
})

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url })
  client.on('error', () => {})
  await client.connect()
  return client
}

async function execute(...statements: readonly string[]): Promise<void> {
  const client = await connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

/** Connections until the server takes no more. */
async function takeAllConnections(): Promise<pg.Client[]> {
  const taken: pg.Client[] = []
  for (;;) {
    const client = await connect().catch(() => undefined)
    if (client === undefined) return taken
    taken.push(client)
  }
}

describe('under load, PostgreSQL', () => {
  it('survives a server that is killed and gone for a while', async () => {
    const fault = faultOf({ begin: postgres.kill, end: postgres.restart })
    await survives(fault, { refuses: true, reads: 503, ready: 503 })
  })

  it('survives a server that stands still for a while (D5)', async () => {
    const fault = faultOf({ begin: postgres.freeze, end: postgres.thaw })
    const isLong = Number(process.env['FAULT_SECONDS'] ?? 20) > 18
    await survives(fault, { refuses: isLong, ready: 503 })
  })

  it('survives a server that is read-only for a while, as one that became a standby', async () => {
    const turn = (word: 'on' | 'off') => () =>
      execute(`alter system set default_transaction_read_only = ${word}`, 'select pg_reload_conf()')
    const fault = faultOf({ begin: turn('on'), end: turn('off') })
    await survives(fault, { refuses: true, reads: 200, ready: 503 })
  })

  it('survives a table that is locked for a while', async () => {
    let other: pg.Client | undefined
    const fault = faultOf({
      async begin() {
        other = await connect()
        await other.query('begin')
        await other.query('lock table scim_resources in access exclusive mode')
      },
      end: () => other?.end(),
    })
    await survives(fault, { refuses: true, atLeastSeconds: 7 })
  })

  it('survives a server that has no connection left for it', async () => {
    let taken: pg.Client[] = []
    const fault = faultOf({
      async begin() {
        taken = await takeAllConnections()
        await taken[0]?.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'label-studio-scim'`,
        )
        taken.push(...(await takeAllConnections()))
      },
      async end() {
        await Promise.all(taken.map((client) => client.end()))
      },
    })
    await survives(fault, { refuses: true })
  })

  it('survives a disk of the tables that is full (D6)', async () => {
    const disk = smallDisk(24, postgres.account)
    await execute(
      `create tablespace small location '${disk.folder}'`,
      'alter role scim set default_tablespace = small',
    )
    try {
      await survives(faultOf({ begin: disk.fill, end: disk.free }), { refuses: true, reads: 200 })
    } finally {
      await postgres.stop()
      disk.remove()
    }
  })
})
