import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createProxyMiddleware } from 'http-proxy-middleware'
import { identifyLabelStudioUser, labelStudioPolicy } from '../../adapters/label-studio/index.js'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { accessGate } from '../../lib/gate/index.js'
import type { Access } from '../../lib/mapping/index.js'
import { peopleOf } from '../gate/gated.js'
import { ownerToken, startEverything } from './everything.js'

const access: Access = {
  active: true,
  role: 'Annotator',
  workspaces: [],
  projects: [{ projectId: 1, role: 'Inherit' }],
  reasons: [],
}

describe('a Label Studio below a path', () => {
  it('is read and narrowed as one at the root', async () => {
    const application = await startEverything()
    const { url } = application
    const memory = memoryAdapters()
    const resolveAccess = async () => access
    const groups = { ...memory.groups, resolveAccess, resolveAccessOf: undefined }
    await peopleOf(memory).add('person7@example.com')
    const gate = accessGate({ ...memory, groups } as never, {
      identify: identifyLabelStudioUser({ url }),
      enforce: labelStudioPolicy({ url, token: ownerToken, retries: 0 }),
    })
    const app = express().use('/label-studio', gate, createProxyMiddleware({ target: url }))
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/label-studio`
    const headers = { authorization: 'Token 7', 'x-person': '7' }
    const get = async (path: string) => (await fetch(`${origin}${path}`, { headers })).status
    expect(await get('/api/projects/?ids=1,2')).toBe(200)
    expect(await get('/api/tasks/5/')).toBe(200)
    expect(application.reached).toEqual(['GET /api/projects/?ids=1', 'GET /api/tasks/5/'])
    for (const path of ['/api/tasks/105/', '/api/projects/2/', '/label-studio/api/projects/1/']) {
      expect([path, await get(path)]).toEqual([path, 403])
    }
    expect(application.reached).toHaveLength(2)
    gate.close()
    server.closeAllConnections()
    server.close()
    await application.stop()
  })
})
