import { postgresDialect } from '../../../adapters/sql/dialects/postgres.js'
import { sqliteDialect } from '../../../adapters/sql/dialects/sqlite.js'

const failure = (code: string) => Object.assign(new Error(`It failed: ${code}`), { code })

it.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'])(
  'a PostgreSQL to which no connection can be opened (%s) is unavailable',
  (code) => {
    expect(postgresDialect.failureKind(failure(code))).toBe('unavailable')
  },
)

it('a thread of SQLite that cannot start is unavailable', () => {
  expect(sqliteDialect.failureKind(failure('ERR_WORKER_INIT_FAILED'))).toBe('unavailable')
})
