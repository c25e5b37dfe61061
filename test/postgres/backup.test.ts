import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { type SqlAdapters, sqlAdapters } from '../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../adapters/support.js'
import { type TestDatabase, untouchedDatabase } from '../support/test-database.js'

/** The commands of docs/operations.md, as written there. */
const blocks = fs
  .readFileSync(path.join(__dirname, '../../docs/operations.md'), 'utf8')
  .split('## ')
  .filter((section) => section.startsWith('Backup and restore'))
  .flatMap((section) => [...section.matchAll(/```sh\n(.+?)```/gs)])
  .map(([, block = '']) => block.slice(block.indexOf('# PostgreSQL')))
const [backUp = '', restore = ''] = blocks

const scope = aScope()
const page = { kind: 'index', offset: 0, limit: 100 } as const
let databases: TestDatabase[] = []
let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-backup-'))
})
afterEach(async () => {
  fs.rmSync(folder, { recursive: true })
  await Promise.all(databases.map((database) => database.drop()))
  databases = []
  jest.restoreAllMocks()
})

async function newDatabase(): Promise<string> {
  const database = await untouchedDatabase()
  databases.push(database)
  return database.url
}

function shell(command: string, url: string): void {
  const env = { ...process.env, DATABASE_URL: url, BACKUP: dumps()[0] }
  execFileSync('bash', ['-e', '-c', command], { cwd: folder, env, stdio: 'pipe' })
}

const dumps = () => fs.readdirSync(folder).filter((name) => name.endsWith('.dump'))

async function addThree(url: string): Promise<void> {
  const adapters = await sqlAdapters({ url })
  await addUsers(adapters, 3)
  await adapters.close()
}

async function addUsers({ users }: SqlAdapters, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const user = aUser()
    await users.create(scope, user, writeOf(user))
  }
}

/** The total and the number listed, at the start and after two more people and one fewer. */
async function counted(url: string) {
  const adapters = await sqlAdapters({ url })
  const count = async () => {
    const { totalResults, resources } = await adapters.users.query(scope, { ...everything, page })
    return [totalResults, resources.length, resources[0]?.id]
  }
  const first = await count()
  await addUsers(adapters, 2)
  await adapters.users.delete(scope, String(first[2]), {})
  const then = await count()
  await adapters.close()
  return [first.slice(0, 2), then.slice(0, 2)]
}

async function run(url: string, ...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

const exact = [
  [3, 3],
  [4, 4],
]
const warnings = () => jest.spyOn(process, 'emitWarning').mockImplementation(() => {})

describe('the documented backup of PostgreSQL', () => {
  it('is restored in place, and into an empty database, with exact totals', async () => {
    const warned = warnings()
    const [url, other] = [await newDatabase(), await newDatabase()]
    await addThree(url)
    shell(backUp, url)
    await run(url, 'delete from scim_resources')
    shell(restore, url)
    shell(restore, other)
    expect(await counted(url)).toEqual(exact)
    expect(await counted(other)).toEqual(exact)
    shell(restore, url)
    expect(await counted(url)).toEqual(exact)
    expect(warned).not.toHaveBeenCalled()
  })

  it('leaves nothing of a newer version, so that the database can be upgraded again', async () => {
    const url = await newDatabase()
    await addThree(url)
    await run(
      url,
      'drop table scim_counts, scim_tokens, scim_token_uses',
      'drop trigger scim_count on scim_resources',
      'drop function scim_count',
      `delete from scim_migrations where name in ('007_tokens', '008_counts', '009_changes')`,
    )
    shell(backUp, url)
    await (await sqlAdapters({ url })).close()
    shell(restore, url)
    expect(await counted(url)).toEqual(exact)
  })
})

it('says what a restore over a newer database left behind', async () => {
  const url = await newDatabase()
  await addThree(url)
  await run(url, `delete from scim_migrations where name >= '007'`)
  await expect(sqlAdapters({ url })).rejects.toMatchObject({
    code: 'ERR_SCIM_DATABASE',
    message: expect.stringMatching(/"scim_tokens" already exists.*Restore it into an empty data/),
  })
})

it.each([
  ['no trigger', ['drop function scim_count cascade']],
  ['a disabled trigger', ['alter table scim_resources disable trigger scim_count']],
  [
    'the function of another version',
    [
      `create or replace function scim_count() returns trigger language plpgsql as
        $$ begin return null; end $$`,
    ],
  ],
])('counts everything again at the start with %s, and warns once', async (_what, statements) => {
  const warned = warnings()
  const url = await newDatabase()
  await addThree(url)
  await run(url, ...statements, `update scim_counts set count = 17 where slot > -1`)
  expect(await counted(url)).toEqual(exact)
  expect(await counted(url)).toEqual([
    [4, 4],
    [5, 5],
  ])
  expect(warned.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/scim_count/)])
})

it('restores a dump of the tables alone, and counts again', async () => {
  const warned = warnings()
  const [url, other] = [await newDatabase(), await newDatabase()]
  await addThree(url)
  shell(`pg_dump --format=custom --table='scim_*' --file=scim.dump "$DATABASE_URL"`, url)
  shell('pg_restore --no-owner --dbname="$DATABASE_URL" "$BACKUP" || true', other)
  expect(await counted(other)).toEqual(exact)
  expect(warned).toHaveBeenCalledTimes(1)
})
