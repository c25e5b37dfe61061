/**
 * Turns requests and events into metrics for Prometheus and spans for OpenTelemetry, without a
 * package for either. Metrics have no names of people and no ids in their labels; spans have ids.
 *
 *     const { watch, onEvent, metrics } = observability({ sendSpans: toCollector('http://otel:4318') })
 *     app.get('/metrics', metrics) // on a port that only Prometheus reaches
 *     app.use('/scim/v2', watch, scimRouter(adapters, { authenticate, onEvent }))
 *     createReconciler(adapters, { onEvent })
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import type { AuditEntry } from 'label-studio-scim'
import { createMetrics } from './metrics.js'
import { type Span, type SpanEvent, type SpanSender, spanEventOf } from './spans.js'

export interface ObservabilityOptions {
  /** Called with every span when its request has ended. Default: no spans. */
  readonly sendSpans?: SpanSender
}

export interface Observability {
  /** Mount it on the path of the router, before the router. */
  readonly watch: RequestHandler
  /** For `onEvent` of router, reconciler, settings and sign-in. */
  readonly onEvent: (event: AuditEntry) => void
  /** Handles the requests of Prometheus. */
  readonly metrics: RequestHandler
}

/** Watches one process: make only one. */
export function observability({ sendSpans = () => {} }: ObservabilityOptions = {}): Observability {
  const metrics = createMetrics()
  /** Events of the requests in progress, by request id. */
  const underWay = new Map<string, SpanEvent[]>()
  return {
    watch(request, response, next) {
      // The router uses this id, so that its events can be matched to the request.
      request.headers['x-request-id'] ??= randomUUID()
      const requestId = String(request.headers['x-request-id'])
      const startedAt = Date.now()
      const events: SpanEvent[] = []
      underWay.set(requestId, events)
      response.once('close', () => {
        underWay.delete(requestId)
        const about = { request, response, startedAt, endedAt: Date.now(), requestId }
        metrics.countRequest(labelsOf(about), (about.endedAt - startedAt) / 1_000)
        sendSpans(spanOf(about, events))
      })
      next()
    },
    onEvent(event) {
      metrics.countEvent(event)
      const events = underWay.get(event.requestId)
      if (events) events.push(spanEventOf(event))
      else sendSpans(spanOfEvent(event))
    },
    metrics(_request, response) {
      response.type('text/plain; version=0.0.4').send(metrics.text())
    },
  }
}

interface Watched {
  readonly request: Request
  readonly response: Response
  readonly startedAt: number
  readonly endedAt: number
  readonly requestId: string
}

const endpoints = ['Users', 'Groups', 'Bulk', 'Me', '.search', 'Schemas', 'ResourceTypes']

/** Each label has few values: an id would make a time series for each person. */
function labelsOf({ request, response }: Watched) {
  const segment = request.path.split('/')[1] ?? ''
  return {
    method: request.method,
    endpoint: endpoints.find((name) => name === segment) ?? 'other',
    // As web servers log it if the client disconnected before the answer.
    status: response.writableEnded ? response.statusCode : 499,
  }
}

function spanOf(watched: Watched, events: readonly SpanEvent[]): Span {
  const { method, endpoint, status } = labelsOf(watched)
  const { request, requestId, startedAt, endedAt } = watched
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(
    String(request.headers['traceparent'] ?? ''),
  )
  return {
    traceId: parent?.[1] ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    ...(parent?.[2] && { parentSpanId: parent[2] }),
    name: `${method} ${endpoint}`,
    kind: 'server',
    startedAt,
    endedAt,
    isError: status >= 500,
    attributes: {
      'http.request.method': method,
      'http.response.status_code': status,
      'url.path': request.path,
      'scim.request_id': requestId,
    },
    events,
  }
}

/** An event outside of requests, e.g. access that the reconciler has given. */
function spanOfEvent(event: AuditEntry): Span {
  const at = Date.parse(event.at)
  return {
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: event.event,
    kind: 'internal',
    startedAt: at,
    endedAt: at,
    isError: event.outcome === 'failed',
    attributes: { ...spanEventOf(event).attributes },
    events: [],
  }
}
