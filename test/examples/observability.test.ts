import express, { type Express } from 'express'
import request from 'supertest'
import { memoryAdapters } from '../../adapters/memory/index.js'
import { observability } from '../../examples/observability/observability.js'
import { type Span, toCollector } from '../../examples/observability/spans.js'
import { bearerTokens, scimRouter } from '../../lib/index.js'
import { listen } from '../http/support.js'

const token = 'token-of-the-identity-provider'
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
const ann = { schemas, userName: 'ann@example.com', active: true }

function watchedApp() {
  const spans: Span[] = []
  const { watch, onEvent, metrics } = observability({ sendSpans: (span) => spans.push(span) })
  const authenticate = bearerTokens([{ name: 'idp', token }])
  const app = express()
  app.get('/metrics', metrics)
  app.use('/scim/v2', watch, scimRouter(memoryAdapters(), { authenticate, onEvent }))
  return { app, spans, onEvent }
}

const push = (app: Express, body: object = ann) =>
  request(app)
    .post('/scim/v2/Users')
    .set('Authorization', `Bearer ${token}`)
    .set('Content-Type', 'application/scim+json')
    .send(body)

const metricsOf = async (app: Express) => (await request(app).get('/metrics')).text

describe('examples/observability', () => {
  it('counts answers, their time, events and refusals for Prometheus (S-OPS-03)', async () => {
    const { app } = watchedApp()
    await push(app).expect(201)
    await push(app).expect(409)
    await request(app).get('/scim/v2/Users').expect(401)
    const text = await metricsOf(app)
    expect(text).toContain('scim_requests_total{method="POST",endpoint="Users",status="201"} 1\n')
    expect(text).toContain('scim_requests_total{method="GET",endpoint="Users",status="401"} 1\n')
    expect(text).toContain(
      'scim_request_duration_seconds_bucket{method="POST",endpoint="Users",le="+Inf"} 2\n',
    )
    expect(text).toContain('scim_events_total{event="user.created",outcome="succeeded"} 1\n')
    expect(text).toContain('scim_refusals_total{status="409",scim_type="uniqueness"} 1\n')
    expect(text).toContain('scim_refusals_total{status="401",scim_type=""} 1\n')
  })

  it('has no person, id or text of a client in its labels (S-OPS-03)', async () => {
    const { app } = watchedApp()
    const { body } = await push(app)
    await request(app).get(`/scim/v2/Users/${body.id}?filter=canary`)
    await request(app).get('/scim/v2/canary%22/canary')
    const text = await metricsOf(app)
    expect(text).not.toMatch(new RegExp(`canary|ann@|${body.id}`))
  })

  it('writes only lines that Prometheus reads', async () => {
    const { app } = watchedApp()
    await push(app)
    const lines = (await metricsOf(app)).trimEnd().split('\n')
    const sample = /^[a-z_]+\{([a-z_]+="(\\.|[^"\\])*",?)+\} [0-9.e-]+$/
    expect(lines.filter((line) => !/^# (HELP|TYPE) /.test(line) && !sample.test(line))).toEqual([])
  })

  it('makes a span of each request, in the trace of its caller, with what happened in it', async () => {
    const { app, spans } = watchedApp()
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    await push(app).set('traceparent', `00-${traceId}-b7ad6b7169203331-01`)
    expect(spans).toMatchObject([
      {
        traceId,
        parentSpanId: 'b7ad6b7169203331',
        name: 'POST Users',
        kind: 'server',
        isError: false,
        attributes: { 'http.response.status_code': 201 },
      },
    ])
    expect(spans[0]?.events.map(({ name }) => name)).toContain('user.created')
    expect(JSON.stringify(spans)).not.toContain('ann@')
  })

  it('makes a span of an event that belongs to no request', async () => {
    const { spans, onEvent } = watchedApp()
    onEvent({
      at: '2026-01-01T00:00:00Z',
      event: 'access.failed',
      tenant: 'acme',
      actor: 'reconciler',
      requestId: 'none',
      outcome: 'failed',
    })
    expect(spans.at(-1)).toMatchObject({ name: 'access.failed', kind: 'internal', isError: true })
  })

  it('sends spans to a collector as OTLP, and loses nothing but spans when there is none', async () => {
    const received: { path: string; body: string }[] = []
    const collector = express()
    collector.use(express.text({ type: 'application/json' }), (incoming, response) => {
      received.push({ path: incoming.path, body: incoming.body })
      response.json({})
      arrived()
    })
    let arrived = () => {}
    const server = await listen(collector)
    const once = new Promise<void>((resolve) => {
      arrived = resolve
    })
    toCollector('http://127.0.0.1:1')(aSpan)
    toCollector(server.origin)(aSpan)
    await once
    await server.close()
    const [{ path, body }] = received as [{ path: string; body: string }]
    expect(path).toBe('/v1/traces')
    expect(JSON.parse(body).resourceSpans[0].scopeSpans[0].spans).toEqual([
      {
        traceId: aSpan.traceId,
        spanId: aSpan.spanId,
        name: 'GET Users',
        kind: 2,
        startTimeUnixNano: '1767225600000000000',
        endTimeUnixNano: '1767225600002000000',
        attributes: [{ key: 'http.response.status_code', value: { intValue: '200' } }],
        events: [],
        status: { code: 0 },
      },
    ])
  })
})

const aSpan: Span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'GET Users',
  kind: 'server',
  startedAt: Date.parse('2026-01-01T00:00:00Z'),
  endedAt: Date.parse('2026-01-01T00:00:00Z') + 2,
  isError: false,
  attributes: { 'http.response.status_code': 200 },
  events: [],
}
