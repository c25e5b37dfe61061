import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { SqlAdapters, SqlOptions } from '../../../adapters/sql/index.js'
import { aScope, aUser, everything, writeOf } from '../support.js'

// Which SQLite is taken depends on the Node.js that runs the tests: each proves what it can.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const hasOwnSqlite = major > 22 || (major === 22 && minor >= 13)

type Package = 'libsql' | 'better-sqlite3'

// libsql has the same interface, and stands in for packages that must be compiled.
const database = jest.requireActual('libsql')
const loaded: Package[] = []

beforeEach(() => {
  loaded.length = 0
  jest.resetModules()
  missing('libsql')
  missing('better-sqlite3')
})
afterEach(() => {
  jest.restoreAllMocks()
  for (const name of ['libsql', 'better-sqlite3', 'better-sqlite3/package.json'])
    jest.dontMock(name)
})

function missing(name: Package): void {
  install(name, () => {
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' })
  })
}

/** The host has installed a package that is this. */
function install(name: Package, make: () => unknown, version = '12.11.1'): void {
  jest.doMock(
    name,
    () => {
      const module = make()
      loaded.push(name)
      return module
    },
    { virtual: true },
  )
  if (name === 'libsql') return
  jest.doMock(`${name}/package.json`, () => ({ version }), { virtual: true })
}

/** As without the part that must be compiled: only opening a database fails. */
function unbuilt(): unknown {
  return function Database() {
    throw new Error('Could not locate the bindings file. Tried:\n → /a/build/b.node\n → /c')
  }
}

async function start(options: SqlOptions): Promise<SqlAdapters> {
  const { sqlAdapters } = await import('../../../adapters/sql/index.js')
  return sqlAdapters(options)
}

/** Whether a user can be stored and read. */
async function works(): Promise<void> {
  const adapters = await start({ url: 'sqlite::memory:' })
  const [scope, user] = [aScope(), aUser()]
  await adapters.users.create(scope, user, writeOf(user))
  expect(await adapters.users.get(scope, user.id, everything)).toEqual(user)
  await adapters.close()
}

async function failure(): Promise<unknown> {
  return start({ url: 'sqlite::memory:' }).catch((reason: unknown) => reason)
}

if (hasOwnSqlite) {
  it('takes the SQLite of Node.js and needs nothing installed', works)
}

if (!hasOwnSqlite) {
  it('names what to install when there is no SQLite', async () => {
    expect(await failure()).toMatchObject({
      name: 'ConfigurationError',
      code: 'ERR_SCIM_NO_DRIVER',
      message: expect.stringContaining('Install one: npm install libsql.'),
    })
  })

  it('takes better-sqlite3 where libsql is not installed', async () => {
    install('better-sqlite3', () => database)
    await works()
    expect(loaded).toEqual(['better-sqlite3'])
  })

  it('takes libsql and does not load better-sqlite3 where both are installed', async () => {
    install('libsql', () => database)
    install('better-sqlite3', () => database)
    await works()
    expect(loaded).toEqual(['libsql'])
  })

  it.each([
    ['cannot be opened', unbuilt],
    ['exports no database', () => ({})],
    [
      'lacks a package of its own',
      () => {
        const message = "Cannot find module '@libsql/linux-x64-gnu'"
        throw Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' })
      },
    ],
  ])('takes the next package when one %s', async (_, broken) => {
    install('libsql', broken)
    install('better-sqlite3', () => database)
    await works()
    expect(loaded).toContain('better-sqlite3')
  })

  it('says how to repair a package that cannot be used, in one line', async () => {
    install('better-sqlite3', unbuilt)
    const { message, code } = (await failure()) as Error & { code: string }
    expect(code).toBe('ERR_SCIM_NO_DRIVER')
    expect(message).toContain(
      'better-sqlite3 cannot be used (Could not locate the bindings file. Tried). ' +
        'Try: npm rebuild better-sqlite3, or: npm install libsql.',
    )
    expect(message).not.toContain('\n')
  })

  it('runs nothing from the working directory', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'scim-driver-'))
    const target = path.join(folder, 'node_modules', 'better-sqlite3')
    fs.mkdirSync(target, { recursive: true })
    const leavesMarker = `require('node:fs').writeFileSync(${JSON.stringify(`${folder}/ran`)}, '')`
    fs.writeFileSync(path.join(target, 'package.json'), '{ "version": "12.11.1" }')
    fs.writeFileSync(path.join(target, 'index.js'), leavesMarker)
    jest.spyOn(process, 'cwd').mockReturnValue(folder)
    jest.dontMock('better-sqlite3')
    jest.dontMock('better-sqlite3/package.json')
    expect(await failure()).toMatchObject({ code: 'ERR_SCIM_NO_DRIVER' })
    expect(fs.existsSync(path.join(folder, 'ran'))).toBe(false)
    fs.rmSync(folder, { recursive: true, force: true })
  })
}

if (major < 22) {
  it('does not load a better-sqlite3 that would end the process', async () => {
    install('better-sqlite3', () => database, '13.2.0')
    expect(await failure()).toMatchObject({
      code: 'ERR_SCIM_NO_DRIVER',
      message: expect.stringContaining('13.2.0 needs Node.js 22 or newer'),
    })
    expect(loaded).toEqual([])
  })
}
