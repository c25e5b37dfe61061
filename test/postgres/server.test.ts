import pg from 'pg'
import { testDatabase } from '../support/test-database.js'

describe('the PostgreSQL under test', () => {
  it('is a database of the test’s own, in UTF-8, that goes away with its connections open', async () => {
    const database = await testDatabase()
    const client = new pg.Client({ connectionString: database.url })
    const lost = new Promise((resolve) => client.on('error', resolve))
    await client.connect()
    const { rows } = await client.query('SHOW server_encoding')
    expect(rows).toEqual([{ server_encoding: 'UTF8' }])
    await database.drop()
    expect(await lost).toMatchObject({ code: '57P01' })
  })
})
