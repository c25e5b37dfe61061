import express from 'express'
import request from 'supertest'
import { adminToken, aSettingsApp } from './support.js'

const authorization = `Bearer ${adminToken}`

/** A settings app whose store of rules answers only when told to. */
function aSlowApp(options: { requestTimeoutMs?: number; maxRequestsInFlight?: number }) {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const setUp = aSettingsApp({
    options,
    change: (adapters) => {
      const { access } = adapters
      if (!access) throw new Error('The memory adapters keep access.')
      const rules: typeof access.rules = async (scope) => {
        await gate
        return access.rules(scope)
      }
      return { ...adapters, access: { ...access, rules } }
    },
  })
  return { ...setUp, release }
}

describe('requests of the settings', () => {
  it.each(['/api/scim/settings', '/scim/settings'])(
    'are given up at the deadline: %s',
    async (path) => {
      const { app, release } = aSlowApp({ requestTimeoutMs: 50 })
      const { status, headers } = await request(app).get(path).set({
        Authorization: authorization,
        'Sec-Fetch-Mode': 'navigate',
        'Sec-Fetch-Dest': 'document',
      })
      release()
      expect(status).toBe(503)
      expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    },
  )

  it('are worked on at most so many at once', async () => {
    const { app, release } = aSlowApp({ maxRequestsInFlight: 1 })
    const server = express().use(app).listen(0)
    try {
      const get = () =>
        request(server).get('/api/scim/settings').set('Authorization', authorization)
      // Whichever comes second is refused, and lets the first one end.
      const answers = await Promise.all(
        [get(), get()].map((each) =>
          each.then((answer) => {
            if (answer.status === 503) release()
            return answer
          }),
        ),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 503])
    } finally {
      server.close()
    }
  })

  it('answer with the id that the client gave, as SCIM does', async () => {
    const { app } = aSettingsApp()
    const { body } = await request(app)
      .get('/api/scim/settings')
      .set({ 'X-Request-Id': 'trace/1+a=b' })
    expect(body.id).toBe('trace/1+a=b')
  })

  it('refuse a body with a member given twice, as SCIM does', async () => {
    const { app } = aSettingsApp()
    const { status, body } = await request(app)
      .post('/api/scim/settings')
      .set({ Authorization: authorization, 'Content-Type': 'application/json' })
      .send('{"roles_groups": [], "roles_groups": [["Annotator", "Crew"]]}')
    expect([status, body.detail]).toEqual([400, expect.stringContaining('roles_groups')])
  })
})
