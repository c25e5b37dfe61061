import { createServer } from 'node:http'
import express from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate } from '../../lib/gate/index.js'
import { path, signedInPage } from './visitor.js'

/** A gate in an app, and the settings page two minutes later. */
async function aGateIn(mount: (app: express.Express, gate: express.RequestHandler) => void) {
  const adapters = memoryAdapters()
  const app = express()
  const identify = async () => ({ identities: [], isComplete: true })
  mount(app, accessGate(adapters, { identify, tenant: 'acme' }))
  const clock = () => new Date(Date.now() + 120_000)
  const visitor = await signedInPage({ change: () => adapters, options: { clock } })
  const { status } = await request(createServer(app)).get('/projects')
  const { findings } = (await visitor.get('/api/scim/status')).body
  const page = (await visitor.visit(`${path}/status`)).text
  return { status, findings, page }
}

const application: express.RequestHandler = (_request, response) => void response.send('projects')

it('says that no request has come to a gate, e.g. one that is mounted after the proxy', async () => {
  const { status, findings, page } = await aGateIn((app, gate) => app.use(application, gate))
  expect(status).toBe(200)
  expect(findings).toEqual([
    {
      level: 'warning',
      code: 'gate-unused',
      message: expect.stringMatching(/^A gate was started at 20.+Z, and no request has come to it/),
    },
  ])
  expect(page).toContain('mount it before the proxy')
})

it('says nothing of the kind once a request has come', async () => {
  const { status, findings } = await aGateIn((app, gate) => app.use(gate, application))
  expect([status, findings]).toEqual([200, []])
})
