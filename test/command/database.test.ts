import { databaseUrl, openDatabase, shownDatabase } from '../../command/database.js'
import { ConfigurationError } from '../../lib/index.js'

/** The next database cannot be opened. */
function failWith(code: `ERR_SCIM_${string}`, message: string): void {
  const sqlAdapters = () => Promise.reject(new ConfigurationError(code, message))
  jest.doMock('label-studio-scim/adapters/sql', () => ({ sqlAdapters }))
}

beforeEach(() => jest.resetModules())
afterEach(() => jest.dontMock('label-studio-scim/adapters/sql'))

it.each([
  ['a package is missing', { DATABASE_URL: 'sqlite:a.db' }, 'ERR_SCIM_NO_DRIVER'],
  ['a package is missing and it is not set', {}, 'ERR_SCIM_NO_DRIVER'],
  ['it is not set', {}, 'ERR_SCIM_DATABASE'],
] as const)('does not blame DATABASE_URL when %s', async (_, environment, code) => {
  failWith(code, 'This is why.')
  const opened = openDatabase(databaseUrl(environment))
  await expect(opened).rejects.toMatchObject({ name: 'UsageError', message: 'This is why.' })
})

it('names DATABASE_URL when the database that it names cannot be used', async () => {
  failWith('ERR_SCIM_DATABASE', 'This is why.')
  const opened = openDatabase(databaseUrl({ DATABASE_URL: 'sqlite:a.db' }))
  await expect(opened).rejects.toThrow('DATABASE_URL cannot be used: This is why.')
})

it.each([
  ['sqlite:data/a?b.db', 'sqlite:data/a?b.db'],
  ['postgres://scim:secret@db:5432/scim', 'postgres://…@db:5432/scim'],
  ['postgresql://db/scim?user=scim&password=secret', 'postgresql://db/scim?…'],
  ['postgres:///scim?host=/run/pg&password=secret@x', 'postgres:///scim?…'],
])('shows %s without credentials', (address, shown) => {
  expect(shownDatabase(address)).toBe(shown)
})
