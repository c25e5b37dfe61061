import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'
import request from 'supertest'
import { sqlAdapters } from '../../adapters/sql/index.js'
import { answersAt, type Checks, readiness } from '../../command/serve/ready.js'
import { listen, type Running } from '../http/support.js'
import { openDirectly } from '../support/direct-database.js'
import { sqliteDatabase } from '../support/test-database.js'

const running: Running[] = []
afterEach(() => jest.restoreAllMocks())
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

const ask = (checks: Checks) => request(express().get('/readyz', readiness(checks))).get('/readyz')

describe('/readyz', () => {
  it('answers 200 when everything is there, and names it', async () => {
    const { status, body } = await ask({ database: async () => true, migrations: async () => true })
    expect([status, body]).toEqual([200, { database: 'ok', migrations: 'ok' }])
  })

  it.each<[string, () => Promise<boolean>]>([
    ['says no', async () => false],
    ['fails', () => Promise.reject(new Error('canary'))],
    ['never ends', () => new Promise(() => {})],
  ])('answers 503 when one check %s, and says no more than its name', async (_, check) => {
    const { status, body } = await ask({ database: check, labelStudio: async () => true })
    expect([status, body]).toEqual([503, { database: 'failed', labelStudio: 'ok' }])
  })

  it('asks what it needs once a second, however many ask', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_000_000)
    let asked = 0
    const check = async () => {
      asked += 1
      return true
    }
    const server = await listen(express().get('/readyz', readiness({ database: check })))
    running.push(server)
    await Promise.all(Array.from({ length: 50 }, () => fetch(`${server.origin}/readyz`)))
    expect(asked).toBe(1)
  })

  it('knows whether a Label Studio answers, below a path too', async () => {
    const app = express()
    app.get(['/health', '/sub/health'], (_request, response) => {
      response.send('{"status":"UP"}')
    })
    app.get('/moved/health', (_request, response) => response.redirect('/elsewhere'))
    const server = await listen(app)
    running.push(server)
    const answers = ['', '/', '/sub', '/sub/', '/moved', '/other'].map((path) =>
      answersAt(server.origin + path),
    )
    expect(await Promise.all(answers)).toEqual([true, true, true, true, false, false])
    await expect(answersAt('http://127.0.0.1:1')).rejects.toThrow()
  })

  it('knows whether the tables are those of this version', async () => {
    const adapters = await sqlAdapters({ url: 'sqlite::memory:' })
    expect(await adapters.isMigrated()).toBe(true)
    await adapters.close()
  })

  it('knows whether changes are stored, and does not wait for somebody who writes for long', async () => {
    const { url, drop } = sqliteDatabase()
    const adapters = await sqlAdapters({ url, timeoutMs: 1_500 })
    const other = await openDirectly(url)
    let answers: readonly boolean[] = []
    await other.transaction(async () => {
      const first = await adapters.isWritable()
      await pause(1_000)
      answers = [first, await adapters.isWritable()]
    })
    expect(answers).toEqual([true, false])
    await adapters.isWritable()
    expect(await adapters.isWritable()).toBe(true)
    await Promise.all([adapters.close(), other.close()])
    await drop()
  })
})
